"""What Slack would refuse in a card or a view, as the sandbox Slack judges it; every card test asks this."""

from bot.cards.blocks import Block, Card
from bot.sandbox.slack.limits import (
    TEXT_OF_A_MESSAGE,
    WORDS_OF_A_MESSAGE,
    complaints_about_blocks,
    complaints_about_view,
    words_of,
)


def complaints(card: Card) -> list[str]:
    blocks = list(card.blocks)
    found = complaints_about_blocks(blocks)
    if not 0 < len(card.text) <= TEXT_OF_A_MESSAGE:
        found.append(f"text of {len(card.text)} characters")
    if words_of(blocks) > WORDS_OF_A_MESSAGE:
        found.append(f"{words_of(blocks)} characters over all blocks")
    return found


def complaints_of_view(view: Block) -> list[str]:
    return complaints_about_view(view)


def labels(card: Card) -> list[str]:
    """What the buttons say, in order."""
    rows = [block["elements"] for block in card.blocks if block["type"] == "actions"]
    return [element["text"]["text"] for row in rows for element in row]


def words(card: Card) -> str:
    """Everything a person can read on the card, one text a line."""
    return "\n".join(_texts([card.text, list(card.blocks)]))


def _texts(value: object) -> list[str]:
    match value:
        case str():
            return [value]
        case list():
            return [text for entry in value for text in _texts(entry)]
        case dict():
            shown = [value[key] for key in ("text", "fields", "elements", "label", "hint") if key in value]
            return _texts(shown)
        case _:
            return []
