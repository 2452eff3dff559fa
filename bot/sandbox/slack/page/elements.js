/** Interactive elements that are pressed or picked from: buttons, overflow and select menus, feedback, pictures. */

import { h, isOwn, safeUrl } from "./dom.js";
import { choices, dateField, textField } from "./fields.js";
import { openMenu } from "./menu.js";
import { textObject } from "./mrkdwn.js";
import { currentValue, fieldId, markPress, press, take } from "./slot.js";

export function element(spec, at) {
  const draw = ELEMENTS[spec.type] ?? (spec.type?.includes("select") ? select : unknown);
  return draw(spec, at);
}

function unknown(spec) {
  return h("span", { class: "unknown" }, `[${spec.type}]`);
}

function openPage(url) {
  const href = url ? safeUrl(url) : null;
  if (href) window.open(href, "_blank", "noopener");
}

const isBusy = (control) => control.getAttribute("aria-disabled") === "true";

function button(spec, at) {
  const kind = ["primary", "danger"].includes(spec.style) ? `button ${spec.style}` : "button";
  const label = spec.text ? textObject(spec.text, at.workspace) : (spec.alt_text ?? "");
  const run = () => {
    openPage(spec.url);
    return press(spec, at, spec.value, control);
  };
  const control = h(
    "button",
    { type: "button", class: kind, "aria-label": spec.accessibility_label, click: () => isBusy(control) || run() },
    h("span", {}, label),
    spec.url ? h("span", { class: "away", "aria-label": "(opens a page)" }, " ↗") : null,
  );
  return markPress(control, spec, at);
}

function overflow(spec, at) {
  const options = (spec.options ?? []).map((option) => ({
    value: option.value,
    label: textObject(option.text, at.workspace),
    note: option.description && textObject(option.description, at.workspace),
    url: option.url,
  }));
  const pick = (value) => {
    openPage(options.find((option) => option.value === value)?.url);
    press(spec, at, value, control);
  };
  const open = () => openMenu(control, { name: "More actions", groups: [{ options }], isMenu: true, onpick: pick });
  const control = h(
    "button",
    {
      type: "button",
      class: "button overflow",
      "aria-label": "More actions",
      "aria-haspopup": "menu",
      "aria-expanded": "false",
      click: () => isBusy(control) || open(),
    },
    "⋯",
  );
  return markPress(control, spec, at);
}

function groupsOf(spec, workspace) {
  const drawn = (options) =>
    options.map((option) => ({
      value: option.value,
      label: textObject(option.text, workspace),
      note: option.description && textObject(option.description, workspace),
    }));
  if (spec.type.includes("users"))
    return [{ options: workspace.people.map(({ id }) => ({ value: id, label: workspace.nameOf(id) })) }];
  if (/conversations|channels/.test(spec.type)) {
    return [{ options: workspace.channels().map(({ id, name }) => ({ value: id, label: `# ${name}` })) }];
  }
  if (spec.option_groups)
    return spec.option_groups.map((group) => ({
      label: textObject(group.label, workspace),
      options: drawn(group.options),
    }));
  return [{ options: drawn(spec.options ?? []) }];
}

/** Any of the select menus, for one value or several. */
function select(spec, at) {
  const many = spec.type.startsWith("multi_");
  const groups = groupsOf(spec, at.workspace);
  const words = h("span", { class: "select-value" });
  const showValue = (value) => {
    const chosen = [value ?? []].flat();
    const labels = groups
      .flatMap((group) => group.options)
      .filter((option) => chosen.includes(option.value))
      .map((option) => option.label);
    const text = labels.map((label) =>
      h(
        "span",
        { class: many ? "chip" : "" },
        [label].flat().map((node) => node.cloneNode?.(true) ?? node),
      ),
    );
    words.replaceChildren(
      ...(text.length
        ? text
        : [h("span", { class: "placeholder" }, textObject(spec.placeholder ?? "Choose", at.workspace))]),
    );
  };
  const pick = (value) => {
    const before = [currentValue(spec, at) ?? []].flat();
    if (many && before.length === value.length && value.every((one) => before.includes(one))) return;
    showValue(value);
    take(spec, at, value, control);
  };
  const open = () => {
    const chosen = [currentValue(spec, at) ?? []].flat();
    const name = at.label ?? spec.placeholder?.text ?? "Options";
    openMenu(control, { name, groups, chosen, many, most: spec.max_selected_items, onpick: pick });
  };
  const control = h(
    "button",
    {
      type: "button",
      class: "select",
      id: fieldId(at),
      "aria-haspopup": "listbox",
      "aria-expanded": "false",
      "aria-label": at.label ? null : spec.placeholder?.text,
      click: () => isBusy(control) || open(),
    },
    words,
    h("span", { class: "caret", "aria-hidden": "true" }),
  );
  showValue(currentValue(spec, at));
  return markPress(control, spec, at);
}

function image(spec) {
  if (isOwn(spec.image_url)) return h("img", { class: "thumb", src: spec.image_url, alt: spec.alt_text ?? "" });
  return h("span", { class: "thumb outside", title: spec.image_url }, spec.alt_text ?? "picture");
}

function feedback(spec, at) {
  const buttons = [spec.positive_button, spec.negative_button].filter(Boolean);
  return h(
    "span",
    { class: "row" },
    buttons.map((one) => button({ ...one, action_id: spec.action_id, type: "button" }, at)),
  );
}

const ELEMENTS = {
  button,
  overflow,
  image,
  workflow_button: button,
  icon_button: button,
  feedback_buttons: feedback,
  radio_buttons: choices,
  checkboxes: choices,
  datepicker: dateField,
  timepicker: dateField,
  datetimepicker: dateField,
  plain_text_input: textField,
  rich_text_input: textField,
  number_input: textField,
  url_text_input: textField,
  email_text_input: textField,
};
