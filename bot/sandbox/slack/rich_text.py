"""The limits of rich text and of the two kinds of tables, whose cells may hold it.

Sources as in `limits.py`; data tables by docs.slack.dev/reference/block-kit/blocks/data-table-block.
"""

from collections.abc import Iterator
from typing import Any

from bot.sandbox.slack.schema import (
    Check,
    anything,
    array,
    boolean,
    both,
    complain,
    integer,
    one_of,
    record,
    string,
    typed,
)

ID = string(255)
URL = string(3000)
ID_OF_BLOCK = {"block_id": ID}
CELLS_OF_A_ROW = 20

_RICH_LEAVES: dict[str, Check] = {
    "text": record({"text": string(3000)}, {"style": anything}),
    "link": record({"url": URL}, {"text": string(3000), "style": anything}),
    "user": record({"user_id": ID}, {"style": anything}),
    "usergroup": record({"usergroup_id": ID}, {"style": anything}),
    "channel": record({"channel_id": ID}, {"style": anything}),
    "emoji": record({"name": ID}, {"unicode": ID, "style": anything, "skin_tone": integer(2, 6)}),
    "broadcast": record({"range": one_of("here", "channel", "everyone")}, {"style": anything}),
    "color": record({"value": string(7, 7)}, {"style": anything}),
    "date": record(
        {"timestamp": integer(0, 10**11), "format": string(255)},
        {"url": URL, "fallback": string(255), "style": anything},
    ),
}
_RICH_LINE = array(typed(_RICH_LEAVES), 1000, 0)
_RICH_SECTION = record({"elements": _RICH_LINE})
_RICH_BOXED = record({"elements": _RICH_LINE}, {"border": integer(0, 1)})
_RICH_LIST = record(
    {
        "style": one_of("bullet", "ordered"),
        "elements": array(typed({"rich_text_section": _RICH_SECTION}), 1000),
    },
    {"indent": integer(0, 8), "offset": integer(0, 10**6), "border": integer(0, 1)},
)
_RICH: dict[str, Check] = {
    "rich_text_section": _RICH_SECTION,
    "rich_text_list": _RICH_LIST,
    "rich_text_quote": _RICH_BOXED,
    "rich_text_preformatted": _RICH_BOXED,
}
RICH_TEXT = record({"elements": array(typed(_RICH), 1000)}, ID_OF_BLOCK)
A_RICH_TEXT = typed({"rich_text": RICH_TEXT})
_CELL = typed(
    {
        "raw_text": record({"text": string(3000)}),
        "raw_number": record({"value": anything}, {"text": string(75)}),
        "rich_text": RICH_TEXT,
    }
)
_COLUMN = record({}, {"align": one_of("left", "center", "right"), "is_wrapped": boolean})


def _rows(value: Any) -> list[list[Any]]:
    rows: list[list[Any]] = value["rows"]
    return rows


def _rows_are_even(value: Any, at: str) -> Iterator[str]:
    if len({len(row) for row in _rows(value)}) > 1:
        yield complain("all rows must have the same number of cells", f"{at}/rows")


def _head_is_plain(value: Any, at: str) -> Iterator[str]:
    for place, cell in enumerate(_rows(value)[0]):
        if cell["type"] == "rich_text":
            yield complain("unsupported type: rich_text", f"{at}/rows/0/{place}/type")


TABLE = record(
    {"rows": array(array(_CELL, CELLS_OF_A_ROW), 100)},
    {"column_settings": array(_COLUMN, CELLS_OF_A_ROW), **ID_OF_BLOCK},
)
DATA_TABLE = both(
    record(
        {"rows": array(array(_CELL, CELLS_OF_A_ROW), 101, 2), "caption": string(3000)},
        {
            "page_size": integer(1, 100),
            "row_header_column_index": integer(0, CELLS_OF_A_ROW - 1),
            **ID_OF_BLOCK,
        },
    ),
    _rows_are_even,
    _head_is_plain,
)
"""A hundred rows below a head. The length of a caption is not documented; assumed: that of a text."""
