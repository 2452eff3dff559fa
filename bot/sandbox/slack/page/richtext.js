/** The `rich_text` block: sections, lists, quotes and preformatted text, with their styled parts. */

import { h, link } from "./dom.js";
import { emoji, pictures } from "./emoji.js";
import { dateElement, mention } from "./mrkdwn.js";

export function richText(block, workspace) {
  return (block.elements ?? []).map((part) => container(part, workspace));
}

function container(part, workspace) {
  const inside = () => (part.elements ?? []).map((element) => piece(element, workspace));
  if (part.type === "rich_text_list") return list(part, workspace);
  if (part.type === "rich_text_quote") return h("blockquote", {}, inside());
  if (part.type === "rich_text_preformatted") return h("pre", {}, inside());
  return h("div", { class: "rich-section" }, inside());
}

function list(part, workspace) {
  const ordered = part.style === "ordered";
  const items = (part.elements ?? []).map((section) => h("li", {}, container(section, workspace)));
  const properties = {
    class: `rich-list indent-${Math.min(part.indent ?? 0, 6)}`,
    start: ordered && part.offset ? part.offset + 1 : null,
  };
  return h(ordered ? "ol" : "ul", properties, items);
}

const PIECES = {
  text: ({ text }) => pictures(text),
  link: ({ url, text }) => link(url, text || url),
  emoji: ({ name }) => emoji(name),
  user: ({ user_id: id }, workspace) => mention(`@${workspace.nameOf(id)}`, id === workspace.me?.id),
  usergroup: ({ usergroup_id: id }, workspace) => mention(`@${workspace.groupName(id)}`),
  channel: ({ channel_id: id }, workspace) => mention(`#${workspace.channelName(id)}`),
  broadcast: ({ range }) => mention(`@${range}`, true),
  color: ({ value }) => h("code", {}, value),
  date: ({ timestamp, format, url, fallback }, workspace) => {
    const time = dateElement(timestamp, format, fallback, workspace);
    return url ? link(url, time) : time;
  },
};

const STYLES = [
  ["code", "code"],
  ["bold", "strong"],
  ["italic", "em"],
  ["strike", "s"],
  ["underline", "u"],
];

function piece(element, workspace) {
  const draw = PIECES[element.type];
  const nodes = draw ? draw(element, workspace) : `[${element.type}]`;
  const styles = STYLES.filter(([name]) => element.style?.[name]);
  return styles.reduce((inside, [, tag]) => h(tag, {}, inside), nodes);
}
