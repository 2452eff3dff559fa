/** The sidebar: workspace, channels, direct messages, the app, who acts, and the page's own switches. */

import { h, swap } from "./dom.js";
import { avatar, icon } from "./icons.js";
import { openMenu } from "./menu.js";
import { go, readPlace } from "./place.js";
import { call } from "./server.js";

const NOTHING = { isNews: false, calls: 0 };

export class Sidebar {
  #workspace;
  #onmove;
  #element;
  #mark = "";

  /** `onmove` is called after a choice, so that the sidebar can get out of the way on a phone. */
  constructor(element, workspace, onmove) {
    [this.#element, this.#workspace, this.#onmove] = [element, workspace, onmove];
  }

  draw() {
    const workspace = this.#workspace;
    const unread = [...workspace.channels(), ...workspace.directs()].map((channel) => [
      channel.id,
      channel.name,
      workspace.unread(channel),
    ]);
    const mark = JSON.stringify([
      readPlace(),
      workspace.me,
      workspace.people,
      unread,
      workspace.about,
      workspace.channel?.id,
      document.documentElement.dataset.theme,
    ]);
    if (mark === this.#mark) return;
    this.#mark = mark;
    const inside = h("div", { class: "sidebar-inside" }, this.#head(), this.#switcher(), this.#places(), this.#foot());
    if (this.#element.firstElementChild) swap(this.#element.firstElementChild, inside);
    else this.#element.append(inside);
  }

  #head() {
    const team = this.#workspace.about.team;
    return h(
      "div",
      { class: "team" },
      h("span", { class: "team-name" }, (team?.name ?? team) || "Sandbox"),
      h("span", { class: "team-note" }, "not Slack: a local sandbox"),
    );
  }

  #places() {
    const workspace = this.#workspace;
    const { bot } = workspace;
    const home = this.#item("home", bot.name, avatar(bot.name, true, "tiny"), Boolean(readPlace().home), () =>
      go({ home: "1" }),
    );
    return h(
      "nav",
      { class: "places", "aria-label": "Channels and apps" },
      this.#section(
        "Channels",
        workspace.channels().map((channel) => this.#channel(channel)),
      ),
      this.#section(
        "Direct messages",
        workspace.directs().map((channel) => this.#channel(channel)),
      ),
      this.#section("Apps", [home]),
    );
  }

  #section(title, items) {
    return items.length
      ? h(
          "div",
          { class: "section-list" },
          h("h2", {}, title),
          h(
            "ul",
            {},
            items.map((item) => h("li", {}, item)),
          ),
        )
      : null;
  }

  #channel(channel) {
    const workspace = this.#workspace;
    const isCurrent = !readPlace().home && workspace.channel?.id === channel.id;
    const sign = channel.isDirect
      ? avatar(workspace.bot.name, true, "tiny")
      : h("span", { class: "hash", "aria-hidden": "true" }, "#");
    const name = channel.isDirect ? workspace.bot.name : channel.name;
    return this.#item(
      channel.id,
      name,
      sign,
      isCurrent,
      () => go({ channel: channel.id, home: null }),
      isCurrent ? NOTHING : workspace.unread(channel),
    );
  }

  #item(key, name, sign, isCurrent, run, { isNews, calls } = NOTHING) {
    const move = () => {
      run();
      this.#onmove();
    };
    return h(
      "button",
      {
        type: "button",
        class: `place${isNews ? " unread" : ""}`,
        "aria-current": isCurrent ? "page" : null,
        "data-press": `place ${key}`,
        click: move,
      },
      sign,
      h("span", { class: "place-name" }, name),
      calls ? h("span", { class: "count", "aria-label": `${calls} for you` }, String(calls)) : null,
    );
  }

  #foot() {
    const accidents = this.#workspace.about.accidents ?? [];
    const breaker =
      accidents.length > 0 &&
      h(
        "button",
        {
          type: "button",
          class: "foot-button",
          "data-press": "break",
          "aria-haspopup": "menu",
          "aria-expanded": "false",
          click: () => this.#breakSomething(breaker, accidents),
        },
        icon("spark"),
        "Break something",
      );
    return h(
      "div",
      { class: "sidebar-foot" },
      breaker,
      themeButton(() => this.draw()),
    );
  }

  #switcher() {
    const { me } = this.#workspace;
    const switcher =
      me &&
      h(
        "button",
        {
          type: "button",
          class: "switcher",
          "data-press": "switcher",
          "aria-haspopup": "listbox",
          "aria-expanded": "false",
          click: () => this.#choosePerson(switcher),
        },
        avatar(me.name, false, "small"),
        h(
          "span",
          { class: "switcher-words" },
          h("span", { class: "switcher-label" }, "You are: "),
          h("strong", {}, me.name),
          h("span", { class: "switcher-note" }, ` (${aboutPerson(me).join(", ")})`),
        ),
        icon("chevron"),
      );
    return switcher;
  }

  #choosePerson(anchor) {
    const { people, me } = this.#workspace;
    const options = people.map((person) => ({
      value: person.id,
      label: person.name,
      note: aboutPerson(person).join(" · "),
    }));
    const pick = (id) => {
      const isDirect = readPlace().channel?.startsWith("D");
      go({ as: id, ...(isDirect ? { channel: null } : {}) });
      this.#onmove();
    };
    openMenu(anchor, { name: "Act as", groups: [{ label: "Act as", options }], chosen: [me.id], onpick: pick });
  }

  #breakSomething(anchor, accidents) {
    const options = accidents.map(({ id, label }) => ({ value: id, label }));
    const pick = async (id) => {
      this.#onmove();
      const answer = await call("accident", { id });
      if (answer.message) this.#workspace.notify({ title: answer.message });
      else this.#workspace.report(answer);
    };
    openMenu(anchor, {
      name: "Break something",
      groups: [{ label: "What should go wrong?", options }],
      isMenu: true,
      onpick: pick,
    });
  }
}

/** What tells people apart here: what they may do, whether they are from outside, and their zone. */
function aboutPerson({ role, is_restricted: isGuest, is_stranger: isStranger, tz }) {
  return [role, isGuest && "guest", isStranger && "from another organisation", tz].filter(Boolean);
}

const isDark = () =>
  (document.documentElement.dataset.theme ??
    (matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light")) === "dark";

function themeButton(redraw) {
  const next = isDark() ? "light" : "dark";
  const turn = () => {
    document.documentElement.dataset.theme = next;
    localStorage.setItem("theme", next);
    redraw();
  };
  return h(
    "button",
    {
      type: "button",
      class: "foot-button icon-only",
      "data-press": "theme",
      "aria-label": `Use the ${next} theme`,
      title: `Use the ${next} theme`,
      click: turn,
    },
    icon(next === "dark" ? "moon" : "sun"),
  );
}
