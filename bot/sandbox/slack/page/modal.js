/**
 * Modals: the stack of views a bot opened for the acting person, as one native dialog that shows the view on top.
 * Values survive updates of a view; problems the bot or Slack's own rules found stand beside their fields.
 */

import { drawBlocks } from "./blocks.js";
import { h } from "./dom.js";
import { problem } from "./fields.js";
import { icon } from "./icons.js";
import { plain } from "./mrkdwn.js";
import { call } from "./server.js";
import { entryKey, initialValue } from "./slot.js";

export class ModalHost {
  #workspace;
  #dialog = h("dialog", { class: "modal", "aria-labelledby": "modal-title" });
  #shown = "";
  #viewId = null;
  #dismissed = new Set();
  #errors = new Map();
  #opener = null;

  constructor(workspace) {
    this.#workspace = workspace;
    this.#dialog.addEventListener("cancel", (event) => {
      event.preventDefault();
      this.#close();
    });
    document.body.append(this.#dialog);
  }

  draw() {
    const stack = this.#workspace.views().filter(({ view_id: id }) => !this.#dismissed.has(id));
    const top = stack.at(-1);
    const mark = JSON.stringify([top, stack.length, this.#workspace.me?.id]);
    if (mark === this.#shown) return;
    this.#shown = mark;
    if (top) this.#show(top, stack.length);
    else if (this.#dialog.open) this.#leave();
  }

  #show({ view_id: id, view }, depth) {
    const isSame = this.#viewId === id;
    const focused =
      isSame && this.#dialog.contains(document.activeElement)
        ? document.activeElement.id || document.activeElement.dataset.press
        : null;
    this.#viewId = id;
    this.#dialog.replaceChildren(this.#form(id, view, depth));
    if (!this.#dialog.open) {
      this.#opener = document.activeElement?.dataset?.press;
      this.#dialog.showModal();
    }
    const again =
      focused &&
      [...this.#dialog.querySelectorAll("[id], [data-press]")].find(
        (one) => one.id === focused || one.dataset.press === focused,
      );
    (again ?? firstField(this.#dialog)).focus();
  }

  /** Closed: the focus goes back to where the modal was opened from, even if that was drawn anew since. */
  #leave() {
    this.#dialog.close();
    this.#viewId = null;
    const back = [...document.querySelectorAll("[data-press]")].find(
      (control) => control.dataset.press === this.#opener,
    );
    (back ?? document.querySelector(".composer-box"))?.focus({ preventScroll: true });
  }

  #form(id, view, depth) {
    const surface = this.#workspace.surface(
      id,
      { view_id: id },
      { errors: this.#errors.get(id), touched: (block) => this.#forget(id, block) },
    );
    const submit = view.submit
      ? h(
          "button",
          { type: "submit", class: "button primary", "data-press": `submit ${id}` },
          h("span", {}, plain(view.submit.text)),
        )
      : null;
    const close = h(
      "button",
      { type: "button", class: "button", click: () => this.#close() },
      plain(view.close?.text ?? (view.submit ? "Cancel" : "Close")),
    );
    const back =
      depth > 1
        ? h(
            "button",
            { type: "button", class: "icon-button", "aria-label": "Back", click: () => this.#close() },
            icon("back"),
          )
        : null;
    const send = (event) => {
      event.preventDefault();
      this.#submit(id, view, surface, submit);
    };
    return h(
      "form",
      { novalidate: true, submit: send },
      h(
        "header",
        { class: "dialog-head" },
        back,
        h("h2", { id: "modal-title", tabindex: -1 }, plain(view.title?.text ?? "")),
        h(
          "button",
          { type: "button", class: "icon-button", "aria-label": "Close", click: () => this.#closeAll() },
          icon("close"),
        ),
      ),
      h("div", { class: "dialog-body" }, drawBlocks(view.blocks, surface)),
      h("footer", { class: "dialog-foot" }, close, submit),
    );
  }

  #forget(id, block) {
    if (!this.#errors.get(id)?.[block]) return;
    delete this.#errors.get(id)[block];
    const field = this.#dialog.querySelector(`[data-block="${CSS.escape(block)}"]`);
    field.querySelector(".input-error").textContent = "";
    field.querySelector("[aria-invalid]")?.removeAttribute("aria-invalid");
  }

  async #submit(id, view, surface, button) {
    if (!button || button.hasAttribute("data-busy")) return;
    const values = valuesOf(view, surface);
    const wrong = problems(view, values);
    if (Object.keys(wrong).length) return this.#complain(id, wrong);
    button.toggleAttribute("data-busy", true);
    button.setAttribute("aria-disabled", "true");
    const answer = await call("submit", { user: this.#workspace.me.id, view_id: id, values });
    button.toggleAttribute("data-busy", false);
    button.removeAttribute("aria-disabled");
    if (this.#workspace.report(answer) && answer.errors) this.#complain(id, answer.errors);
    return undefined;
  }

  /** Draw the view again with what is wrong, and go to the first field concerned. */
  #complain(id, errors) {
    this.#errors.set(id, { ...errors });
    this.#shown = "";
    this.draw();
    const [wrong] = this.#dialog.querySelectorAll("[aria-invalid]:is(input, textarea, button), [aria-invalid] input");
    wrong?.focus();
  }

  #close() {
    const views = this.#workspace.views().filter(({ view_id: id }) => !this.#dismissed.has(id));
    if (views.length) this.#dismiss(views.at(-1).view_id);
  }

  /** From the top down: the server lets a person close only what lies on top. */
  async #closeAll() {
    for (const { view_id: id } of this.#workspace.views().toReversed()) await this.#dismiss(id);
  }

  /** Gone at once for the person; the server hears of it, and tells the bot if it asked to be told. */
  #dismiss(id) {
    this.#dismissed.add(id);
    this.draw();
    return call("close", { user: this.#workspace.me.id, view_id: id });
  }
}

const inputsOf = (view) => (view.blocks ?? []).filter(({ type }) => type === "input");

/** What a modal sends: one value per input block, those never touched as they were offered. */
function valuesOf(view, surface) {
  const entered = inputsOf(view).map((block) => {
    const key = entryKey(block, block.element);
    return [block.block_id, surface.entries.has(key) ? surface.entries.get(key) : initialValue(block.element)];
  });
  return Object.fromEntries(entered.filter(([, value]) => value !== undefined));
}

function problems(view, values) {
  const found = inputsOf(view).map((block) => [
    block.block_id,
    problem(block.element, values[block.block_id], block.optional),
  ]);
  return Object.fromEntries(found.filter(([, words]) => words));
}

function firstField(dialog) {
  const body = dialog.querySelector(".dialog-body");
  return (
    body.querySelector("[autofocus], input:not([type=hidden]), textarea, select, .block-input button") ??
    dialog.querySelector("h2")
  );
}
