/**
 * A list that opens from a button: select menus, multi-selects and overflow menus. Keyboard as in a native
 * list: arrows, Home, End, first letters, Enter or space to choose, Escape to leave without choosing.
 */

import { h } from "./dom.js";

const FILTER_FROM = 9;

/**
 * Open the list at `anchor`. `groups` is `[{label?, options: [{value, label, note?, url?}]}]`, labels being nodes.
 * One choice: `onpick(value)` and close. `many`: choices toggle, `most` of them, and `onpick(values)` when the list closes.
 */
export function openMenu(anchor, { name, groups, chosen = [], many = false, most = Infinity, isMenu = false, onpick }) {
  const picked = new Set(chosen);
  const list = h("div", {
    class: "menu-list",
    role: isMenu ? "menu" : "listbox",
    "aria-label": name,
    "aria-multiselectable": many && "true",
  });
  const menu = h("div", { class: "menu", popover: "auto" }, list);
  const done = (value) => {
    menu.hidePopover();
    if (!many) onpick(value);
  };
  const choose = (option) => {
    if (!many) return done(option.dataset.value);
    const value = option.dataset.value;
    if (!picked.has(value) && picked.size >= most) return undefined;
    picked[picked.has(value) ? "delete" : "add"](value);
    option.setAttribute("aria-selected", String(picked.has(value)));
    return undefined;
  };
  list.append(...groups.flatMap((group) => drawGroup(group, picked, isMenu, choose)));
  if (list.querySelectorAll("[data-value]").length >= FILTER_FROM) menu.prepend(filterBox(list));
  if (!list.childElementCount) list.append(h("div", { class: "menu-empty" }, "Nothing to choose from"));
  show(menu, anchor, () => many && onpick([...picked]));
  list.addEventListener("keydown", (event) => moveByKey(event, list, choose));
}

function drawGroup({ label, options }, picked, isMenu, choose) {
  const drawn = options.map((option) => {
    const element = h(
      "div",
      {
        class: "menu-option",
        role: isMenu ? "menuitem" : "option",
        tabindex: -1,
        "data-value": option.value,
        "aria-selected": isMenu ? null : String(picked.has(option.value)),
        click: () => choose(element),
      },
      h("span", {}, option.label),
      option.note ? h("span", { class: "menu-note" }, option.note) : null,
    );
    return element;
  });
  return label ? [h("div", { class: "menu-group", role: "presentation" }, label), ...drawn] : drawn;
}

function filterBox(list) {
  const narrow = ({ target }) => {
    for (const option of list.querySelectorAll("[data-value]")) {
      option.hidden = !option.textContent.toLowerCase().includes(target.value.toLowerCase());
    }
  };
  return h("input", {
    class: "menu-filter",
    type: "search",
    placeholder: "Filter",
    "aria-label": "Filter the list",
    input: narrow,
    keydown: (event) => event.key === "ArrowDown" && visible(list)[0]?.focus(),
  });
}

const visible = (list) => [...list.querySelectorAll("[data-value]")].filter((option) => !option.hidden);

function moveByKey(event, list, choose) {
  const options = visible(list);
  const at = options.indexOf(document.activeElement);
  const next = { ArrowDown: at + 1, ArrowUp: at - 1, Home: 0, End: options.length - 1 }[event.key];
  if (next !== undefined) {
    options[(next + options.length) % options.length]?.focus();
  } else if ((event.key === "Enter" || event.key === " ") && at >= 0) {
    choose(options[at]);
  } else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey) {
    const later = [...options.slice(at + 1), ...options];
    later.find((option) => option.textContent.trim().toLowerCase().startsWith(event.key.toLowerCase()))?.focus();
  } else {
    return;
  }
  event.preventDefault();
}

/** Show a popover at its anchor; when it closes it is gone and the anchor has the focus again. */
export function show(menu, anchor, onclose = () => {}) {
  // Inside an open dialog everything outside of it is inert, so the list has to live in there too.
  (anchor.closest("dialog") ?? document.body).append(menu);
  anchor.setAttribute("aria-expanded", "true");
  menu.addEventListener("toggle", ({ newState }) => {
    if (newState === "open") return;
    const inside = menu.contains(document.activeElement) || document.activeElement === document.body;
    menu.remove();
    anchor.setAttribute("aria-expanded", "false");
    if (inside) anchor.focus({ preventScroll: true });
    onclose();
  });
  menu.showPopover();
  place(menu, anchor);
  const first =
    menu.querySelector("input, [aria-selected=true], [aria-checked=true]") ?? menu.querySelector("[tabindex], button");
  first?.focus({ preventScroll: true });
}

function place(menu, anchor) {
  const [edge, box, size] = [8, anchor.getBoundingClientRect(), menu.getBoundingClientRect()];
  const fitsBelow = box.bottom + size.height + edge <= innerHeight;
  const top = fitsBelow ? box.bottom + 4 : Math.max(edge, box.top - size.height - 4);
  menu.style.top = `${Math.min(top, innerHeight - size.height - edge)}px`;
  menu.style.left = `${Math.max(edge, Math.min(box.left, innerWidth - size.width - edge))}px`;
  menu.style.minWidth = `${Math.min(box.width, innerWidth - 2 * edge)}px`;
}
