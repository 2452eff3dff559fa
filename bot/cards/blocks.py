"""The few Block Kit pieces the cards are made of, and how times, people and numbers are written.

Decides spelling, not content. Text from outside is escaped here, so no name or message can break out of its place.
Limits of Slack's (3,000 characters a text, 150 a header, 4,000 a notification) are kept by cutting with an ellipsis.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from bot.rules.clock import iso
from bot.rules.ids import PersonId

Block = dict[str, Any]
Style = Literal["primary", "danger"]

MAX_TEXT = 3000
MAX_HEADER = 150
MAX_NOTICE = 4000
MOST_PEOPLE = 50


@dataclass(frozen=True, slots=True)
class Card:
    """A message: `text` is what phones and screen readers announce, `blocks` what is drawn."""

    text: str
    blocks: tuple[Block, ...] = ()


def escape(text: str) -> str:
    """Outside text inside mrkdwn: Slack asks for exactly these three (docs.slack.dev, formatting message text)."""
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")


def unticked(text: str) -> str:
    """Outside text that fits inside code, which a backtick or the end of a line would end."""
    return escape(" ".join(text.replace("`", "'").splitlines()))


def code(text: str) -> str:
    return f"`{unticked(text)}`"


def cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1] + "…"


def header(text: str) -> Block:
    return {"type": "header", "text": {"type": "plain_text", "text": cut(text, MAX_HEADER)}}


def section(text: str) -> Block:
    return {"type": "section", "text": {"type": "mrkdwn", "text": cut(text, MAX_TEXT)}}


def fields(*texts: str) -> Block:
    return {"type": "section", "fields": [{"type": "mrkdwn", "text": cut(text, 2000)} for text in texts]}


def context(text: str) -> Block:
    return {"type": "context", "elements": [{"type": "mrkdwn", "text": cut(text, MAX_TEXT)}]}


def divider() -> Block:
    return {"type": "divider"}


def button(label: str, action: str, value: Mapping[str, str], style: Style | None = None) -> Block:
    """`value` comes back with the click, as JSON."""
    element: Block = {
        "type": "button",
        "action_id": action,
        "text": {"type": "plain_text", "text": label},
        "value": json.dumps(dict(value)),
    }
    return element if style is None else {**element, "style": style}


def actions(block_id: str, *buttons: Block) -> Block:
    """`block_id` changes when the buttons do: Slack keeps a client's state by it."""
    return {"type": "actions", "block_id": block_id, "elements": list(buttons)}


def text_input(block_id: str, label: str, *, hint: str, multiline: bool = False) -> Block:
    return {
        "type": "input",
        "block_id": block_id,
        "label": {"type": "plain_text", "text": label},
        "hint": {"type": "plain_text", "text": hint},
        "element": {"type": "plain_text_input", "action_id": block_id, "multiline": multiline},
    }


def modal(
    callback: str, metadata: Mapping[str, str], title: str, submit: str, blocks: Sequence[Block]
) -> Block:
    return {
        "type": "modal",
        "callback_id": callback,
        "private_metadata": json.dumps(dict(metadata)),
        "title": {"type": "plain_text", "text": cut(title, 24)},
        "submit": {"type": "plain_text", "text": cut(submit, 24)},
        "close": {"type": "plain_text", "text": "Back"},
        "blocks": list(blocks),
    }


def utc_words(moment: datetime) -> str:
    """`2026-11-20 10:25:00.000 UTC`: what is meant, to the millisecond, the same for every reader."""
    return f"{iso(moment)[:-1].replace('T', ' ')} UTC"


def local(moment: datetime) -> str:
    """The moment in each reader's own zone, by Slack's date markup; exports and old clients show UTC."""
    return f"<!date^{int(moment.timestamp())}^{{date_short_pretty}} {{time_secs}}|{utc_words(moment)}>"


def person(id_: PersonId) -> str:
    return f"<@{id_}>"


def people(ids: Sequence[PersonId]) -> str:
    """By name as far as one can call people, and how many more."""
    named = ", ".join(person(id_) for id_ in ids[:MOST_PEOPLE])
    return named if len(ids) <= MOST_PEOPLE else f"{named} and {len(ids) - MOST_PEOPLE:,} more"


def count(number: int, noun: str) -> str:
    """`1 row`, `1,204 rows`, `2 child branches`."""
    ending = "" if number == 1 else "es" if noun.endswith("ch") else "s"
    return f"{number:,} {noun}{ending}"
