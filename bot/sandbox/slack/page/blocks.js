/**
 * Layout blocks as elements. `surface` is where they stand: `{workspace, name, press, pressKey, showBusy, entries,
 * errors, kept}`; `kept` remembers what a person opened or sorted while the message changes underneath.
 */

import { h, isOwn, link } from "./dom.js";
import { element } from "./elements.js";
import { icon } from "./icons.js";
import { markdown } from "./markdown.js";
import { plain, textObject } from "./mrkdwn.js";
import { richText } from "./richtext.js";
import { fieldId, slot } from "./slot.js";
import { dataTable, table } from "./tables.js";

export function drawBlocks(blocks, surface, path = "") {
  return (blocks ?? []).map((block, index) => drawBlock(block, surface, `${path}/${index}`));
}

function drawBlock(block, surface, path) {
  const draw = BLOCKS[block.type];
  const inside = draw ? draw(block, surface, path) : h("span", { class: "unknown" }, `[${block.type} block]`);
  return h("div", { class: `block block-${draw ? block.type : "unknown"}`, "data-block": block.block_id }, inside);
}

function section(block, surface) {
  const { workspace } = surface;
  const text = block.text ? h("div", { class: "section-text" }, textObject(block.text, workspace)) : null;
  const fields = block.fields
    ? h(
        "div",
        { class: "fields" },
        block.fields.map((field) => h("div", { class: "field" }, textObject(field, workspace))),
      )
    : null;
  const accessory = block.accessory
    ? h("div", { class: "accessory" }, element(block.accessory, slot(surface, block)))
    : null;
  return [h("div", { class: "section-body" }, text, fields), accessory];
}

function context(block, surface) {
  return (block.elements ?? []).map((part) =>
    part.type === "image"
      ? element(part, slot(surface, block))
      : h("span", { class: "context-text" }, textObject(part, surface.workspace)),
  );
}

function actions(block, surface) {
  return (block.elements ?? []).map((part) => element(part, slot(surface, block)));
}

/** A picture, shown only when the page's own server holds it: nothing is ever fetched from elsewhere. */
function image(block, surface) {
  const file = block.slack_file && surface.workspace.file(block.slack_file);
  const url = file?.url ?? block.image_url ?? block.slack_file?.url;
  const title = block.title ? h("figcaption", {}, textObject(block.title, surface.workspace)) : null;
  return picture(url, block.alt_text, title);
}

export function picture(url, words, title) {
  const shown =
    url && isOwn(url)
      ? h(
          "a",
          { href: url, target: "_blank", rel: "noopener" },
          h("img", { src: url, alt: words ?? "", loading: "lazy" }),
        )
      : h("div", { class: "outside-picture" }, "Picture not loaded: ", url ? link(url, words || url) : (words ?? ""));
  return h("figure", {}, title, shown);
}

function input(block, surface) {
  const spec = block.element ?? {};
  const at = slot(surface, block, block.label?.text ?? "");
  const error = surface.errors?.[block.block_id];
  const id = fieldId(at);
  const control = element(spec, at);
  const field = control.id === id ? control : (control.querySelector(`#${CSS.escape(id)}`) ?? control);
  field.setAttribute("aria-describedby", `${id}-notes`);
  if (error) field.setAttribute("aria-invalid", "true");
  const optional = block.optional ? h("span", { class: "optional" }, " (optional)") : null;
  return [
    h("label", { for: id, class: "input-label" }, plain(block.label?.text ?? ""), optional),
    control,
    h(
      "div",
      { id: `${id}-notes` },
      h("div", { class: "input-error", role: "alert" }, error ?? ""),
      block.hint ? h("div", { class: "input-hint" }, textObject(block.hint, surface.workspace)) : null,
    ),
  ];
}

const SIGNS = { info: "info", success: "success", warning: "warning", error: "warning" };

function alert(block, surface) {
  const level = SIGNS[block.level] ? block.level : "default";
  return h(
    "div",
    { class: `alert alert-${level}`, role: "note", "aria-label": level },
    icon(SIGNS[level] ?? "info"),
    h("div", {}, textObject(block.text, surface.workspace)),
  );
}

function card(block, surface) {
  const { workspace } = surface;
  const part = (name, object) => (object ? h("div", { class: name }, textObject(object, workspace)) : null);
  const at = slot(surface, block);
  return h(
    "div",
    { class: "card" },
    block.hero_image ? picture(block.hero_image.image_url, block.hero_image.alt_text) : null,
    h(
      "div",
      { class: "card-head" },
      block.icon ? element({ type: "image", ...block.icon }, at) : null,
      h("div", {}, part("card-title", block.title), part("card-subtitle", block.subtitle)),
    ),
    part("card-body", block.body),
    block.actions
      ? h(
          "div",
          { class: "block-actions" },
          block.actions.map((spec) => element(spec, at)),
        )
      : null,
  );
}

function container(block, surface, path) {
  const { workspace } = surface;
  const title = block.rich_text_title ? richText(block.rich_text_title, workspace) : textObject(block.title, workspace);
  const head = [
    block.icon ? element({ type: "image", ...block.icon }, slot(surface, block)) : null,
    h(
      "div",
      {},
      h("div", { class: "card-title" }, title),
      block.subtitle ? h("div", { class: "card-subtitle" }, textObject(block.subtitle, workspace)) : null,
    ),
  ];
  const body = h("div", { class: "container-body" }, drawBlocks(block.child_blocks, surface, path));
  const name = `container width-${block.width ?? "standard"}${block.has_header_divider ? " divided" : ""}`;
  if (!block.is_collapsible) return h("div", { class: name }, h("div", { class: "container-head" }, head), body);
  const details = h(
    "details",
    { class: name, open: surface.kept.get(path) ?? !block.default_collapsed },
    h("summary", { class: "container-head" }, h("span", { class: "fold", "aria-hidden": "true" }), head),
    body,
  );
  details.addEventListener("toggle", () => surface.kept.set(path, details.open));
  return details;
}

const STATES = { pending: "not started", in_progress: "in progress", complete: "done", error: "failed" };

function taskCard(block, surface, path) {
  const status = STATES[block.status] ? block.status : "pending";
  const head = [
    h("span", { class: `task-sign task-${status}`, role: "img", "aria-label": STATES[status] }),
    h("span", { class: "task-title" }, plain(block.title ?? "")),
  ];
  const more = [block.details, block.output]
    .filter(Boolean)
    .map((part) => h("div", { class: "task-more" }, richText(part, surface.workspace)));
  const sources = (block.sources ?? []).map((source) =>
    h("div", { class: "task-more" }, link(source.url, source.text ?? source.url)),
  );
  if (!more.length && !sources.length) return h("div", { class: "task" }, h("div", { class: "task-head" }, head));
  const details = h(
    "details",
    { class: "task", open: surface.kept.get(path) ?? block.status !== "pending" },
    h("summary", { class: "task-head" }, head, h("span", { class: "fold", "aria-hidden": "true" })),
    more,
    sources,
  );
  details.addEventListener("toggle", () => surface.kept.set(path, details.open));
  return details;
}

function plan(block, surface, path) {
  const tasks = block.tasks ?? [];
  const done = tasks.filter((task) => task.status === "complete").length;
  return h(
    "div",
    { class: "plan" },
    h(
      "div",
      { class: "plan-head" },
      h("span", { class: "card-title" }, plain(block.title ?? "")),
      h("span", { class: "plan-count" }, `${done} of ${tasks.length}`),
    ),
    tasks.map((task, index) => taskCard(task, surface, `${path}/${index}`)),
  );
}

const BLOCKS = {
  section,
  context,
  actions,
  image,
  input,
  alert,
  card,
  container,
  plan,
  table,
  task_card: taskCard,
  data_table: dataTable,
  context_actions: actions,
  divider: () => h("hr"),
  header: (block) => h("h3", { class: "header-text" }, plain(block.text?.text ?? "")),
  markdown: (block, surface) => markdown(block.text ?? "", surface.workspace),
  rich_text: (block, surface) => richText(block, surface.workspace),
  carousel: (block, surface, path) =>
    h("div", { class: "carousel", tabindex: 0 }, drawBlocks(block.elements ?? block.cards, surface, path)),
};
