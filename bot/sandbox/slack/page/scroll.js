/** Keeps a list at its end while a person reads there, and offers the way down once news came below what they read. */

const NEAR_PX = 60;

export class EndKeeper {
  #list;
  #pill;

  /** `pill` is the button that leads to the end; it hides itself there. */
  constructor(list, pill = null) {
    [this.#list, this.#pill] = [list, pill];
    list.addEventListener("scroll", () => this.#isNear() && this.#showPill(false), { passive: true });
    // A picture takes its height only when it has come.
    list.addEventListener("load", ({ target }) => this.#isNear(target.offsetHeight) && this.toEnd(), true);
    pill?.addEventListener("click", () => this.toEnd());
  }

  #isNear(more = 0) {
    const { scrollHeight, scrollTop, clientHeight } = this.#list;
    return scrollHeight - scrollTop - clientHeight < NEAR_PX + more;
  }

  #showPill(isShown) {
    if (this.#pill) this.#pill.hidden = !isShown;
  }

  toEnd() {
    this.#list.scrollTop = this.#list.scrollHeight;
    this.#showPill(false);
  }

  /** Run `draw`, which fills the list. `isOther`: the list now shows something else, which is read from its end. */
  keep(draw, isOther) {
    const [isAtEnd, last] = [isOther || this.#isNear(), this.#list.lastElementChild?.dataset.key];
    draw();
    if (isAtEnd) this.toEnd();
    else if (this.#list.lastElementChild?.dataset.key !== last) this.#showPill(true);
  }
}
