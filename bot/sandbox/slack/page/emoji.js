/**
 * Emoji. The ones this product speaks with are drawn here, so that a card looks the same on a machine
 * without an emoji font; any other known shortcode becomes its character, and an unknown one stays as typed.
 */

import { h, svg } from "./dom.js";

const [RED, AMBER, GREEN, BLUE, GREY, INK, PALE] = [
  "#d72638",
  "#f4b400",
  "#1f9d55",
  "#2f80d0",
  "#8a8d93",
  "#3b3d42",
  "#e8eaed",
];

const path = (d, fill) => ["path", { d, fill }];
const line = (d, stroke = "#fff", width = 2.4) => [
  "path",
  { d, stroke, fill: "none", "stroke-width": width, "stroke-linecap": "round", "stroke-linejoin": "round" },
];
const disc = (fill, r = 10) => ["circle", { cx: 12, cy: 12, r, fill }];
const tile = (fill) => ["rect", { x: 2, y: 2, width: 20, height: 20, rx: 4, fill }];
const box = (x, y, width, height, fill, rx = 1.5) => ["rect", { x, y, width, height, fill, rx }];

const TICK = "M6.5 12.5l3.8 3.8 7.2-8.2";
const CROSS = "M7 7l10 10M17 7L7 17";
const TRIANGLE = path("M12 2.5L23 21.5H1z", AMBER);
const FACE = [
  ["circle", { cx: 12, cy: 12, r: 9.5, fill: "#fff", stroke: INK, "stroke-width": 2 }],
  line("M12 6.5V12l3.6 2.4", INK, 2),
];
const GLASS = [
  path("M5 2h14v3c0 3-4 5-4 7s4 4 4 7v3H5v-3c0-3 4-5 4-7s-4-4-4-7z", "#cfe3f5"),
  path("M8 6h8c-.7 2-3 3.4-4 5-1-1.6-3.3-3-4-5zM7 20c.4-2.6 3-4 5-4s4.6 1.4 5 4z", AMBER),
  box(4, 1, 16, 2.4, "#8d5a2b"),
  box(4, 20.6, 16, 2.4, "#8d5a2b"),
];
const LOCK = [
  line("M7.5 11V8a4.5 4.5 0 019 0v3", GREY),
  box(4, 10.5, 16, 11.5, AMBER, 2.5),
  ["circle", { cx: 12, cy: 15.4, r: 1.8, fill: INK }],
  box(11.2, 16, 1.6, 3.2, INK, 0.8),
];
const DISK = [
  path("M3 3h15l3 3v15H3z", "#3c5a86"),
  box(7, 3, 9, 6, PALE, 0.5),
  box(12.6, 4, 2.2, 4, "#3c5a86", 0.3),
  box(6, 12.5, 12, 8.5, PALE, 0.8),
  line("M8 15.3h8M8 18h6", GREY, 1.2),
];
const BELL = [
  path("M12 2a6.5 6.5 0 00-6.5 6.5C5.5 14 3 15.5 3 18h18c0-2.5-2.5-4-2.5-9.5A6.5 6.5 0 0012 2z", AMBER),
  path("M9.5 19.5a2.5 2.5 0 005 0z", "#b07d00"),
];
const PERSON = [["circle", { cx: 12, cy: 8, r: 5, fill: BLUE }], path("M2.5 22c0-5.5 4-8 9.5-8s9.5 2.5 9.5 8z", BLUE)];
const PAGE = [path("M5 1.5h10l4.5 4.5v16.5H5z", PALE), line("M8 9h8M8 13h8M8 17h5", GREY, 1.5)];
const BUSY = line("M19.5 12a7.5 7.5 0 01-13.3 4.8M4.5 12a7.5 7.5 0 0113.3-4.8M18.5 3.5v4h-4M5.5 20.5v-4h4", "#fff", 2);

const DRAWN = {
  white_check_mark: [tile(GREEN), line(TICK)],
  heavy_check_mark: [line("M4 13l5.5 5.5L20.5 6", GREEN, 3.6)],
  ballot_box_with_check: [tile(BLUE), line(TICK)],
  white_large_square: [
    ["rect", { x: 3, y: 3, width: 18, height: 18, rx: 3.5, fill: "#fff", stroke: GREY, "stroke-width": 1.6 }],
  ],
  x: [line(CROSS.replaceAll("7", "5").replaceAll("17", "19"), RED, 4)],
  warning: [TRIANGLE, box(10.9, 9, 2.2, 6.5, INK, 1), ["circle", { cx: 12, cy: 18, r: 1.4, fill: INK }]],
  rotating_light: [
    path("M6 17v-5a6 6 0 0112 0v5z", RED),
    path("M9 16v-4a3 3 0 013-3", "#ff8a94"),
    box(3.5, 17, 17, 4.5, INK),
    line("M12 1v2M4 4.5l1.5 1.5M20 4.5L18.5 6M1.5 11h2M20.5 11h2", RED, 1.8),
  ],
  hourglass: GLASS,
  hourglass_flowing_sand: GLASS,
  lock: LOCK,
  closed_lock_with_key: LOCK,
  unlock: [
    line("M7.5 11V6.5a4.5 4.5 0 018.8-1.3", GREY),
    box(4, 10.5, 16, 11.5, AMBER, 2.5),
    box(11.2, 14, 1.6, 4.5, INK, 0.8),
  ],
  key: [
    ["circle", { cx: 7.5, cy: 12, r: 5, fill: "none", stroke: AMBER, "stroke-width": 3 }],
    line("M12.5 12H22v4M18 12v3", AMBER, 3),
  ],
  rewind: [tile(BLUE), path("M12 7v10l-7-5zM19 7v10l-7-5z", "#fff")],
  fast_forward: [tile(BLUE), path("M12 7v10l7-5zM5 7v10l7-5z", "#fff")],
  leftwards_arrow_with_hook: [tile(BLUE), line("M9 6L5.5 9.5 9 13M6 9.5h8.5a4 4 0 010 8H9", "#fff", 2.2)],
  arrow_right: [tile(BLUE), line("M6 12h12M13 7l5 5-5 5")],
  arrows_counterclockwise: [tile(BLUE), BUSY],
  repeat: [tile(BLUE), BUSY],
  twisted_rightwards_arrows: [
    tile(BLUE),
    line(
      "M5 8h3c4 0 4 8 8 8h3M5 16h3c1.6 0 2.5-1.2 3.3-2.6M12.7 10.6C13.5 9.2 14.4 8 16 8h3M17 5.5L19.5 8 17 10.5M17 13.5l2.5 2.5-2.5 2.5",
      "#fff",
      1.8,
    ),
  ],
  floppy_disk: DISK,
  package: [
    path("M2 7l10-5 10 5v11l-10 5-10-5z", "#c58b50"),
    path("M2 7l10 5 10-5-10-5z", "#dba96f"),
    path("M7 4.5l10 5V14l3-1.5V8l-10-5z", "#f3dcc0"),
  ],
  information_source: [
    tile(BLUE),
    ["circle", { cx: 12, cy: 7, r: 1.5, fill: "#fff" }],
    box(10.8, 10, 2.4, 8, "#fff", 1),
  ],
  question: [line("M8 8a4 4 0 118 .5c0 3-4 2.8-4 6", RED, 3), ["circle", { cx: 12, cy: 19.5, r: 1.8, fill: RED }]],
  grey_question: [
    line("M8 8a4 4 0 118 .5c0 3-4 2.8-4 6", GREY, 3),
    ["circle", { cx: 12, cy: 19.5, r: 1.8, fill: GREY }],
  ],
  exclamation: [box(10.4, 3, 3.2, 12, RED, 1.6), ["circle", { cx: 12, cy: 19.5, r: 1.9, fill: RED }]],
  bulb: [
    path("M12 1.5a7 7 0 00-4 12.7V17h8v-2.8a7 7 0 00-4-12.7z", AMBER),
    box(8, 18, 8, 1.8, GREY),
    box(9, 20.6, 6, 1.8, GREY),
  ],
  clock1: FACE,
  clock3: FACE,
  clock10: FACE,
  alarm_clock: FACE,
  stopwatch: FACE,
  timer_clock: FACE,
  watch: FACE,
  calendar: [
    box(3, 4, 18, 18, PALE, 2.5),
    path("M3 9V6.5A2.5 2.5 0 015.5 4h13A2.5 2.5 0 0121 6.5V9z", RED),
    line("M7.5 13h2M14.5 13h2M7.5 17.5h2M14.5 17.5h2", GREY, 2),
  ],
  bell: BELL,
  no_bell: [...BELL, line("M3 3l18 18", RED, 2.6)],
  zzz: [line("M4 11h7l-7 9h7", BLUE, 2.4), line("M14 3h6l-6 7h6", BLUE, 2)],
  no_entry: [disc(RED), box(6, 10.4, 12, 3.2, "#fff")],
  no_entry_sign: [
    ["circle", { cx: 12, cy: 12, r: 9, fill: "none", stroke: RED, "stroke-width": 3 }],
    line("M6 6l12 12", RED, 3),
  ],
  octagonal_sign: [path("M7.5 1.5h9l6 6v9l-6 6h-9l-6-6v-9z", RED), box(6, 10.6, 12, 2.8, "#fff")],
  wastebasket: [
    box(4, 4.5, 16, 2.4, GREY),
    box(9, 2, 6, 2.5, GREY),
    path("M5.5 8.5h13l-1.2 14H6.7z", GREY),
    line("M9.5 11.5l.4 7.5M14.5 11.5l-.4 7.5", "#fff", 1.4),
  ],
  mag: [
    ["circle", { cx: 10, cy: 10, r: 6.5, fill: "#cfe3f5", stroke: INK, "stroke-width": 2.2 }],
    line("M15 15l6.5 6.5", "#8d5a2b", 3.2),
  ],
  shield: [path("M12 1.5l9 3.5v6.5c0 5.5-4 9-9 11-5-2-9-5.5-9-11V5z", BLUE), line(TICK, "#fff", 2.2)],
  ring_buoy: [
    ["circle", { cx: 12, cy: 12, r: 7.5, fill: "none", stroke: "#fff", "stroke-width": 5 }],
    [
      "circle",
      {
        cx: 12,
        cy: 12,
        r: 7.5,
        fill: "none",
        stroke: RED,
        "stroke-width": 5,
        "stroke-dasharray": "5.89 5.89",
        "stroke-dashoffset": 2.9,
      },
    ],
  ],
  memo: PAGE,
  page_facing_up: PAGE,
  clipboard: PAGE,
  scroll: PAGE,
  bar_chart: [box(3, 12, 4.5, 10, GREEN), box(9.8, 6, 4.5, 16, BLUE), box(16.5, 2, 4.5, 20, RED)],
  chart_with_downwards_trend: [box(2, 2, 20, 20, PALE, 2), line("M5 6l5 5 3-3 6 9", BLUE, 2.2)],
  bust_in_silhouette: PERSON,
  busts_in_silhouette: PERSON,
  raised_hand: [
    path(
      "M7 12V5.5a1.5 1.5 0 013 0V3.5a1.5 1.5 0 013 0v2a1.5 1.5 0 013 0V14l1.7-2a1.6 1.6 0 012.6 1.9L17 20c-1 1.5-2.2 2.5-5 2.5-3.5 0-5.5-2.5-5.5-6V12z",
      AMBER,
    ),
  ],
  link: [
    line(
      "M10 14a4 4 0 005.7 0l3.8-3.8a4 4 0 00-5.7-5.7L12.5 6M14 10a4 4 0 00-5.7 0l-3.8 3.8a4 4 0 005.7 5.7L11.5 18",
      GREY,
      2.4,
    ),
  ],
  pushpin: [path("M9 2h8l-1 7 3.5 4h-13L10 9z", RED), line("M12.7 13.5L11 22", GREY, 1.8)],
  tada: [path("M2 22L8 8l8 8z", AMBER), line("M14 10c0-3 2-3 2-6M16 12c2-2 4-1 6-3M12 5l.5-2M20 15l2 .5", RED, 1.8)],
  fire: [
    path(
      "M12 1.5c1 4 6.5 6.5 6.5 13A6.5 6.5 0 0112 22.5a6.5 6.5 0 01-6.5-7.5c0-3 1.5-4.5 2.5-6.5 1 1.5 1.5 2 2.5 2.5 1-3 1.5-5 1.5-9.5z",
      "#ef6c2f",
    ),
    path("M12 21a3.5 3.5 0 01-3.5-4c0-2 2-3 3-5 1.5 2 4 3 4 5.5A3.5 3.5 0 0112 21z", AMBER),
  ],
  eyes: [
    ["ellipse", { cx: 7, cy: 12, rx: 5, ry: 7, fill: "#fff", stroke: GREY }],
    ["ellipse", { cx: 17, cy: 12, rx: 5, ry: 7, fill: "#fff", stroke: GREY }],
    ["circle", { cx: 5.5, cy: 13, r: 2.5, fill: INK }],
    ["circle", { cx: 15.5, cy: 13, r: 2.5, fill: INK }],
  ],
  red_circle: [disc(RED)],
  large_green_circle: [disc(GREEN)],
  large_yellow_circle: [disc(AMBER)],
  large_orange_circle: [disc("#ef6c2f")],
  large_blue_circle: [disc(BLUE)],
  white_circle: [["circle", { cx: 12, cy: 12, r: 9, fill: "#fff", stroke: GREY, "stroke-width": 1.6 }]],
  black_circle: [disc(INK)],
};

const CHARACTERS = {
  white_check_mark: "✅",
  heavy_check_mark: "✔️",
  ballot_box_with_check: "☑️",
  white_large_square: "⬜",
  x: "❌",
  warning: "⚠️",
  rotating_light: "🚨",
  hourglass: "⌛",
  hourglass_flowing_sand: "⏳",
  lock: "🔒",
  closed_lock_with_key: "🔐",
  unlock: "🔓",
  key: "🔑",
  rewind: "⏪",
  fast_forward: "⏩",
  leftwards_arrow_with_hook: "↩️",
  arrow_right: "➡️",
  arrows_counterclockwise: "🔄",
  repeat: "🔁",
  twisted_rightwards_arrows: "🔀",
  floppy_disk: "💾",
  package: "📦",
  information_source: "ℹ️",
  question: "❓",
  grey_question: "❔",
  exclamation: "❗",
  bulb: "💡",
  clock1: "🕐",
  clock3: "🕒",
  clock10: "🕙",
  alarm_clock: "⏰",
  stopwatch: "⏱️",
  timer_clock: "⏲️",
  watch: "⌚",
  calendar: "📅",
  bell: "🔔",
  no_bell: "🔕",
  zzz: "💤",
  no_entry: "⛔",
  no_entry_sign: "🚫",
  octagonal_sign: "🛑",
  wastebasket: "🗑️",
  mag: "🔍",
  shield: "🛡️",
  ring_buoy: "🛟",
  memo: "📝",
  page_facing_up: "📄",
  clipboard: "📋",
  scroll: "📜",
  bar_chart: "📊",
  chart_with_downwards_trend: "📉",
  bust_in_silhouette: "👤",
  busts_in_silhouette: "👥",
  raised_hand: "✋",
  link: "🔗",
  pushpin: "📌",
  tada: "🎉",
  fire: "🔥",
  eyes: "👀",
  red_circle: "🔴",
  large_green_circle: "🟢",
  large_yellow_circle: "🟡",
  large_orange_circle: "🟠",
  large_blue_circle: "🔵",
  white_circle: "⚪",
  black_circle: "⚫",
  wave: "👋",
  rocket: "🚀",
  robot_face: "🤖",
  thinking_face: "🤔",
  smile: "😄",
  slightly_smiling_face: "🙂",
  pray: "🙏",
  clap: "👏",
  muscle: "💪",
  boom: "💥",
  sos: "🆘",
  construction: "🚧",
  hammer_and_wrench: "🛠️",
  wrench: "🔧",
  gear: "⚙️",
  seedling: "🌱",
  snowflake: "❄️",
  test_tube: "🧪",
  microscope: "🔬",
  camera: "📷",
  camera_with_flash: "📸",
  card_index_dividers: "🗂️",
  file_cabinet: "🗄️",
  file_folder: "📁",
  chart_with_upwards_trend: "📈",
  round_pushpin: "📍",
  broom: "🧹",
  scissors: "✂️",
  arrow_left: "⬅️",
  arrow_up: "⬆️",
  arrow_down: "⬇️",
  point_right: "👉",
  green_heart: "💚",
  heart: "❤️",
  star: "⭐",
  sparkles: "✨",
  checkered_flag: "🏁",
  ticket: "🎫",
  label: "🏷️",
  bookmark: "🔖",
  hourglass_done: "⌛",
  no_good: "🙅",
  speech_balloon: "💬",
  mega: "📣",
  loudspeaker: "📢",
  "+1": "👍",
  thumbsup: "👍",
  "-1": "👎",
  thumbsdown: "👎",
  ok_hand: "👌",
  zap: "⚡",
  dart: "🎯",
  moneybag: "💰",
  ghost: "👻",
  skull: "💀",
};

const BY_CHARACTER = new Map(
  Object.entries(CHARACTERS)
    .filter(([name]) => DRAWN[name])
    .map(([name, text]) => [text.replace("\uFE0F", ""), name]),
);
const PICTOGRAPH = new RegExp(`([${[...BY_CHARACTER.keys()].join("")}]\\uFE0F?)`, "u");

function drawn(name) {
  return h("span", { class: "emoji", role: "img", "aria-label": `:${name}:`, title: `:${name}:` }, svg(DRAWN[name]));
}

/** The picture for a shortcode without its colons. */
export function emoji(name) {
  const known = name.toLowerCase();
  if (DRAWN[known]) return [drawn(known)];
  return [CHARACTERS[known] ?? `:${name}:`];
}

/** Text with the emoji characters in it replaced by the drawn ones. */
export function pictures(text) {
  return text
    .split(PICTOGRAPH)
    .map((part, index) => (index % 2 ? drawn(BY_CHARACTER.get(part.replace("\uFE0F", ""))) : part))
    .filter(Boolean);
}
