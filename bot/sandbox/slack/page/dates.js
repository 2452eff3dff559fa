/**
 * What an instant is called in a person's zone: message times, day dividers and the tokens of Slack's date
 * markup (https://docs.slack.dev/reference/block-kit/block-elements/date-element). Instants are seconds since 1970.
 */

const formatters = new Map();

function formatter(zone) {
  if (!formatters.has(zone)) formatters.set(zone, makeFormatter(zone));
  return formatters.get(zone);
}

function makeFormatter(zone) {
  const options = {
    weekday: "long",
    year: "numeric",
    month: "long",
    day: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    second: "2-digit",
    hourCycle: "h23",
  };
  try {
    return new Intl.DateTimeFormat("en-US", { ...options, timeZone: zone });
  } catch {
    return new Intl.DateTimeFormat("en-US", { ...options, timeZone: "UTC" });
  }
}

const MONTHS = [
  "January",
  "February",
  "March",
  "April",
  "May",
  "June",
  "July",
  "August",
  "September",
  "October",
  "November",
  "December",
];

/** The clock and calendar on the wall of a zone. `day` counts days since 1970 there. */
function wall(epoch, zone) {
  const parts = formatter(zone).formatToParts(new Date(epoch * 1000));
  const read = Object.fromEntries(parts.map(({ type, value }) => [type, value]));
  const [year, month, date] = [Number(read.year), MONTHS.indexOf(read.month), Number(read.day)];
  const midnight = Date.UTC(year, month, date);
  return {
    ...read,
    year,
    month,
    date,
    day: midnight / 86_400_000,
    seconds: midnight / 1000 + Number(read.hour) * 3600 + Number(read.minute) * 60 + Number(read.second),
  };
}

/** Most people in the Americas keep the twelve-hour clock and month-first dates; the rest do not. */
const isAmerican = (zone) => /^(America|US)\//.test(zone);

function clock(at, zone, withSeconds) {
  const tail = `:${at.minute}${withSeconds ? `:${at.second}` : ""}`;
  if (!isAmerican(zone)) return at.hour + tail;
  const hour = Number(at.hour);
  return `${hour % 12 || 12}${tail} ${hour < 12 ? "AM" : "PM"}`;
}

function ordinal(number) {
  const tens = number % 100;
  const suffix = tens > 10 && tens < 14 ? "th" : ({ 1: "st", 2: "nd", 3: "rd" }[number % 10] ?? "th");
  return `${number}${suffix}`;
}

const pad = (number) => String(number).padStart(2, "0");

function nearDay(at, now) {
  return { "-1": "yesterday", 0: "today", 1: "tomorrow" }[at.day - now.day];
}

/** How long ago, in the largest unit that fits: "3 minutes ago", "in 2 hours". */
export function age(epoch, now) {
  const seconds = Math.round(now - epoch);
  const units = [
    ["year", 31_536_000],
    ["month", 2_592_000],
    ["day", 86_400],
    ["hour", 3600],
    ["minute", 60],
    ["second", 1],
  ];
  const [unit, size] = units.find(([, length]) => Math.abs(seconds) >= length) ?? units.at(-1);
  const count = Math.floor(Math.abs(seconds) / size);
  if (count === 0) return "just now";
  const words = `${count} ${unit}${count === 1 ? "" : "s"}`;
  return seconds < 0 ? `in ${words}` : `${words} ago`;
}

const TOKENS = {
  date_num: (at) => `${at.year}-${pad(at.month + 1)}-${pad(at.date)}`,
  date_slash: (at, zone) =>
    (isAmerican(zone) ? [pad(at.month + 1), pad(at.date)] : [pad(at.date), pad(at.month + 1)])
      .concat(at.year)
      .join("/"),
  date: (at) => `${MONTHS[at.month]} ${ordinal(at.date)}, ${at.year}`,
  date_short: (at) => `${MONTHS[at.month].slice(0, 3)} ${at.date}, ${at.year}`,
  date_long: (at) => `${at.weekday}, ${TOKENS.date(at)}`,
  date_long_full: (at) => `${MONTHS[at.month]} ${at.date}, ${at.year}`,
  date_pretty: (at, zone, now) => nearDay(at, now) ?? TOKENS.date(at),
  date_short_pretty: (at, zone, now) => nearDay(at, now) ?? TOKENS.date_short(at),
  date_long_pretty: (at, zone, now) => nearDay(at, now) ?? TOKENS.date_long(at),
  day_divider_pretty: (at, zone, now) =>
    nearDay(at, now) ??
    `${at.weekday}, ${MONTHS[at.month]} ${ordinal(at.date)}${at.year === now.year ? "" : `, ${at.year}`}`,
  time: (at, zone) => clock(at, zone, false),
  time_secs: (at, zone) => clock(at, zone, true),
};

/** Fill in the `{tokens}` of a date format; the first letter becomes a capital, as in Slack. */
export function formatDate(epoch, format, zone, now = Date.now() / 1000) {
  const [at, today] = [wall(epoch, zone), wall(now, zone)];
  const words = format.replace(/\{(\w+)\}/g, (whole, token) => {
    if (token === "ago") return age(epoch, now);
    return TOKENS[token]?.(at, zone, today) ?? whole;
  });
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** A number that changes with the calendar day in a zone. */
export const dayOf = (epoch, zone) => wall(epoch, zone).day;

/** What `<input type="datetime-local">` shows for an instant. */
export function localInput(epoch, zone) {
  const at = wall(epoch, zone);
  return `${TOKENS.date_num(at)}T${at.hour}:${at.minute}`;
}

/** The instant of what such an input holds. Tried twice, since the offset may change between guess and answer. */
export function fromLocalInput(text, zone) {
  const shown = Date.parse(`${text}Z`) / 1000;
  const first = shown - (wall(shown, zone).seconds - shown);
  return shown - (wall(first, zone).seconds - first);
}

/** A `<time>` that `refreshTimes` keeps true while the page stays open. */
export function fillTime(element, epoch, format, zone) {
  Object.assign(element.dataset, { epoch, format, zone });
  element.dateTime = new Date(epoch * 1000).toISOString();
  element.title = `${formatDate(epoch, "{date_long} {time_secs}", zone)} (${zone})`;
  element.textContent = formatDate(epoch, format, zone);
  return element;
}

export function refreshTimes(root) {
  for (const element of root.querySelectorAll("time[data-format]")) {
    const { epoch, format, zone } = element.dataset;
    const words = formatDate(Number(epoch), format, zone);
    if (element.textContent !== words) element.textContent = words;
  }
}
