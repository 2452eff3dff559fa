"""Cards as plain text, for a terminal and for transcripts: the same words without Slack's drawing."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

_DATE = re.compile(r"<!date\^(?P<epoch>-?\d+)\^[^|>]*\|(?P<fallback>[^>]*)>")
_LINK = re.compile(r"<(?P<url>https?://[^|>]+)(\|(?P<label>[^>]*))?>")
_PERSON = re.compile(r"<@(?P<id>[A-Z0-9]+)>")
_EMOJI = re.compile(r":([a-z_]+):")
_MARKS = {
    "white_check_mark": "[ok]",
    "heavy_check_mark": "[done]",
    "x": "[failed]",
    "warning": "[warning]",
    "rotating_light": "[ALERT]",
    "hourglass_flowing_sand": "[...]",
    "grey_question": "[?]",
}


def plain(blocks: Sequence[Mapping[str, Any]], people: Mapping[str, str]) -> str:
    """Every block on lines of its own; `people` maps ids to the names that are shown for them."""
    lines = [line for block in blocks for line in _block(block)]
    return _words("\n".join(lines), people)


def _block(block: Mapping[str, Any]) -> list[str]:
    match block["type"]:
        case "header":
            return [f"== {block['text']['text']} =="]
        case "section":
            texts = [block["text"]] if "text" in block else []
            return [text["text"] for text in [*texts, *block.get("fields", [])]]
        case "context":
            return [f"({element['text']})" for element in block["elements"]]
        case "actions":
            return ["  ".join(f"[ {element['text']['text']} ]" for element in block["elements"])]
        case _:
            return []


def _words(text: str, people: Mapping[str, str]) -> str:
    text = _DATE.sub(lambda match: match["fallback"], text)
    text = _LINK.sub(lambda match: match["label"] or match["url"], text)
    text = _PERSON.sub(lambda match: f"@{people.get(match['id'], match['id'])}", text)
    text = _EMOJI.sub(lambda match: _MARKS.get(match[1], ""), text)
    text = text.replace("```", "").replace("*", "").replace("`", "")
    return text.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
