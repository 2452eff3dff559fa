/** Elements that are typed into or ticked, and what is wrong with a value before the bot is asked. */

import { fromLocalInput, localInput } from "./dates.js";
import { h } from "./dom.js";
import { textObject } from "./mrkdwn.js";
import { currentValue, fieldId, markPress, take } from "./slot.js";

/** Radio buttons and checkboxes. */
export function choices(spec, at) {
  const many = spec.type === "checkboxes";
  const name = `${at.surface.name}-${at.block.block_id}-${spec.action_id}`;
  const chosen = [currentValue(spec, at) ?? []].flat();
  const group = h("div", {
    class: "choices",
    role: many ? "group" : "radiogroup",
    id: fieldId(at),
    "aria-label": at.label ?? "Options",
  });
  const changed = () => {
    const values = [...group.querySelectorAll("input:checked")].map((input) => input.value);
    take(spec, at, many ? values : values[0], group);
  };
  group.append(
    ...(spec.options ?? []).map((option) => {
      const input = h("input", {
        type: many ? "checkbox" : "radio",
        name,
        value: option.value,
        checked: chosen.includes(option.value),
        change: changed,
      });
      const note = option.description
        ? h("span", { class: "choice-note" }, textObject(option.description, at.workspace))
        : null;
      return h(
        "label",
        { class: "choice" },
        markPress(input, spec, at),
        h("span", {}, textObject(option.text, at.workspace), note),
      );
    }),
  );
  return group;
}

const TYPES = { datepicker: "date", timepicker: "time", datetimepicker: "datetime-local" };

/**
 * Date and time pickers. Outside a form the value is sent by its own small button: a native picker reports
 * every key on the way to a date, and the bot must only hear the last. A date and time is an instant.
 */
export function dateField(spec, at) {
  const { zone } = at.workspace;
  const isInstant = spec.type === "datetimepicker";
  const input = h("input", {
    type: TYPES[spec.type],
    class: "text-input",
    id: fieldId(at),
    "aria-label": at.label ?? spec.placeholder?.text ?? "Date or time",
  });
  const value = currentValue(spec, at);
  if (value) input.value = isInstant ? localInput(Number(value), zone) : value;
  const read = () => (isInstant && input.value ? fromLocalInput(input.value, zone) : input.value || null);
  const zoneNote = isInstant ? h("span", { class: "choice-note" }, zone) : null;
  if (at.isField) {
    input.addEventListener("change", () => take(spec, at, read(), input));
    return h("div", { class: "row" }, input, zoneNote);
  }
  const set = h("button", { type: "button", class: "button", click: () => take(spec, at, read(), input) }, "Set");
  return h("span", { class: "row" }, input, zoneNote, markPress(set, spec, at));
}

const INPUTS = {
  url_text_input: ["url", "url"],
  email_text_input: ["email", "email"],
  number_input: ["text", "decimal"],
};

/** One line or several of text, a number, an address. */
export function textField(spec, at) {
  const isLong = spec.multiline || spec.type === "rich_text_input";
  const [type, inputmode] = INPUTS[spec.type] ?? ["text", null];
  const shared = {
    class: "text-input",
    id: fieldId(at),
    placeholder: spec.placeholder?.text,
    maxlength: spec.max_length,
    "aria-label": at.label ? null : (spec.placeholder?.text ?? "Text"),
    autocomplete: "off",
    autofocus: spec.focus_on_load,
  };
  const input = isLong ? h("textarea", { ...shared, rows: 4 }) : h("input", { ...shared, type, inputmode });
  input.value = currentValue(spec, at) ?? "";
  const remember = { ...at, presses: false };
  input.addEventListener("input", () => take(spec, remember, input.value, input));
  if (at.presses) input.addEventListener("keydown", (event) => sendOnEnter(event, spec, at, input));
  return markPress(input, spec, at);
}

function sendOnEnter(event, spec, at, input) {
  if (event.key !== "Enter" || event.shiftKey) return;
  event.preventDefault();
  take(spec, at, input.value, input);
}

const ADDRESS = {
  url_text_input: [/^https?:\/\/\S+$/, "Please enter a valid URL."],
  email_text_input: [/^\S+@\S+\.\S+$/, "Please enter a valid email address."],
};

/** Why a value cannot be submitted, or null. Only what Slack's own client checks; the rest is the bot's to say. */
export function problem(spec, value, isOptional) {
  const isEmpty = value === undefined || value === null || value.length === 0;
  if (isEmpty) return isOptional ? null : "Please complete this required field.";
  if (spec.min_length && value.length < spec.min_length) return `Please enter at least ${spec.min_length} characters.`;
  if (spec.type === "number_input") return numberProblem(spec, value);
  const [shape, words] = ADDRESS[spec.type] ?? [];
  return shape && !shape.test(value) ? words : null;
}

function numberProblem(spec, value) {
  const shape = spec.is_decimal_allowed ? /^-?\d+(\.\d+)?$/ : /^-?\d+$/;
  if (!shape.test(value)) return spec.is_decimal_allowed ? "Please enter a number." : "Please enter a whole number.";
  if (spec.min_value !== undefined && Number(value) < Number(spec.min_value))
    return `Please enter ${spec.min_value} or more.`;
  if (spec.max_value !== undefined && Number(value) > Number(spec.max_value))
    return `Please enter ${spec.max_value} or less.`;
  return null;
}
