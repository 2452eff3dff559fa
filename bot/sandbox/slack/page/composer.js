/**
 * The composer: slash commands with suggestions, one draft per channel. Enter sends, Shift+Enter breaks the line, Tab
 * completes, arrow up in an empty box brings back what was sent last. People of the sandbox say nothing but commands.
 */

import { h } from "./dom.js";
import { icon } from "./icons.js";
import { plain } from "./mrkdwn.js";
import { call } from "./server.js";

export class Composer {
  element;
  #workspace;
  #onsend;
  #box;
  #list;
  #send;
  #drafts = new Map();
  #channel = null;
  #chosen = 0;
  #last = "";

  /** `onsend` is called when a command is on its way. */
  constructor(workspace, onsend) {
    [this.#workspace, this.#onsend] = [workspace, onsend];
    this.#box = h("textarea", {
      rows: 1,
      class: "composer-box",
      role: "combobox",
      "aria-autocomplete": "list",
      "aria-expanded": "false",
      "aria-controls": "suggestions",
      autocomplete: "off",
      spellcheck: "false",
      input: () => this.#typed(),
      keydown: (event) => this.#key(event),
      blur: () => this.#hide(),
      focus: () => this.#suggest(),
    });
    this.#list = h("div", {
      class: "suggestions",
      id: "suggestions",
      role: "listbox",
      "aria-label": "Commands",
      hidden: true,
    });
    this.#send = h("button", { type: "submit", class: "send", "aria-label": "Send", disabled: true }, icon("send"));
    const submit = (event) => {
      event.preventDefault();
      this.#submit();
    };
    this.element = h(
      "form",
      { class: "composer", submit },
      this.#list,
      h("div", { class: "composer-frame" }, this.#box, this.#send),
      h("div", { class: "composer-help" }, h("kbd", {}, "Enter"), " to send, ", h("kbd", {}, "/"), " for commands"),
    );
  }

  /** Show the draft of a channel. */
  draw(channel) {
    const key = `${this.#workspace.me?.id} ${channel.id}`;
    if (this.#channel?.key === key) return;
    this.#channel = { ...channel, key };
    const name = this.#workspace.titleOf(channel);
    this.#box.setAttribute("aria-label", `Message ${name}`);
    this.#box.placeholder = `Message ${name}: type / for commands`;
    this.#put(this.#drafts.get(key) ?? "");
    this.#hide();
  }

  /** Put words into the box, ready to be sent. */
  write(text) {
    this.#put(text);
    this.#box.focus();
    this.#box.setSelectionRange(text.length, text.length);
    this.#suggest();
  }

  #put(text) {
    this.#box.value = text;
    this.#drafts.set(this.#channel.key, text);
    this.#send.disabled = !text.trim();
    this.#box.style.height = "auto";
    this.#box.style.height = `${this.#box.scrollHeight}px`;
  }

  #typed() {
    this.#put(this.#box.value);
    this.#chosen = 0;
    this.#suggest();
  }

  /** The commands that begin like the first word; once it is whole, that command alone, as a reminder of its words. */
  #matches() {
    const [word] = this.#box.value.split(/\s/, 1);
    if (!word?.startsWith("/")) return [];
    const commands = this.#workspace.about.commands ?? [];
    if (/\s/.test(this.#box.value)) return commands.filter(({ command }) => command === word);
    return commands.filter(({ command }) => command.startsWith(word.toLowerCase()));
  }

  #isComplete() {
    return this.#matches().some(({ command }) => command === this.#box.value.split(/\s/, 1)[0]);
  }

  #suggest() {
    const matches = this.#matches();
    if (!matches.length || document.activeElement !== this.#box) return this.#hide();
    const isChosen = (index) => !this.#isComplete() && index === this.#chosen;
    this.#list.replaceChildren(
      ...matches.map(({ command, description, usage_hint: hint }, index) =>
        h(
          "div",
          {
            class: "suggestion",
            role: "option",
            id: `suggestion-${index}`,
            "aria-selected": String(isChosen(index)),
            pointerdown: (event) => event.preventDefault(),
            click: () => this.write(`${command} `),
          },
          h("div", {}, h("strong", {}, command), " ", h("span", { class: "usage" }, hint ?? "")),
          h("div", { class: "suggestion-note" }, plain(description ?? "")),
        ),
      ),
    );
    this.#list.hidden = false;
    this.#box.setAttribute("aria-expanded", "true");
    if (this.#isComplete()) this.#box.removeAttribute("aria-activedescendant");
    else this.#box.setAttribute("aria-activedescendant", `suggestion-${this.#chosen}`);
    return undefined;
  }

  #hide() {
    this.#list.hidden = true;
    this.#box.setAttribute("aria-expanded", "false");
    this.#box.removeAttribute("aria-activedescendant");
  }

  #key(event) {
    const matches = this.#list.hidden ? [] : this.#matches();
    const isChoosing = matches.length > 0 && !this.#isComplete();
    if (event.isComposing) return;
    if (isChoosing && (event.key === "Tab" || event.key === "Enter") && !event.shiftKey) {
      this.write(`${matches[this.#chosen].command} `);
    } else if (isChoosing && (event.key === "ArrowDown" || event.key === "ArrowUp")) {
      this.#chosen = (this.#chosen + (event.key === "ArrowDown" ? 1 : -1) + matches.length) % matches.length;
      this.#suggest();
    } else if (event.key === "ArrowUp" && !this.#box.value && this.#last) {
      this.write(this.#last);
    } else if (event.key === "Escape" && matches.length) {
      this.#hide();
      event.stopPropagation();
    } else if (event.key === "Enter" && !event.shiftKey) {
      this.#submit();
    } else {
      return;
    }
    event.preventDefault();
  }

  async #submit() {
    const text = this.#box.value.trim();
    if (!text) return;
    const [, command, rest] = /^(\S+)\s*([\s\S]*)$/.exec(text);
    if (!command.startsWith("/")) {
      this.#workspace.notify({
        title: "Only commands are heard here",
        text: "Begin with / to see what the app understands.",
      });
      return;
    }
    const sentIn = this.#channel;
    this.#last = text;
    this.#put("");
    this.#hide();
    this.#onsend();
    this.#send.toggleAttribute("data-busy", true);
    const answer = await call("slash", { user: this.#workspace.me.id, channel: sentIn.id, command, text: rest });
    this.#send.toggleAttribute("data-busy", false);
    const isBoxFree = this.#channel.key === sentIn.key && !this.#box.value;
    if (!this.#workspace.report(answer) && isBoxFree) this.#put(text);
  }
}
