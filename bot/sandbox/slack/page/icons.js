/** The page's own line drawings, on a 24 by 24 grid. */

import { h, svg } from "./dom.js";
import { pictures } from "./emoji.js";

const LINES = {
  menu: "M4 6h16M4 12h16M4 18h16",
  close: "M6 6l12 12M18 6L6 18",
  send: "M4 20l17-8L4 4l2.5 8zM6.5 12H13",
  sun: "M12 8a4 4 0 100 8 4 4 0 000-8zM12 2v2M12 20v2M4.9 4.9l1.4 1.4M17.7 17.7l1.4 1.4M2 12h2M20 12h2M4.9 19.1l1.4-1.4M17.7 6.3l1.4-1.4",
  moon: "M20 14.5A8.5 8.5 0 019.5 4 8.5 8.5 0 1020 14.5z",
  eye: "M2 12s3.6-7 10-7 10 7 10 7-3.6 7-10 7S2 12 2 12zm10-3a3 3 0 100 6 3 3 0 000-6z",
  chevron: "M8 10l4 4 4-4",
  spark: "M13 2L5 14h6l-1 8 8-12h-6z",
  info: "M12 3a9 9 0 100 18 9 9 0 000-18zm0 4.5v.2m0 3.3v5.5",
  success: "M12 3a9 9 0 100 18 9 9 0 000-18zm-4 9.5l2.8 2.8L16 9.5",
  warning: "M12 3.5L22 20.5H2zm0 6v5m0 3v.2",
  file: "M6 2h8l5 5v15H6zM14 2v5h5",
  back: "M15 5l-7 7 7 7",
};

export function icon(name) {
  const shape = [
    "path",
    {
      d: LINES[name],
      fill: "none",
      stroke: "currentColor",
      "stroke-width": 2,
      "stroke-linecap": "round",
      "stroke-linejoin": "round",
    },
  ];
  return svg([shape], { class: "icon" });
}

/** A life ring: the app's picture. */
const RING = [
  ["rect", { width: 24, height: 24, fill: "#0f5c63" }],
  ["circle", { cx: 12, cy: 12, r: 6.2, fill: "none", stroke: "#fff", "stroke-width": 4.4 }],
  [
    "circle",
    {
      cx: 12,
      cy: 12,
      r: 6.2,
      fill: "none",
      stroke: "#f2683c",
      "stroke-width": 4.4,
      "stroke-dasharray": "4.87 4.87",
      "stroke-dashoffset": 2.43,
    },
  ],
];

const SHADES = 8;

/** A person's initials, or the app's picture. */
export function avatar(name, isBot, size = "") {
  if (isBot) return h("span", { class: `avatar ${size}`, "aria-hidden": "true" }, svg(RING));
  const shade = [...name].reduce((sum, letter) => sum + letter.codePointAt(0), 0) % SHADES;
  const initials = name
    .split(/\s+/)
    .map((word) => word[0] ?? "")
    .slice(0, 2)
    .join("")
    .toUpperCase();
  return h("span", { class: `avatar shade-${shade} ${size}`, "aria-hidden": "true" }, pictures(initials));
}
