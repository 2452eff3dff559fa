/**
 * Where an element stands and what happens to its value. An element in an `input` block only remembers it
 * (`surface.entries`) until the modal is submitted; anywhere else, or with `dispatch_action`, it is pressed.
 */

import { confirmed } from "./confirm.js";

/** Where an element stands: its surface, its block, whether it is a field of a form, and its label. */
export function slot(surface, block, label) {
  const isField = block.type === "input";
  return {
    surface,
    block,
    isField,
    label,
    workspace: surface.workspace,
    presses: !isField || block.dispatch_action === true,
  };
}

export const entryKey = (block, element) => `${block.block_id ?? ""}/${element.action_id ?? ""}`;

/** What an element holds before anyone touched it: a string, a list, an instant, or undefined. */
export function initialValue(spec) {
  const one =
    spec.initial_option?.value ??
    spec.initial_value ??
    spec.initial_date ??
    spec.initial_time ??
    spec.initial_user ??
    spec.initial_conversation ??
    spec.initial_channel ??
    spec.initial_date_time;
  const many =
    spec.initial_options?.map((option) => option.value) ??
    spec.initial_users ??
    spec.initial_conversations ??
    spec.initial_channels;
  return many ?? one;
}

export function currentValue(spec, { surface, block }) {
  const key = entryKey(block, spec);
  return surface.entries.has(key) ? surface.entries.get(key) : initialValue(spec);
}

/** Take a new value of an element; the answer is a promise when it was pressed. */
export function take(spec, at, value, control) {
  at.surface.entries.set(entryKey(at.block, spec), value);
  at.surface.touched?.(at.block.block_id);
  return at.presses ? press(spec, at, value, control) : undefined;
}

export async function press(spec, at, value, control) {
  if (spec.confirm && !(await confirmed(control, spec.confirm, at.workspace))) return;
  await at.surface.press({ action_id: spec.action_id, block_id: at.block.block_id, value });
}

/** Let the surface find the control again: to show that it is busy, and to give the focus back. */
export function markPress(control, spec, at) {
  control.dataset.press = at.surface.pressKey({ action_id: spec.action_id, block_id: at.block.block_id });
  at.surface.showBusy(control);
  return control;
}

/** The id a label points to; only fields have one. */
export const fieldId = ({ isField, block, surface }) => (isField ? `field-${surface.name}-${block.block_id}` : null);
