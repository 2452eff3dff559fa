"""Finding the interactive elements of blocks, and what a person's input makes of them.

Knows Slack's element types: where they can stand, the shape of their action and state value, and what the client
refuses before it sends a form. Pure functions on JSON.
"""

import re
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

Json = dict[str, Any]

SINGLE_CHOICE = {"static_select", "radio_buttons", "overflow", "external_select"}
MANY_CHOICES = {"multi_static_select", "checkboxes", "multi_external_select"}
TYPED = {"plain_text_input", "email_text_input", "url_text_input", "number_input"}
PICKED = {
    "users_select": ("selected_user", "initial_user"),
    "conversations_select": ("selected_conversation", "initial_conversation"),
    "channels_select": ("selected_channel", "initial_channel"),
    "datepicker": ("selected_date", "initial_date"),
    "timepicker": ("selected_time", "initial_time"),
    "datetimepicker": ("selected_date_time", "initial_date_time"),
    "multi_users_select": ("selected_users", "initial_users"),
    "multi_conversations_select": ("selected_conversations", "initial_conversations"),
    "multi_channels_select": ("selected_channels", "initial_channels"),
}
STATELESS = {"button", "overflow", "icon_button", "feedback_buttons", "workflow_button", "image"}


class NoSuchOption(Exception):
    """The person picked something that the element does not offer, or more than it takes."""


def fill_ids(blocks: Sequence[Json]) -> list[Json]:
    """Copies of the blocks with a block_id each and an action_id on each element, as Slack returns them."""
    filled = [{**block, "block_id": block.get("block_id") or secrets.token_urlsafe(4)} for block in blocks]
    for block in filled:
        for key in ("accessory", "element"):
            if isinstance(block.get(key), dict):
                block[key] = _with_action_id(block[key])
        for key in ("elements", "actions"):
            if block["type"] in {"actions", "context_actions", "card"} and key in block:
                block[key] = [_with_action_id(element) for element in block[key]]
        for key in ("child_blocks", "elements"):
            if block["type"] in {"container", "carousel"} and key in block:
                block[key] = fill_ids(block[key])
    return filled


def _with_action_id(element: Json) -> Json:
    if element["type"] == "image":
        return element
    return {**element, "action_id": element.get("action_id") or secrets.token_urlsafe(4)}


def interactive(blocks: Sequence[Json]) -> Iterator[tuple[Json, Json]]:
    """Every (block, element) a person can act on, in the order of the page."""
    for block in blocks:
        yield from interactive(block.get("child_blocks", []))
        if block["type"] == "carousel":
            yield from interactive(block["elements"])
        elif block["type"] in {"actions", "context_actions"}:
            yield from ((block, element) for element in block["elements"])
        for element in block.get("actions", []) if block["type"] == "card" else []:
            yield block, element
        for key in ("accessory", "element"):
            if key in block and block[key]["type"] != "image":
                yield block, block[key]


def inputs(blocks: Sequence[Json]) -> Iterator[Json]:
    """The input blocks."""
    return (block for block in blocks if block["type"] == "input")


def action(block: Json, element: Json, value: Any, action_ts: str) -> Json:
    """One entry of a payload's `actions`. Raises NoSuchOption."""
    common = {
        "action_id": element["action_id"],
        "block_id": block["block_id"],
        "type": element["type"],
        "action_ts": action_ts,
    }
    if element["type"] in {"button", "icon_button"}:
        kept: Json = {key: element[key] for key in ("text", "value", "style", "url") if key in element}
        return {**common, **kept}
    if element["type"] == "overflow":
        return {**common, "selected_option": _option(element, value)}
    if element["type"] == "feedback_buttons":
        both = (element["positive_button"], element["negative_button"])
        chosen = next((button for button in both if button["value"] == value), None)
        if chosen is None:
            raise NoSuchOption(value)
        return {**common, "text": chosen["text"], "value": chosen["value"]}
    return {**common, **state_value(element, value)}


def state_value(element: Json, value: Any) -> Json:
    """The element's entry in `state.values` once the person chose or typed `value`. Raises NoSuchOption."""
    kind = element["type"]
    if isinstance(value, list) and len(value) > element.get("max_selected_items", len(value)):
        raise NoSuchOption(value)
    if kind in SINGLE_CHOICE:
        return {"type": kind, "selected_option": None if value is None else _option(element, value)}
    if kind in MANY_CHOICES:
        return {"type": kind, "selected_options": [_option(element, one) for one in value or []]}
    if kind in PICKED:
        return {"type": kind, PICKED[kind][0]: value if value is not None or "multi" not in kind else []}
    return {"type": kind, "value": str(value) if value not in (None, "") else None}


def initial_value(element: Json) -> Json:
    """The element's entry in `state.values` before anyone touched it."""
    kind = element["type"]
    if kind in SINGLE_CHOICE:
        return {"type": kind, "selected_option": element.get("initial_option")}
    if kind in MANY_CHOICES:
        return {"type": kind, "selected_options": element.get("initial_options", [])}
    if kind in PICKED:
        return state_value(element, element.get(PICKED[kind][1]))
    return {"type": kind, "value": element.get("initial_value")}


def _option(element: Json, value: Any) -> Json:
    groups: list[Json] = element.get("option_groups", [{"options": element.get("options", [])}])
    for group in groups:
        for option in group["options"]:
            if option.get("value") == value:
                chosen: Json = option
                return chosen
    raise NoSuchOption(value)


def standing_values(
    blocks: Sequence[Json], entered: Mapping[str, Mapping[str, Json]]
) -> dict[str, dict[str, Json]]:
    """`state.values` of a surface: what was entered, or else what stood there from the start."""
    values: dict[str, dict[str, Json]] = {}
    for block, element in interactive(blocks):
        if element["type"] not in STATELESS:
            block_id, action_id = block["block_id"], element["action_id"]
            value = entered.get(block_id, {}).get(action_id) or initial_value(element)
            values.setdefault(block_id, {})[action_id] = value
    return values


def complaint(block: Json, value: Json) -> str | None:
    """What Slack's client says under an input block instead of sending the form; None if it would send it."""
    element = block["element"]
    entered = next((entry for key, entry in value.items() if key != "type"), None)
    if entered in (None, [], ""):
        return None if block.get("optional") else "Please complete this required field."
    rule = _TYPED_RULES.get(element["type"])
    return rule(element, str(entered)) if rule else None


def _plain_text(element: Json, entered: str) -> str | None:
    shortest, longest = element.get("min_length", 0), element.get("max_length", 3000)
    if len(entered) < shortest:
        return f"This must be at least {shortest} characters."
    if len(entered) > longest:
        return f"This must be {longest} characters or fewer."
    return None


def _number(element: Json, entered: str) -> str | None:
    pattern = r"-?\d+(\.\d+)?" if element["is_decimal_allowed"] else r"-?\d+"
    if not re.fullmatch(pattern, entered):
        return "Please enter a valid number."
    number = float(entered)
    if number < float(element.get("min_value", number)) or number > float(element.get("max_value", number)):
        return "This number is outside the allowed range."
    return None


def _email(_element: Json, entered: str) -> str | None:
    return (
        None if re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", entered) else "Please enter a valid email address."
    )


def _url(_element: Json, entered: str) -> str | None:
    return None if re.match(r"https?://\S+$", entered) else "Please enter a valid URL."


_TYPED_RULES: dict[str, Callable[[Json, str], str | None]] = {
    "plain_text_input": _plain_text,
    "number_input": _number,
    "email_text_input": _email,
    "url_text_input": _url,
}
