/**
 * Building elements. Everything the page shows passes through `h`, which only ever makes text nodes out of
 * strings, so nothing a bot or a person wrote can become markup. Addresses are let through by `safeUrl` alone.
 */

const SVG = "http://www.w3.org/2000/svg";

/** Make an element: functions become event listeners, other properties attributes, strings text. */
export function h(tag, properties = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (value === undefined || value === null || value === false) continue;
    if (typeof value === "function") element.addEventListener(name, value);
    else element.setAttribute(name, value === true ? "" : String(value));
  }
  element.append(...content(children));
  return element;
}

/** Flatten nested lists of nodes and strings, leaving out what is absent. */
export function content(children) {
  return children.flat(Infinity).filter((child) => child !== undefined && child !== null && child !== false);
}

/** Make a drawing from `[tag, attributes]` shapes on a 24 by 24 grid. */
export function svg(shapes, properties = {}) {
  const element = document.createElementNS(SVG, "svg");
  const all = { viewBox: "0 0 24 24", "aria-hidden": "true", ...properties };
  for (const [name, value] of Object.entries(all)) element.setAttribute(name, value);
  for (const [tag, attributes] of shapes) {
    const shape = document.createElementNS(SVG, tag);
    for (const [name, value] of Object.entries(attributes)) shape.setAttribute(name, value);
    element.append(shape);
  }
  return element;
}

/** The address if it is one a person may follow, else null: no `javascript:`, no `data:`. */
export function safeUrl(text) {
  try {
    const url = new URL(text, location.href);
    return ["http:", "https:", "mailto:"].includes(url.protocol) ? url.href : null;
  } catch {
    return null;
  }
}

/** A link that opens elsewhere; just its words where the address is not safe. */
export function link(url, ...children) {
  const href = safeUrl(url);
  if (href === null) return h("span", {}, ...children);
  return h("a", { href, target: "_blank", rel: "noopener noreferrer" }, ...children);
}

/** Whether the page may load this picture: only what its own server holds. */
export function isOwn(url) {
  const href = safeUrl(url);
  return href !== null && new URL(href).origin === location.origin;
}

/**
 * Make `container` hold one element per item, in order. An element is rebuilt only when its signature
 * changed, so that focus, selection and scroll survive everything else that happens.
 */
export function reconcile(container, items, { key, signature, build }) {
  const old = new Map([...container.children].map((child) => [child.dataset.key, child]));
  let place = container.firstElementChild;
  for (const item of items) {
    const [name, mark] = [key(item), signature(item)];
    let element = old.get(name);
    if (element?.signature !== mark) {
      const fresh = build(item);
      fresh.dataset.key = name;
      fresh.signature = mark;
      if (element) {
        if (place === element) place = fresh;
        swap(element, fresh);
      }
      element = fresh;
    }
    old.delete(name);
    if (place === element) place = element.nextElementSibling;
    else container.insertBefore(element, place);
  }
  for (const gone of old.values()) gone.remove();
}

/** Replace an element, and put the focus back on the control that had it. */
export function swap(old, fresh) {
  const had = old.contains(document.activeElement) ? document.activeElement : null;
  const name = had?.dataset.press;
  old.replaceWith(fresh);
  if (!had) return;
  const again = [...fresh.querySelectorAll("[data-press]")].find((control) => control.dataset.press === name);
  (again ?? fresh).focus({ preventScroll: true });
}
