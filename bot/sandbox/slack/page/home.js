/** The app's Home tab of the acting person. Opening it tells the bot, which answers with what to show. */

import { drawBlocks } from "./blocks.js";
import { h, swap } from "./dom.js";
import { call } from "./server.js";

export class Home {
  #workspace;
  #element;
  #opened = null;
  #mark = "";

  constructor(element, workspace) {
    [this.#element, this.#workspace] = [element, workspace];
  }

  draw(isOpen) {
    const { me } = this.#workspace;
    this.#element.hidden = !isOpen;
    if (!isOpen) {
      this.#opened = null;
      return;
    }
    if (this.#opened !== me.id) this.#open(me.id);
    this.#fill();
  }

  async #open(user) {
    this.#opened = user;
    this.#workspace.report(await call("home", { user }));
  }

  #fill() {
    const { home, me, bot } = this.#workspace;
    const mark = JSON.stringify([home, me]);
    if (mark === this.#mark) return;
    this.#mark = mark;
    const inside = home
      ? this.#view(home)
      : h("div", { class: "home-empty" }, `${bot.name} has not published a Home tab for you yet.`);
    if (this.#element.firstElementChild) swap(this.#element.firstElementChild, inside);
    else this.#element.append(inside);
  }

  #view({ view_id: id, view }) {
    const surface = this.#workspace.surface(id, { view_id: id });
    return h("div", { class: "home-view", tabindex: -1 }, drawBlocks(view.blocks, surface));
  }
}
