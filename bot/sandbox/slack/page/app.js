/** Puts the page together and draws it again whenever the server's state or the address changes. */

import { refreshTimes } from "./dates.js";
import { Composer } from "./composer.js";
import { Home } from "./home.js";
import { icon } from "./icons.js";
import { drawChannel, drawThread } from "./messages.js";
import { ModalHost } from "./modal.js";
import { noticeBoard } from "./notice.js";
import { go, readPlace } from "./place.js";
import { EndKeeper } from "./scroll.js";
import { follow } from "./server.js";
import { Sidebar } from "./sidebar.js";
import { Workspace } from "./state.js";

const TIMES_MS = 15_000;
const byId = (id) => document.getElementById(id);

const workspace = new Workspace(noticeBoard(takeCommand));
const showSidebar = (isShown) => {
  document.body.classList.toggle("sidebar-open", isShown);
  byId("open-sidebar").setAttribute("aria-expanded", String(isShown));
};
const sidebar = new Sidebar(byId("sidebar"), workspace, () => showSidebar(false));
const messagesEnd = new EndKeeper(byId("messages"), byId("to-end"));
const repliesEnd = new EndKeeper(byId("replies"));
const composer = new Composer(workspace, () => messagesEnd.toEnd());
const home = new Home(byId("home"), workspace);
const modals = new ModalHost(workspace);

let linked = null;

/** A command pressed somewhere on the page goes into the composer, wherever the person is. */
function takeCommand(command) {
  if (readPlace().home) go({ home: null });
  draw();
  showSidebar(false);
  composer.write(command);
}

function draw() {
  if (!workspace.isLoaded) return;
  const { channel } = workspace;
  const place = readPlace();
  const isHome = Boolean(place.home);
  byId("offline").hidden = workspace.isLive;
  byId("loading").hidden = true;
  home.draw(isHome);
  byId("conversation").hidden = isHome || !channel;
  drawTitle(isHome ? workspace.bot.name : channel ? workspace.titleOf(channel) : "No channel", isHome ? "Home" : "");
  if (channel && !isHome) {
    composer.draw(channel);
    drawMessages(channel);
    if (!document.hidden) workspace.markSeen(channel);
    showLinked(place.message);
  }
  drawThreadPane(channel, isHome ? null : place.thread);
  sidebar.draw();
  modals.draw();
}

/** Bring the message of a permalink into view, once. */
function showLinked(ts) {
  const message = ts !== linked && document.querySelector(`#messages [data-ts="${CSS.escape(ts ?? "")}"]`);
  if (!message) return;
  linked = ts;
  message.scrollIntoView({ block: "center" });
  message.classList.add("linked");
}

function drawTitle(name, note) {
  byId("title").textContent = name;
  byId("title-note").textContent = note;
  document.title = `${name} · ${workspace.about.team?.name ?? workspace.about.team ?? "Sandbox"}`;
}

function drawMessages(channel) {
  const list = byId("messages");
  const shown = `${workspace.me.id} ${channel.id}`;
  const isOther = list.dataset.shown !== shown;
  list.dataset.shown = shown;
  messagesEnd.keep(() => drawChannel(list, channel, workspace, takeCommand), isOther);
}

function drawThreadPane(channel, ts) {
  const pane = byId("thread");
  const parent = ts && channel?.messages.find((message) => message.ts === ts);
  const wasHidden = pane.hidden;
  pane.hidden = !parent;
  document.body.classList.toggle("thread-open", Boolean(parent));
  if (!parent) {
    byId("replies").replaceChildren();
    return;
  }
  repliesEnd.keep(() => drawThread(byId("replies"), channel, parent, workspace), wasHidden);
  byId("thread-note").textContent = workspace.titleOf(channel);
  if (wasHidden) byId("close-thread").focus();
}

function closeThread() {
  const { thread } = readPlace();
  go({ thread: null });
  const opener = [...document.querySelectorAll("[data-press]")].find(
    (control) => control.dataset.press === `thread ${thread}`,
  );
  (opener ?? document.querySelector(".composer-box"))?.focus();
}

function closeByKey(event) {
  if (event.key !== "Escape" || event.defaultPrevented || document.querySelector("dialog[open], .menu:popover-open"))
    return;
  if (document.body.classList.contains("sidebar-open")) {
    showSidebar(false);
    byId("open-sidebar").focus();
  } else if (readPlace().thread) closeThread();
}

const theme = localStorage.getItem("theme");
if (theme) document.documentElement.dataset.theme = theme;
byId("open-sidebar").append(icon("menu"));
byId("close-thread").append(icon("close"));
byId("composer").append(composer.element);
byId("open-sidebar").addEventListener("click", () => showSidebar(!document.body.classList.contains("sidebar-open")));
byId("shade").addEventListener("click", () => showSidebar(false));
byId("close-thread").addEventListener("click", closeThread);
document.addEventListener("keydown", closeByKey);
window.addEventListener("hashchange", draw);
document.addEventListener("visibilitychange", draw);
setInterval(() => refreshTimes(document), TIMES_MS);

follow(
  () => workspace.refresh(),
  (isLive) => {
    workspace.isLive = isLive;
    byId("offline").hidden = isLive;
    draw();
  },
);
