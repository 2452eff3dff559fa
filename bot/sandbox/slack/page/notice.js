/** Short notices at the edge of the page. They lie above open dialogs and go away by themselves. */

import { h } from "./dom.js";

const SHOWN_MS = 9000;

/** Where notices appear, and the function that shows one. */
export function noticeBoard() {
  const board = h("div", { class: "notices", popover: "manual", role: "status", "aria-live": "polite" });
  document.body.append(board);
  return ({ title, text, kind = "info" }) => {
    const remove = () => {
      notice.remove();
      if (!board.childElementCount && board.matches(":popover-open")) board.hidePopover();
    };
    const notice = h("div", { class: `notice notice-${kind}` },
      h("div", {}, h("strong", {}, title), text ? h("div", { class: "notice-text" }, text) : null),
      h("button", { type: "button", class: "icon-button", "aria-label": "Dismiss", click: remove }, "✕"));
    board.append(notice);
    // Shown anew, so that it comes to lie above a dialog that opened since.
    if (board.matches(":popover-open")) board.hidePopover();
    board.showPopover();
    setTimeout(remove, SHOWN_MS);
  };
}
