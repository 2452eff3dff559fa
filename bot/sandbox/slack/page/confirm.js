/** The confirmation dialog of an element: a question with two answers, asked before anything is sent. */

import { h } from "./dom.js";
import { textObject } from "./mrkdwn.js";

/** Ask; resolves to whether the person agreed. Escape means no. */
export function confirmed(control, spec, workspace) {
  const words = (object, otherwise) => (object ? textObject(object, workspace) : otherwise);
  return new Promise((resolve) => {
    const yes = h(
      "button",
      { type: "submit", value: "yes", class: `button ${spec.style === "danger" ? "danger" : "primary"}` },
      words(spec.confirm, "Yes"),
    );
    const dialog = h(
      "dialog",
      { class: "confirm", role: "alertdialog", "aria-labelledby": "confirm-title", "aria-describedby": "confirm-text" },
      h(
        "form",
        { method: "dialog" },
        h("h2", { id: "confirm-title" }, words(spec.title, "Are you sure?")),
        h("div", { id: "confirm-text", class: "confirm-text" }, words(spec.text, "")),
        h(
          "div",
          { class: "dialog-foot" },
          h("button", { type: "submit", value: "no", class: "button" }, words(spec.deny, "Cancel")),
          yes,
        ),
      ),
    );
    dialog.addEventListener("close", () => {
      dialog.remove();
      control?.focus?.({ preventScroll: true });
      resolve(dialog.returnValue === "yes");
    });
    (control?.closest("dialog") ?? document.body).append(dialog);
    dialog.showModal();
    yes.focus();
  });
}
