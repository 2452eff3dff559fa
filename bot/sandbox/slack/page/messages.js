/** Messages: the list of a channel with its day dividers, the thread pane, and one message with all it carries. */

import { drawBlocks, picture } from "./blocks.js";
import { dayOf, fillTime } from "./dates.js";
import { h, link, reconcile } from "./dom.js";
import { emoji } from "./emoji.js";
import { withCommand } from "./hints.js";
import { avatar, icon } from "./icons.js";
import { mrkdwn } from "./mrkdwn.js";
import { go } from "./place.js";
import { fileUrl, isBroadcast } from "./state.js";

const NEAR_S = 300;

/** Fill the list of a channel. */
export function drawChannel(list, channel, workspace, onhint) {
  const items = [{ kind: "start", key: "start" }, ...withDays(workspace.messages(channel), workspace.zone)];
  reconcile(list, items, {
    key: (item) => item.key,
    signature: (item) => signature(item, channel, workspace),
    build: (item) => build(item, channel, workspace, onhint),
  });
}

function withDays(messages, zone) {
  return messages.flatMap((message, index) => {
    const before = messages[index - 1];
    const isNewDay = !before || dayOf(before.ts, zone) !== dayOf(message.ts, zone);
    const isCompact =
      !isNewDay && isTalk(before) && isTalk(message) && before.user === message.user && message.ts - before.ts < NEAR_S;
    const item = { kind: "message", key: `${message.ts} ${message.ephemeral_to ?? ""}`, message, isCompact };
    return isNewDay ? [{ kind: "day", key: `day ${dayOf(message.ts, zone)}`, ts: message.ts }, item] : [item];
  });
}

/** Plain words in the open; a card or an ephemeral always stands under its sender's name. */
const isTalk = (message) => !message.blocks?.length && !message.ephemeral_to && !message.deleted;

function signature(item, channel, workspace) {
  const { message } = item;
  const replies = message && workspace.replies(channel, message.ts).map(({ ts, user }) => [ts, user]);
  return JSON.stringify([
    item,
    replies,
    message && channel.reactions?.[message.ts],
    workspace.me,
    item.kind === "start" && [channel.name, workspace.about.hints],
  ]);
}

function build(item, channel, workspace, onhint) {
  if (item.kind === "start") return beginning(channel, workspace, onhint);
  if (item.kind === "message") return messageElement(item.message, channel, workspace, item);
  const time = fillTime(h("time"), Number(item.ts), "{day_divider_pretty}", workspace.zone);
  return h("div", { class: "day", role: "separator" }, h("span", {}, time));
}

/** The top of a channel, with what to try first. */
function beginning(channel, workspace, onhint) {
  const words = channel.isDirect
    ? ["This is your conversation with ", h("strong", {}, workspace.bot.name), "."]
    : ["This is the very beginning of ", h("strong", {}, `#${channel.name}`), "."];
  const hints = (workspace.about.hints ?? []).map((hint) => h("li", {}, withCommand(hint, onhint)));
  return h(
    "div",
    { class: "beginning" },
    channel.isDirect ? avatar("", true, "large") : h("div", { class: "beginning-sign", "aria-hidden": "true" }, "#"),
    h("h2", {}, workspace.titleOf(channel)),
    h("p", {}, words),
    hints.length
      ? h(
          "div",
          { class: "hints" },
          h("h3", { id: "hints" }, "Things to try"),
          h("ul", { "aria-labelledby": "hints" }, hints),
        )
      : null,
  );
}

/** One message. `isCompact`: it follows another of the same sender, whose name stands above. */
export function messageElement(message, channel, workspace, { isCompact = false, isInThread = false } = {}) {
  if (message.deleted)
    return h(
      "article",
      { class: "message deleted" },
      h("div", { class: "gutter" }),
      h("div", { class: "message-body" }, "This message was deleted.", threadLink(message, channel, workspace)),
    );
  const isBot = workspace.isBot(message.user);
  const name = workspace.nameOf(message.user);
  const time = fillTime(h("time", { class: "stamp" }), Number(message.ts), "{time}", workspace.zone);
  const head = h(
    "div",
    { class: "message-head" },
    h("span", { class: "sender" }, name),
    isBot ? h("span", { class: "badge" }, "APP") : null,
    time,
  );
  const note = message.ephemeral_to ? h("div", { class: "ephemeral-note" }, icon("eye"), "Only visible to you") : null;
  return h(
    "article",
    {
      class: `message${isCompact ? " compact" : ""}${message.ephemeral_to ? " ephemeral" : ""}`,
      tabindex: -1,
      "aria-label": `${name}${message.ephemeral_to ? ", only visible to you" : ""}`,
      "data-ts": message.ts,
    },
    h("div", { class: "gutter" }, isCompact ? time : avatar(name, isBot)),
    h(
      "div",
      { class: "message-body" },
      note,
      isCompact ? null : head,
      isBroadcast(message, channel) && !isInThread ? broadcastNote(message) : null,
      h("div", { class: "content" }, contentOf(message, channel, workspace)),
      reactionsOf(message, channel),
      message.edited ? h("span", { class: "edited", title: "This message was changed" }, "(edited)") : null,
      isInThread ? null : threadLink(message, channel, workspace),
    ),
  );
}

/** What stands above a reply that was sent to the channel as well. */
function broadcastNote(message) {
  const open = () => go({ thread: message.thread_ts });
  return h(
    "div",
    { class: "broadcast-note" },
    "replied to ",
    h("button", { type: "button", class: "link-button", "data-press": `broadcast ${message.ts}`, click: open }, "a thread"),
  );
}

function contentOf(message, channel, workspace) {
  const surface = workspace.surface(`m-${channel.id}-${message.ts}`, { channel: channel.id, ts: message.ts });
  const blocks = message.blocks ?? [];
  const body = blocks.length
    ? drawBlocks(blocks, surface)
    : h("div", { class: "block" }, mrkdwn(message.text ?? "", workspace));
  const attached = (message.attachments ?? []).map((one, index) =>
    h(
      "div",
      { class: "attachment" },
      one.blocks
        ? drawBlocks(one.blocks, surface, `/attached${index}`)
        : mrkdwn(one.text ?? one.fallback ?? "", workspace),
    ),
  );
  return [body, attached, (message.files ?? []).map(fileElement)];
}

function reactionsOf(message, channel) {
  const all = Object.entries(channel.reactions?.[message.ts] ?? {});
  return all.length
    ? h(
        "div",
        { class: "reactions" },
        all.map(([name, users]) => h("span", { class: "reaction" }, emoji(name), ` ${users.length}`)),
      )
    : null;
}

function fileElement(file) {
  const [url, name] = [fileUrl(file), file.title || file.name || "file"];
  if (file.mimetype?.startsWith("image/")) return picture(url, name, h("figcaption", {}, name));
  const size = file.size ? `${Math.max(1, Math.round(file.size / 1024))} KB` : "";
  return h(
    "div",
    { class: "file" },
    icon("file"),
    h(
      "div",
      {},
      h("div", {}, url ? link(url, name) : name),
      h(
        "div",
        { class: "file-note" },
        [file.pretty_type ?? file.filetype ?? file.mimetype, size].filter(Boolean).join(" · "),
      ),
    ),
  );
}

function threadLink(message, channel, workspace) {
  const replies = workspace.replies(channel, message.ts);
  if (!replies.length) return null;
  const senders = [...new Set(replies.map(({ user }) => user))].slice(0, 4);
  const last = fillTime(h("time"), Number(replies.at(-1).ts), "Last reply {ago}", workspace.zone);
  const count = `${replies.length} ${replies.length === 1 ? "reply" : "replies"}`;
  return h(
    "button",
    {
      type: "button",
      class: "thread-link",
      "data-press": `thread ${message.ts}`,
      click: () => go({ thread: message.ts }),
    },
    senders.map((user) => avatar(workspace.nameOf(user), workspace.isBot(user), "tiny")),
    h("span", { class: "thread-count" }, count),
    h("span", { class: "thread-last" }, last),
  );
}

/** Fill the thread pane. */
export function drawThread(list, channel, parent, workspace) {
  const { ts } = parent;
  const replies = workspace.replies(channel, ts);
  const items = [
    { key: "parent", message: parent },
    { key: "count", count: replies.length },
    ...replies.map((message) => ({ key: message.ts, message })),
  ];
  reconcile(list, items, {
    key: (item) => item.key,
    signature: (item) => JSON.stringify([item, workspace.me]),
    build: ({ message, count }) =>
      message
        ? messageElement(message, channel, workspace, { isInThread: true })
        : h("div", { class: "day reply-count" }, h("span", {}, `${count} ${count === 1 ? "reply" : "replies"}`)),
  });
}
