"""Every limit of Block Kit in one place, and what Slack says when one is broken.

The numbers are those of @slack/types 3.2.0 (`dist/block-kit/*.d.ts`, `dist/views.d.ts`) and slack_sdk 3.47.0
(`models/blocks`); where the two differ, the lower one. Unknown keys are refused, as Slack refuses them.
Which error word an endpoint answers with is the endpoint's business.
"""

from collections.abc import Iterator, Sequence
from itertools import chain
from typing import Any

from bot.sandbox.slack.elements import interactive
from bot.sandbox.slack.rich_text import A_RICH_TEXT, DATA_TABLE, ID, ID_OF_BLOCK, RICH_TEXT, TABLE, URL
from bot.sandbox.slack.schema import (
    Check,
    any_key,
    array,
    boolean,
    both,
    complain,
    exactly_one_key,
    integer,
    later,
    one_of,
    record,
    string,
    typed,
)

Json = dict[str, Any]

TEXT_OF_A_MESSAGE = 40_000
BLOCKS_OF_A_MESSAGE = 50
BLOCKS_OF_A_VIEW = 100
MARKDOWN_OF_A_MESSAGE = 12_000
WORDS_OF_A_MESSAGE = 13_000
"""Characters over all blocks; not documented, about 13,200 observed (slackapi/bolt-js#2509): `msg_blocks_too_long`."""
BYTES_OF_A_VIEW = 250_000
MODALS_IN_A_STACK = 3
OPTIONS = 100


def _plain(longest: int) -> Check:
    return typed({"plain_text": record({"text": string(longest)}, {"emoji": boolean})})


def _text(longest: int) -> Check:
    mrkdwn = record({"text": string(longest)}, {"verbatim": boolean})
    return typed({"plain_text": record({"text": string(longest)}, {"emoji": boolean}), "mrkdwn": mrkdwn})


_STYLE = one_of("primary", "danger")
_CONFIRM = record(
    {"title": _plain(100), "text": _text(300), "confirm": _plain(30), "deny": _plain(30)}, {"style": _STYLE}
)
_OPTION = record({"text": _text(75), "value": string(75)}, {"description": _text(75)})
_OVERFLOW_OPTION = record({"text": _plain(75), "value": string(75)}, {"description": _plain(75), "url": URL})
_OPTION_GROUP = record({"label": _plain(75), "options": array(_OPTION, OPTIONS)})
_SLACK_FILE = both(record({}, {"id": ID, "url": URL}), exactly_one_key("id", "url"))
_IMAGE_SOURCE = exactly_one_key("image_url", "slack_file")
_IMAGE = both(
    record({"alt_text": string(2000)}, {"image_url": URL, "slack_file": _SLACK_FILE}), _IMAGE_SOURCE
)

_COMMON = {"action_id": ID, "confirm": _CONFIRM, "focus_on_load": boolean, "placeholder": _plain(150)}
_CHOOSING = {**_COMMON, "options": array(_OPTION, OPTIONS), "option_groups": array(_OPTION_GROUP, OPTIONS)}
_FEW = {"action_id": ID, "confirm": _CONFIRM, "focus_on_load": boolean}
_DISPATCH = record({}, {"trigger_actions_on": array(one_of("on_enter_pressed", "on_character_entered"), 2)})
_TYPING = {
    "action_id": ID,
    "placeholder": _plain(150),
    "focus_on_load": boolean,
    "initial_value": string(3000),
    "dispatch_action_config": _DISPATCH,
}
_FILTER = record(
    {},
    {
        "include": array(one_of("im", "mpim", "private", "public"), 4),
        "exclude_bot_users": boolean,
        "exclude_external_shared_channels": boolean,
    },
)
_MAX_SELECTED = {"max_selected_items": integer(1, OPTIONS)}
_CONVERSATIONS = {"default_to_current_conversation": boolean, "filter": _FILTER}
_USER_IDS = array(ID, 100)


def _initial_is_offered(value: Any, at: str) -> Iterator[str]:
    """The preselected options must be among the offered ones."""
    groups = value.get("option_groups", [{"options": value.get("options", [])}])
    if not all(isinstance(group, dict) for group in groups):
        return
    offered = [option for group in groups for option in group.get("options", [])]
    chosen = [value["initial_option"]] if "initial_option" in value else value.get("initial_options", [])
    if any(option not in offered for option in chosen):
        yield complain("initial option must match an option", at)


def _choice(keys: dict[str, Check]) -> Check:
    return both(record({}, keys), exactly_one_key("options", "option_groups"), _initial_is_offered)


def _offered(most: int, initial: dict[str, Check]) -> Check:
    return both(record({"options": array(_OPTION, most)}, {**_FEW, **initial}), _initial_is_offered)


_FEEDBACK = record({"text": _plain(75), "value": string(2000)}, {"accessibility_label": string(75)})
_INITIAL_MANY = {"initial_options": array(_OPTION, OPTIONS)}

ELEMENTS: dict[str, Check] = {
    "button": record(
        {"text": _plain(75)},
        {
            "action_id": ID,
            "value": string(2000),
            "url": URL,
            "style": _STYLE,
            "confirm": _CONFIRM,
            "accessibility_label": string(75),
            "visible_to_user_ids": _USER_IDS,
        },
    ),
    "icon_button": record(
        {"icon": string(75), "text": _plain(75)},
        {
            "action_id": ID,
            "value": string(2000),
            "confirm": _CONFIRM,
            "accessibility_label": string(75),
            "visible_to_user_ids": _USER_IDS,
        },
    ),
    "feedback_buttons": record(
        {"positive_button": _FEEDBACK, "negative_button": _FEEDBACK}, {"action_id": ID}
    ),
    "overflow": record({"options": array(_OVERFLOW_OPTION, 5)}, {"action_id": ID, "confirm": _CONFIRM}),
    "static_select": _choice({**_CHOOSING, "initial_option": _OPTION}),
    "multi_static_select": _choice({**_CHOOSING, **_INITIAL_MANY, **_MAX_SELECTED}),
    "radio_buttons": _offered(10, {"initial_option": _OPTION}),
    "checkboxes": _offered(10, _INITIAL_MANY),
    "users_select": record({}, {**_COMMON, "initial_user": ID}),
    "multi_users_select": record({}, {**_COMMON, "initial_users": _USER_IDS, **_MAX_SELECTED}),
    "conversations_select": record(
        {}, {**_COMMON, **_CONVERSATIONS, "initial_conversation": ID, "response_url_enabled": boolean}
    ),
    "multi_conversations_select": record(
        {}, {**_COMMON, **_CONVERSATIONS, "initial_conversations": _USER_IDS, **_MAX_SELECTED}
    ),
    "channels_select": record({}, {**_COMMON, "initial_channel": ID, "response_url_enabled": boolean}),
    "multi_channels_select": record({}, {**_COMMON, "initial_channels": _USER_IDS, **_MAX_SELECTED}),
    "datepicker": record({}, {**_COMMON, "initial_date": string(10, 10)}),
    "timepicker": record({}, {**_COMMON, "initial_time": string(5, 5), "timezone": string(75)}),
    "datetimepicker": record({}, {**_FEW, "initial_date_time": integer(10**9, 10**10 - 1)}),
    "plain_text_input": record(
        {},
        {**_TYPING, "multiline": boolean, "min_length": integer(0, 3000), "max_length": integer(1, 3000)},
    ),
    "email_text_input": record({}, _TYPING),
    "url_text_input": record({}, _TYPING),
    "number_input": record(
        {"is_decimal_allowed": boolean}, {**_TYPING, "min_value": string(30), "max_value": string(30)}
    ),
}

_IN_INPUT = {
    kind: check for kind, check in ELEMENTS.items() if kind not in {"button", "icon_button", "overflow"}
}
_IN_ACTIONS = {
    kind: check
    for kind, check in ELEMENTS.items()
    if kind not in {"icon_button", "feedback_buttons", "email_text_input", "url_text_input", "number_input"}
}
_BUTTON = typed({"button": ELEMENTS["button"]})
_URL_SOURCE = typed({"url": record({"url": URL, "text": string(3000)})})
_TASK = record(
    {
        "task_id": ID,
        "title": string(3000),
        "status": one_of("pending", "in_progress", "complete", "error"),
    },
    {"details": A_RICH_TEXT, "output": A_RICH_TEXT, "sources": array(_URL_SOURCE, 100), **ID_OF_BLOCK},
)
_CARD = both(
    record(
        {},
        {
            "hero_image": typed({"image": _IMAGE}),
            "icon": typed({"image": _IMAGE}),
            "title": _text(150),
            "subtitle": _text(150),
            "body": _text(200),
            "actions": array(_BUTTON, 25),
            **ID_OF_BLOCK,
        },
    ),
    any_key("hero_image", "title", "actions", "body"),
)
_CONTAINER = both(
    record(
        {"child_blocks": array(later(lambda: typed({**EVERYWHERE, **IN_MESSAGES})), 10)},
        {
            "title": _plain(150),
            "rich_text_title": A_RICH_TEXT,
            "subtitle": _text(150),
            "width": one_of("narrow", "standard", "wide", "full"),
            "icon": typed({"image": _IMAGE}),
            "is_collapsible": boolean,
            "default_collapsed": boolean,
            "has_header_divider": boolean,
            **ID_OF_BLOCK,
        },
    ),
    any_key("title", "rich_text_title"),
)

EVERYWHERE: dict[str, Check] = {
    "section": both(
        record(
            {},
            {
                "text": _text(3000),
                "fields": array(_text(2000), 10),
                "accessory": typed({**_IN_ACTIONS, "image": _IMAGE}),
                "expand": boolean,
                **ID_OF_BLOCK,
            },
        ),
        any_key("text", "fields"),
    ),
    "divider": record({}, ID_OF_BLOCK),
    "header": record({"text": _plain(150)}, ID_OF_BLOCK),
    "context": record(
        {"elements": array(typed({"image": _IMAGE, "plain_text": _text(3000), "mrkdwn": _text(3000)}), 10)},
        ID_OF_BLOCK,
    ),
    "actions": record({"elements": array(typed(_IN_ACTIONS), 25)}, ID_OF_BLOCK),
    "image": both(
        record(
            {"alt_text": string(2000)},
            {"image_url": URL, "slack_file": _SLACK_FILE, "title": _plain(2000), **ID_OF_BLOCK},
        ),
        _IMAGE_SOURCE,
    ),
    "input": record(
        {"label": _plain(2000), "element": typed(_IN_INPUT)},
        {"hint": _plain(2000), "optional": boolean, "dispatch_action": boolean, **ID_OF_BLOCK},
    ),
    "rich_text": RICH_TEXT,
    "alert": record(
        {"text": _text(3000)},
        {"level": one_of("default", "info", "warning", "error", "success"), **ID_OF_BLOCK},
    ),
}

IN_MESSAGES: dict[str, Check] = {
    "markdown": record({"text": string(MARKDOWN_OF_A_MESSAGE)}, ID_OF_BLOCK),
    "context_actions": record(
        {"elements": array(typed({kind: ELEMENTS[kind] for kind in ("icon_button", "feedback_buttons")}), 5)},
        ID_OF_BLOCK,
    ),
    "table": TABLE,
    "data_table": DATA_TABLE,
    "task_card": _TASK,
    "plan": record({"title": string(3000)}, {"tasks": array(typed({"task_card": _TASK}), 50), **ID_OF_BLOCK}),
    "card": _CARD,
    "carousel": record({"elements": array(typed({"card": _CARD}), 10)}, ID_OF_BLOCK),
    "container": _CONTAINER,
}

_MESSAGE_BLOCKS = array(typed({**EVERYWHERE, **IN_MESSAGES}), BLOCKS_OF_A_MESSAGE, 0)
_VIEW_BLOCKS = array(typed(EVERYWHERE), BLOCKS_OF_A_VIEW, 0)
_VIEW_KEYS = {
    "private_metadata": string(3000, 0),
    "callback_id": string(255, 0),
    "external_id": string(255, 0),
}
_VIEWS = typed(
    {
        "modal": record(
            {"title": _plain(24), "blocks": _VIEW_BLOCKS},
            {
                **_VIEW_KEYS,
                "submit": _plain(24),
                "close": _plain(24),
                "clear_on_close": boolean,
                "notify_on_close": boolean,
                "submit_disabled": boolean,
            },
        ),
        "home": record({"blocks": _VIEW_BLOCKS}, _VIEW_KEYS),
    }
)


def complaints_about_blocks(blocks: Any) -> list[str]:
    """What Slack would refuse in the blocks of a message; empty if nothing."""
    found = list(_MESSAGE_BLOCKS(blocks, "/blocks"))
    return found or list(chain(_about_the_whole(blocks, "/blocks"), _about_a_message(blocks)))


def complaints_about_view(view: Any) -> list[str]:
    """What Slack would refuse in a modal or Home; empty if nothing."""
    found = list(_VIEWS(view, "/view"))
    return found or list(chain(_about_the_whole(view["blocks"], "/view/blocks"), _about_a_form(view)))


def words_of(blocks: Any) -> int:
    """Characters a person can read in the blocks, counted over every `text` string."""
    if isinstance(blocks, list):
        return sum(words_of(entry) for entry in blocks)
    if not isinstance(blocks, dict):
        return 0
    return sum(len(v) if k == "text" and isinstance(v, str) else words_of(v) for k, v in blocks.items())


def _about_the_whole(blocks: Sequence[Json], at: str) -> Iterator[str]:
    seen: set[str] = set()
    actions: set[tuple[int, str]] = set()
    for place, block in enumerate(blocks):
        block_id = block.get("block_id")
        if block_id is not None and block_id in seen:
            yield complain(f"block_id {block_id} already exists", f"{at}/{place}/block_id")
        seen.add(block_id or "")
        for holder, element in interactive([block]):
            key = (id(holder), element.get("action_id", ""))
            if key[1] and key in actions:
                yield complain(f"action_id {key[1]} already exists in this block", f"{at}/{place}")
            actions.add(key)
    if sum(element.get("focus_on_load", False) for _, element in interactive(blocks)) > 1:
        yield complain("focus_on_load can only be set once", at)


def _about_a_message(blocks: Sequence[Json]) -> Iterator[str]:
    if sum(len(block["text"]) for block in blocks if block["type"] == "markdown") > MARKDOWN_OF_A_MESSAGE:
        yield complain(
            f"markdown must be less than {MARKDOWN_OF_A_MESSAGE + 1} characters in total", "/blocks"
        )
    if sum(block["type"] in {"table", "data_table"} for block in blocks) > 1:
        yield complain("only_one_table_allowed", "/blocks")


def _about_a_form(view: Json) -> Iterator[str]:
    if view["type"] == "modal" and "submit" not in view and any(b["type"] == "input" for b in view["blocks"]):
        yield complain("missing required field: submit", "/view")
