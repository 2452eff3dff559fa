/**
 * The `markdown` block: the common core of Markdown as elements (headings, lists, tasks, quotes, fences,
 * tables, styles, links), with Slack's `<@U…>` references inside. Not `mrkdwn`: see there.
 */

import { h, link } from "./dom.js";
import { emoji, pictures } from "./emoji.js";
import { reference, unescape } from "./mrkdwn.js";

const TABLE_RULE = /^\s*\|?\s*:?-+:?\s*(\|\s*:?-+:?\s*)*\|?\s*$/;
const ITEM = /^(\s*)([-*+]|\d+[.)])\s+(.*)$/;
const STARTS = [/^```/, /^#{1,6}\s/, /^\s*([-*_])(\s*\1){2,}\s*$/, /^\s*>/, ITEM];

export function markdown(text, workspace) {
  const lines = text.split("\n");
  const nodes = [];
  for (let at = 0; at < lines.length;) {
    const [node, used] = blockAt(lines.slice(at), workspace);
    if (node) nodes.push(node);
    at += used;
  }
  return nodes;
}

/** The block that begins with the first line, and how many lines it took. */
function blockAt(lines, workspace) {
  const [first] = lines;
  const spans = (words) => inline(words, workspace);
  if (!first.trim()) return [null, 1];
  if (first.startsWith("```")) return fence(lines);
  const heading = /^(#{1,6})\s+(.*?)\s*#*$/.exec(first);
  if (heading) return [h(`h${Math.min(heading[1].length + 1, 6)}`, { class: "md-heading" }, spans(heading[2])), 1];
  if (/^\s*([-*_])(\s*\1){2,}\s*$/.test(first)) return [h("hr"), 1];
  if (/^\s*>/.test(first)) {
    const quoted = run(lines, (line) => /^\s*>/.test(line));
    return [
      h("blockquote", {}, markdown(quoted.map((line) => line.replace(/^\s*> ?/, "")).join("\n"), workspace)),
      quoted.length,
    ];
  }
  if (ITEM.test(first)) return list(lines, workspace);
  if (first.includes("|") && TABLE_RULE.test(lines[1] ?? "")) return table(lines, spans);
  const words = run(lines, (line, index) => line.trim() && (index === 0 || !STARTS.some((start) => start.test(line))));
  return [h("p", {}, spans(words.join("\n"))), words.length];
}

function run(lines, belongs) {
  const end = lines.findIndex((line, index) => !belongs(line, index));
  return end < 0 ? lines : lines.slice(0, end);
}

function fence(lines) {
  const end = lines.findIndex((line, index) => index > 0 && line.startsWith("```"));
  const stop = end < 0 ? lines.length : end;
  return [h("pre", {}, unescape(lines.slice(1, stop).join("\n"))), stop + 1];
}

function list(lines, workspace) {
  const [, indent, marker] = ITEM.exec(lines[0]);
  const mine = run(
    lines,
    (line) => line.trim() && (ITEM.test(line) ? ITEM.exec(line)[1].length >= indent.length : /^\s/.test(line)),
  );
  const items = [];
  for (const line of mine) {
    const found = ITEM.exec(line);
    if (found && found[1].length === indent.length) items.push({ words: found[3], deeper: [] });
    else items.at(-1).deeper.push(line);
  }
  const ordered = /\d/.test(marker);
  const children = items.map(({ words, deeper }) =>
    h("li", {}, task(words, workspace), markdown(deeper.join("\n"), workspace)),
  );
  return [h(ordered ? "ol" : "ul", ordered ? { start: parseInt(marker, 10) } : {}, children), mine.length];
}

function task(words, workspace) {
  const found = /^\[([ xX])\]\s+(.*)$/.exec(words);
  if (!found) return inline(words, workspace);
  return [
    ...emoji(found[1] === " " ? "white_large_square" : "ballot_box_with_check"),
    " ",
    ...inline(found[2], workspace),
  ];
}

function table(lines, spans) {
  const rows = run(lines, (line) => line.includes("|"));
  const cells = (line) =>
    line
      .trim()
      .replace(/^\||\|$/g, "")
      .split("|")
      .map((cell) => spans(cell.trim()));
  const row = (line, tag) =>
    h(
      "tr",
      {},
      cells(line).map((cell) => h(tag, {}, cell)),
    );
  const body = rows.slice(2).map((line) => row(line, "td"));
  const element = h("table", {}, h("thead", {}, row(rows[0], "th")), h("tbody", {}, body));
  return [h("div", { class: "table-scroll", tabindex: 0 }, element), rows.length];
}

const SPAN =
  /\\([\\`*_~[\]<>#|-])|`([^`]+)`|\[([^\]]+)\]\(([^)\s]+)\)|<([^<>\n]+)>|\*\*(.+?)\*\*|__(.+?)__|~~(.+?)~~|\*([^*\n]+)\*|\b_([^_\n]+)_\b|:([a-z0-9_+'-]+):/i;

function inline(text, workspace) {
  const found = SPAN.exec(text);
  if (!found) return pictures(unescape(text));
  const [whole, escaped, code, label, url, inside, bold, bolder, struck, italic, slanted, name] = found;
  const nested = (words) => inline(words, workspace);
  const node =
    escaped ??
    (code && h("code", {}, unescape(code))) ??
    (url && link(unescape(url), nested(label))) ??
    (inside && reference(inside, workspace)) ??
    ((bold ?? bolder) && h("strong", {}, nested(bold ?? bolder))) ??
    (struck && h("s", {}, nested(struck))) ??
    ((italic ?? slanted) && h("em", {}, nested(italic ?? slanted))) ??
    emoji(name);
  return [
    ...pictures(unescape(text.slice(0, found.index))),
    ...[node].flat(),
    ...nested(text.slice(found.index + whole.length)),
  ];
}
