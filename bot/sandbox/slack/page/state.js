/**
 * What the page knows: the server's state, who acts, where they are, and what is under way. It answers
 * questions about that ("which messages does this person see?") and presses buttons; it draws nothing.
 */

import { readPlace } from "./place.js";
import { call, fetchJson } from "./server.js";

export class Workspace {
  about = {};
  world = { channels: {}, views: [], homes: {}, people: [] };
  isLoaded = false;
  isLive = true;
  #busy = new Set();
  #entries = new Map();
  #kept = new Map();
  #seen = new Map();
  #baseline = "0";

  /** `notify({title, text, kind})` tells the person something that has no other place. */
  constructor(notify) {
    this.notify = notify;
  }

  /** Read the server's state; whether it answered. */
  async refresh() {
    const [about, world] = await Promise.all([fetchJson("about"), fetchJson("state")]);
    if (world === null) return false;
    this.about = about ?? this.about;
    this.world = { ...this.world, ...world };
    if (!this.isLoaded) this.#baseline = this.#lastTs();
    this.isLoaded = true;
    return true;
  }

  #lastTs() {
    const all = Object.values(this.world.channels).flatMap(({ messages }) => messages.map(({ ts }) => ts));
    return all.reduce((last, ts) => (ts > last ? ts : last), "0");
  }

  // who

  get people() {
    return this.everyone.filter((person) => !person.is_bot && !person.deleted);
  }

  /** All people; the server's `about` says more about each than its state does. */
  get everyone() {
    const more = new Map((this.about.people ?? []).map((person) => [person.id, person]));
    return this.world.people.map((person) => ({ ...more.get(person.id), ...person }));
  }

  get me() {
    const wanted = readPlace().as;
    return this.people.find(({ id }) => id === wanted) ?? this.people[0];
  }

  get zone() {
    return this.me?.tz || "UTC";
  }

  get bot() {
    return { id: "", name: "App", ...this.about.bot };
  }

  isBot(user) {
    return user === this.bot.id || !this.everyone.some(({ id, is_bot: isBot }) => id === user && !isBot);
  }

  nameOf(id, label) {
    const person = this.world.people.find((one) => one.id === id);
    return person?.name ?? (id === this.bot.id ? this.bot.name : (label ?? id));
  }

  groupName(id, label) {
    const groups = [this.about.usergroups ?? []].flat();
    const group = groups.find((one) => one.id === id);
    return group?.handle ?? group?.name ?? label ?? id;
  }

  // where

  get #directId() {
    return `D${this.me?.id.slice(1)}`;
  }

  /** The channels of the acting person, without direct messages. */
  channels() {
    return this.#all().filter((channel) => !channel.isDirect && (channel.members?.includes(this.me?.id) ?? true));
  }

  directs() {
    return this.#all().filter((channel) => channel.isDirect && channel.id === this.#directId);
  }

  #all() {
    return Object.entries(this.world.channels).map(([id, channel]) => ({
      ...this.about.channels?.[id],
      ...channel,
      id,
      isDirect: id.startsWith("D"),
    }));
  }

  /** The channel on show: the one of the address, if the person may see it. */
  get channel() {
    const mine = [...this.channels(), ...this.directs()];
    const wanted = readPlace().channel;
    return mine.find(({ id }) => id === wanted) ?? mine[0] ?? null;
  }

  channelName(id, label) {
    const channel = this.world.channels[id];
    return channel ? (id.startsWith("D") ? this.bot.name : channel.name) : (label ?? id);
  }

  titleOf(channel) {
    return channel.isDirect ? this.bot.name : `#${channel.name}`;
  }

  // messages

  /** What the person sees in a channel, threads folded away; a deleted parent stays while it has replies. */
  messages(channel) {
    const seen = channel.messages.filter((message) => this.#maySee(message) && isTopLevel(message, channel));
    return seen.filter((message) => !message.deleted || this.replies(channel, message.ts).length > 0);
  }

  replies(channel, ts) {
    return channel.messages.filter(
      (message) => message.thread_ts === ts && message.ts !== ts && this.#maySee(message) && !message.deleted,
    );
  }

  #maySee(message) {
    return !message.ephemeral_to || message.ephemeral_to === this.me?.id;
  }

  /** What came since the person was here: any message at all, and how many of them ask for this very person. */
  unread(channel) {
    const last = this.#seen.get(`${this.me?.id} ${channel.id}`) ?? this.#baseline;
    const news = channel.messages.filter((message) => message.ts > last && !message.deleted && this.#maySee(message));
    const calls = news.filter((message) => channel.isDirect || JSON.stringify(message).includes(`<@${this.me?.id}>`));
    return { isNews: news.length > 0, calls: calls.length };
  }

  markSeen(channel) {
    this.#seen.set(`${this.me?.id} ${channel.id}`, channel.messages.at(-1)?.ts ?? "0");
  }

  /** A file that was posted somewhere, by its id. */
  file({ id }) {
    const files = Object.values(this.world.channels).flatMap(({ messages }) =>
      messages.flatMap(({ files: posted }) => posted ?? []),
    );
    const found = files.find((file) => file.id === id);
    return found && { ...found, url: fileUrl(found) };
  }

  // views

  /** The open modals of the person, the one on top last. */
  views() {
    return this.world.views.filter(({ user }) => user === this.me?.id);
  }

  get home() {
    return this.world.homes[this.me?.id] ?? null;
  }

  // acting

  /** Where blocks stand and what pressing something in them does; see `blocks.js`. */
  surface(name, target, more = {}) {
    const pressKey = ({ action_id: action, block_id: block }) =>
      JSON.stringify([target.view_id ?? target.ts, block, action]);
    return {
      workspace: this,
      name,
      entries: within(this.#entries, name),
      kept: within(this.#kept, name),
      pressKey,
      press: (action) => this.#press(target, action, pressKey(action)),
      showBusy: (control) => markBusy(control, this.#busy.has(control.dataset.press)),
      ...more,
    };
  }

  async #press(target, action, key) {
    if (this.#busy.has(key)) return;
    this.#setBusy(key, true);
    this.report(await call("click", { user: this.me.id, ...target, ...action }));
    this.#setBusy(key, false);
  }

  #setBusy(key, isBusy) {
    this.#busy[isBusy ? "add" : "delete"](key);
    for (const control of document.querySelectorAll("[data-press]")) {
      if (control.dataset.press === key) markBusy(control, isBusy);
    }
  }

  /** Say so when an act was not acked; whether it was. */
  report(answer) {
    if (answer.ok) return true;
    const [title, text] = FAILURES[answer.error] ?? ["{bot} did not respond", "Something went wrong."];
    this.notify({
      title: title.replace("{bot}", this.bot.name),
      text: `${text} (${answer.error ?? "unknown"})`,
      kind: "error",
    });
    return false;
  }
}

const FAILURES = {
  no_bot: ["{bot} did not respond", "No bot is connected to this sandbox."],
  ack_timeout: ["{bot} did not respond", "It did not acknowledge within three seconds. It may still be working on it."],
  no_such_message: ["That did not work", "The message is no longer there."],
  no_such_action: ["That did not work", "The button is no longer there."],
  not_visible: ["That did not work", "You cannot see this message."],
  no_such_view: ["That did not work", "This dialog has closed."],
  no_submit: ["That did not work", "This dialog cannot be submitted yet."],
  unreachable: ["The sandbox is not reachable", "Is it still running?"],
};

function isTopLevel(message, channel) {
  return !message.thread_ts || message.thread_ts === message.ts || isBroadcast(message, channel);
}

/** Whether a reply was sent to the channel as well. */
export const isBroadcast = (message, channel) => channel.broadcasts?.includes(message.ts) ?? false;

function within(maps, name) {
  if (!maps.has(name)) maps.set(name, new Map());
  return maps.get(name);
}

function markBusy(control, isBusy) {
  control.toggleAttribute("data-busy", isBusy);
  for (const name of ["aria-busy", "aria-disabled"]) {
    if (isBusy) control.setAttribute(name, "true");
    else control.removeAttribute(name);
  }
}

export function fileUrl(file) {
  return file.url_private ?? file.url ?? file.permalink ?? "";
}
