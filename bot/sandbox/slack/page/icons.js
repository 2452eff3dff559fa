/** The page's own line drawings, on a 24 by 24 grid. */

import { h, svg } from "./dom.js";
import { pictures } from "./emoji.js";

const LINES = {
  menu: "M4 6h16M4 12h16M4 18h16",
  close: "M6 6l12 12M18 6L6 18",
  send: "M4 20l17-8L4 4l2.500 8zM6.500 12H13",
  sun: "M12 8a4 4 0 100 8 4 4 0 000-8zM12 2v2M12 20v2M4.900 4.900l1.400 1.400M17.700 17.700l1.400 1.400M2 12h2M20 12h2M4.900 19.100l1.400-1.400M17.700 6.300l1.400-1.400",
  moon: "M20 14.500A8.500 8.500 0 019.500 4 8.500 8.500 0 1020 14.500z",
  eye: "M2 12s3.600-7 10-7 10 7 10 7-3.600 7-10 7S2 12 2 12zm10-3a3 3 0 100 6 3 3 0 000-6z",
  chevron: "M8 10l4 4 4-4",
  spark: "M13 2L5 14h6l-1 8 8-12h-6z",
  file: "M6 2h8l5 5v15H6zM14 2v5h5",
  back: "M15 5l-7 7 7 7",
};

export function icon(name) {
  const shape = ["path", { d: LINES[name], fill: "none", stroke: "currentColor", "stroke-width": 2, "stroke-linecap": "round", "stroke-linejoin": "round" }];
  return svg([shape], { class: "icon" });
}

/** A life ring: the app's picture. */
const RING = [["rect", { width: 24, height: 24, fill: "#0f5c63" }], ["circle", { cx: 12, cy: 12, r: 6.2, fill: "none", stroke: "#fff", "stroke-width": 4.4 }],
  ["circle", { cx: 12, cy: 12, r: 6.2, fill: "none", stroke: "#f2683c", "stroke-width": 4.4, "stroke-dasharray": "4.87 4.87", "stroke-dashoffset": 2.43 }]];

const SHADES = 8;

/** A person's initials, or the app's picture. */
export function avatar(name, isBot, size = "") {
  if (isBot) return h("span", { class: `avatar ${size}`, "aria-hidden": "true" }, svg(RING));
  const shade = [...name].reduce((sum, letter) => sum + letter.codePointAt(0), 0) % SHADES;
  const initials = name.split(/\s+/).map((word) => word[0] ?? "").slice(0, 2).join("").toUpperCase();
  return h("span", { class: `avatar shade-${shade} ${size}`, "aria-hidden": "true" }, pictures(initials));
}
