/**
 * Slack's own markup, `mrkdwn`, as elements: styles, code, quotes, links, mentions, dates, emoji. It reads
 * the escaped form that apps send (`&amp; &lt; &gt;`) and leaves anything it does not know as it was typed.
 * Names of people and channels, and the reader's zone, come from the workspace.
 */

import { fillTime } from "./dates.js";
import { h, link } from "./dom.js";
import { emoji, pictures } from "./emoji.js";

const STYLES = { "*": "strong", _: "em", "~": "s" };

export function unescape(text) {
  return text.replaceAll("&lt;", "<").replaceAll("&gt;", ">").replaceAll("&amp;", "&");
}

/** Text in which only emoji mean anything. */
export function plain(text) {
  return withEmoji(unescape(text));
}

function withEmoji(text) {
  return text
    .split(/(:[a-z0-9_+'-]+:)/gi)
    .flatMap((part, index) => (index % 2 ? emoji(part.slice(1, -1)) : pictures(part)));
}

/** A text object of either kind. */
export function textObject(object, workspace) {
  if (!object) return [];
  if (typeof object === "string") return plain(object);
  if (object.type === "mrkdwn") return mrkdwn(object.text ?? "", workspace);
  return object.emoji === false ? pictures(unescape(object.text ?? "")) : plain(object.text ?? "");
}

/** Render mrkdwn: code fences first, then quoted lines, then what stands inside a line. */
export function mrkdwn(text, workspace) {
  return text.split(/```([\s\S]+?)```\n?/).flatMap((part, index) => {
    if (index % 2 === 0) return quotes(part, workspace);
    return [h("pre", {}, bare(part.replace(/^\n|\n$/g, ""), workspace))];
  });
}

/** Inside code only links and mentions still work, shown by their words. */
function bare(text, workspace) {
  return text.split(/<([^<>\n]+)>/).map((part, index) => (index % 2 ? reference(part, workspace) : unescape(part)));
}

function quotes(text, workspace) {
  const nodes = [];
  let quoted = [];
  let plainLines = [];
  const flush = () => {
    if (quoted.length) nodes.push(h("blockquote", {}, inline(quoted.join("\n"), workspace)));
    if (plainLines.length) nodes.push(...inline(plainLines.join("\n"), workspace));
    [quoted, plainLines] = [[], []];
  };
  for (const line of text.split("\n")) {
    const quote = /^(?:&gt;|>) ?(.*)$/.exec(line);
    if (quote ? plainLines.length : quoted.length) flush();
    if (quote) quoted.push(quote[1]);
    else plainLines.push(line);
  }
  flush();
  return nodes;
}

const TOKEN = /<([^<>\n]+)>|`([^`\n]+)`|:([a-z0-9_+'-]+):|([*_~])/gi;

/** What may stand in a line: references, code, emoji and styles, which nest. */
export function inline(text, workspace) {
  const nodes = [];
  let done = 0;
  const scan = new RegExp(TOKEN);
  for (let found = scan.exec(text); found; found = scan.exec(text)) {
    const [whole, target, code, name, mark] = found;
    const end = mark ? closing(text, found.index, mark) : found.index + whole.length;
    if (end === null) continue;
    nodes.push(...pictures(unescape(text.slice(done, found.index))));
    if (target) nodes.push(reference(target, workspace));
    else if (code) nodes.push(h("code", {}, bare(code, workspace)));
    else if (name) nodes.push(...emoji(name));
    else nodes.push(h(STYLES[mark], {}, inline(text.slice(found.index + 1, end - 1), workspace)));
    done = scan.lastIndex = end;
  }
  return [...nodes, ...pictures(unescape(text.slice(done)))];
}

/** Where the style opened at `start` ends, or null if it is only a character. */
function closing(text, start, mark) {
  if (/[\p{L}\p{N}]/u.test(text[start - 1] ?? " ") || /\s/.test(text[start + 1] ?? " ")) return null;
  for (let at = start + 1; at < text.length && text[at] !== "\n"; at += 1) {
    if (text[at] === "<" && text.indexOf(">", at) > 0) at = text.indexOf(">", at);
    else if (text[at] === "`" && text.indexOf("`", at + 1) > 0) at = text.indexOf("`", at + 1);
    else if (
      text[at] === mark &&
      at > start + 1 &&
      !/\s/.test(text[at - 1]) &&
      !/[\p{L}\p{N}]/u.test(text[at + 1] ?? " ")
    ) {
      return at + 1;
    }
  }
  return null;
}

/** What stands between `<` and `>`. */
export function reference(inside, workspace) {
  const [target, label] = split(inside);
  if (target.startsWith("@"))
    return mention(`@${workspace.nameOf(target.slice(1), label)}`, target.slice(1) === workspace.me?.id);
  if (target.startsWith("#")) return mention(`#${workspace.channelName(target.slice(1), label)}`);
  if (target.startsWith("!date^")) return dateReference(target, label, workspace);
  if (target.startsWith("!subteam^")) return mention(`@${workspace.groupName(target.slice(9), label)}`);
  if (target.startsWith("!")) return mention(`@${label ?? target.slice(1)}`, true);
  if (!/^[a-z][a-z0-9+.-]*:/i.test(target)) return document.createTextNode(`<${unescape(inside)}>`);
  return link(unescape(target), ...pictures(unescape(label ?? target.replace(/^mailto:/, ""))));
}

function split(inside) {
  const bar = inside.indexOf("|");
  return bar < 0 ? [inside, null] : [inside.slice(0, bar), inside.slice(bar + 1)];
}

export function mention(words, isForReader = false) {
  return h("span", { class: isForReader ? "mention mention-me" : "mention" }, unescape(words).replace(/^@@/, "@"));
}

function dateReference(target, fallback, workspace) {
  const [, epoch, format, url] = target.split("^");
  const time = dateElement(Number(epoch), format, fallback, workspace);
  return url ? link(unescape(url), time) : time;
}

/** A date in the reader's zone; the fallback where the markup makes no sense. */
export function dateElement(epoch, format, fallback, workspace) {
  if (!Number.isFinite(epoch) || !format) return document.createTextNode(unescape(fallback ?? ""));
  return fillTime(h("time"), epoch, unescape(format), workspace.zone);
}
