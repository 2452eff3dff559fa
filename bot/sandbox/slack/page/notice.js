/** Short notices at the edge of the page. They lie above open dialogs and go away by themselves. */

import { h } from "./dom.js";
import { withCommand } from "./hints.js";

const SHOWN_MS = 9000;

/**
 * Make the place where notices appear; the answer is the function that shows one. A notice with a command to try
 * stays until it is dismissed or the command is taken, which `pick(command)` hears.
 */
export function noticeBoard(pick) {
  const board = h("div", { class: "notices", popover: "manual", role: "status", "aria-live": "polite" });
  document.body.append(board);
  return ({ title, text, kind = "info" }) => {
    const remove = () => {
      notice.remove();
      if (!board.childElementCount && board.matches(":popover-open")) board.hidePopover();
    };
    const take = (command) => {
      remove();
      pick(command);
    };
    const words = withCommand(title, take);
    const holdsCommand = words.some((word) => word instanceof HTMLButtonElement);
    const notice = h(
      "div",
      { class: `notice notice-${kind}` },
      h("div", {}, h("strong", {}, words), text ? h("div", { class: "notice-text" }, text) : null),
      h("button", { type: "button", class: "icon-button", "aria-label": "Dismiss", click: remove }, "✕"),
    );
    board.append(notice);
    // Shown anew, so that it comes to lie above a dialog that opened since.
    if (board.matches(":popover-open")) board.hidePopover();
    board.showPopover();
    if (!holdsCommand) setTimeout(remove, SHOWN_MS);
  };
}
