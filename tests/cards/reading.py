"""What a person can read on a card."""

from bot.cards.blocks import Card


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
