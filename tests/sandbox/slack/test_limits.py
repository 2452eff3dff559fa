"""Every limit of Block Kit, one step inside and one step outside, and how a refusal reads."""

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.sandbox.slack.limits import complaints_about_blocks, complaints_about_view
from tests.sandbox.slack.workspace import (
    OPS,
    Json,
    Workspace,
    actions,
    button,
    error_of,
    modal,
    section,
    text_input,
)


def plain(length: int) -> Json:
    return {"type": "plain_text", "text": "x" * length}


def option(text: int = 1, value: int = 1) -> Json:
    return {"text": plain(text), "value": "x" * value}


def options(count: int) -> list[Json]:
    return [{"text": plain(1), "value": str(n)} for n in range(count)]


def select(**more: Any) -> Json:
    return {"type": "static_select", "options": options(1), **more}


def in_actions(element: Json) -> list[Json]:
    return [actions(element)]


def confirm(title: int = 1, text: int = 1, yes: int = 1, no: int = 1) -> Json:
    return {"title": plain(title), "text": plain(text), "confirm": plain(yes), "deny": plain(no)}


def labelled(length: int, **more: Any) -> Json:
    return {"type": "input", "label": plain(length), "element": {"type": "plain_text_input"}, **more}


def table(rows: int, cells: int) -> Json:
    return {"type": "table", "rows": [[{"type": "raw_text", "text": "x"}] * cells] * rows}


def data_table(rows: int, cells: int = 1, **more: Any) -> Json:
    return {**table(rows, cells), "type": "data_table", "caption": "x", **more}


def uneven(*lengths: int) -> Json:
    return with_rows(*([cell()] * length for length in lengths))


def with_rows(*rows: list[Json]) -> Json:
    return {**data_table(2), "rows": list(rows)}


def cell() -> Json:
    return {"type": "raw_text", "text": "x"}


def rich_cell() -> Json:
    elements = [{"type": "rich_text_section", "elements": [{"type": "text", "text": "x"}]}]
    return {"type": "rich_text", "elements": elements}


def groups(count: int, label: int = 1) -> Json:
    offered = [{"label": plain(label), "options": [option(1, 1)]}] * count
    return {"type": "static_select", "option_groups": offered}


def container(children: int, **more: Any) -> Json:
    return {"type": "container", "title": plain(1), "child_blocks": [{"type": "divider"}] * children, **more}


def icon(number: int) -> Json:
    return {"type": "icon_button", "icon": "trash", "text": plain(1), "action_id": str(number)}


def typed(**more: Any) -> Json:
    return {"type": "input", "label": plain(1), "element": {"type": "plain_text_input", **more}}


def card(**more: Any) -> Json:
    return {"type": "card", "title": plain(1), **more}


AT_THE_LIMIT: dict[str, tuple[list[Json], list[Json]]] = {
    "blocks": ([{"type": "divider"}] * 50, [{"type": "divider"}] * 51),
    "section text": ([section("x" * 3000)], [section("x" * 3001)]),
    "section text is not empty": ([section("x")], [section("")]),
    "section fields": (
        [{"type": "section", "fields": [plain(1)] * 10}],
        [{"type": "section", "fields": [plain(1)] * 11}],
    ),
    "section field": (
        [{"type": "section", "fields": [plain(2000)]}],
        [{"type": "section", "fields": [plain(2001)]}],
    ),
    "header": ([{"type": "header", "text": plain(150)}], [{"type": "header", "text": plain(151)}]),
    "header is plain": (
        [{"type": "header", "text": plain(1)}],
        [{"type": "header", "text": {"type": "mrkdwn", "text": "*x*"}}],
    ),
    "context": (
        [{"type": "context", "elements": [plain(1)] * 10}],
        [{"type": "context", "elements": [plain(1)] * 11}],
    ),
    "actions": (
        [actions(*[button(str(n)) for n in range(25)])],
        [actions(*[button(str(n)) for n in range(26)])],
    ),
    "block id": ([section("x", block_id="b" * 255)], [section("x", block_id="b" * 256)]),
    "action id": (in_actions(button("a" * 255)), in_actions(button("a" * 256))),
    "button text": (in_actions(button("a", "x" * 75)), in_actions(button("a", "x" * 76))),
    "button value": (in_actions(button("a", value="x" * 2000)), in_actions(button("a", value="x" * 2001))),
    "button url": (in_actions(button("a", url="x" * 3000)), in_actions(button("a", url="x" * 3001))),
    "button style": (in_actions(button("a", style="danger")), in_actions(button("a", style="warning"))),
    "confirm title": (
        in_actions(button("a", confirm=confirm(100))),
        in_actions(button("a", confirm=confirm(101))),
    ),
    "confirm text": (
        in_actions(button("a", confirm=confirm(1, 300))),
        in_actions(button("a", confirm=confirm(1, 301))),
    ),
    "confirm deny": (
        in_actions(button("a", confirm=confirm(no=30))),
        in_actions(button("a", confirm=confirm(no=31))),
    ),
    "overflow": (
        in_actions({"type": "overflow", "options": options(5)}),
        in_actions({"type": "overflow", "options": options(6)}),
    ),
    "select": (in_actions(select(options=options(100))), in_actions(select(options=options(101)))),
    "option text": (in_actions(select(options=[option(75)])), in_actions(select(options=[option(76)]))),
    "option value": (
        in_actions(select(options=[option(1, 75)])),
        in_actions(select(options=[option(1, 76)])),
    ),
    "initial option": (
        in_actions(select(initial_option=options(1)[0])),
        in_actions(select(initial_option=option(2, 2))),
    ),
    "radio": (
        in_actions({"type": "radio_buttons", "options": options(10)}),
        in_actions({"type": "radio_buttons", "options": options(11)}),
    ),
    "checkboxes": (
        in_actions({"type": "checkboxes", "options": options(10)}),
        in_actions({"type": "checkboxes", "options": options(11)}),
    ),
    "placeholder": (in_actions(select(placeholder=plain(150))), in_actions(select(placeholder=plain(151)))),
    "input label": ([labelled(2000)], [labelled(2001)]),
    "input hint": ([labelled(1, hint=plain(2000))], [labelled(1, hint=plain(2001))]),
    "markdown in all": (
        [{"type": "markdown", "text": "x" * 6000}] * 2,
        [{"type": "markdown", "text": "x" * 6000}] * 2 + [{"type": "markdown", "text": "x"}],
    ),
    "table rows": ([table(100, 1)], [table(101, 1)]),
    "table cells": ([table(1, 20)], [table(1, 21)]),
    "one table": ([table(1, 1)], [table(1, 1), table(1, 1)]),
    "table family": ([table(1, 1)], [table(1, 1), data_table(2)]),
    "data table rows": ([data_table(101)], [data_table(102)]),
    "data table below its head": ([data_table(2)], [data_table(1)]),
    "data table cells": ([data_table(2, 20)], [data_table(2, 21)]),
    "data table rows are even": ([uneven(2, 2)], [uneven(2, 1)]),
    "data table head is plain": (
        [with_rows([cell()], [rich_cell()])],
        [with_rows([rich_cell()], [rich_cell()])],
    ),
    "data table page": ([data_table(2, page_size=100)], [data_table(2, page_size=101)]),
    "data table caption": ([data_table(2)], [{**table(2, 1), "type": "data_table"}]),
    "context actions": (
        [{"type": "context_actions", "elements": [icon(n) for n in range(5)]}],
        [{"type": "context_actions", "elements": [icon(n) for n in range(6)]}],
    ),
    "accessibility label": (
        in_actions(button("a", accessibility_label="x" * 75)),
        in_actions(button("a", accessibility_label="x" * 76)),
    ),
    "confirm yes": (
        in_actions(button("a", confirm=confirm(yes=30))),
        in_actions(button("a", confirm=confirm(yes=31))),
    ),
    "option groups": (in_actions(groups(100)), in_actions(groups(101))),
    "option group label": (in_actions(groups(1, 75)), in_actions(groups(1, 76))),
    "addresses only in overflow": (
        in_actions({"type": "overflow", "options": [{**option(), "url": "https://x.io"}]}),
        in_actions(select(options=[{**option(), "url": "https://x.io"}])),
    ),
    "min length": ([typed(min_length=3000)], [typed(min_length=3001)]),
    "max length": ([typed(max_length=3000)], [typed(max_length=3001)]),
    "alert text": ([{"type": "alert", "text": plain(3000)}], [{"type": "alert", "text": plain(3001)}]),
    "alert level": (
        [{"type": "alert", "text": plain(1)}],
        [{"type": "alert", "text": plain(1), "level": "red"}],
    ),
    "card title": ([card(title=plain(150))], [card(title=plain(151))]),
    "card body": ([card(body=plain(200))], [card(body=plain(201))]),
    "carousel": (
        [{"type": "carousel", "elements": [card()] * 10}],
        [{"type": "carousel", "elements": [card()] * 11}],
    ),
    "container": ([container(10)], [container(11)]),
    "task status": (
        [{"type": "task_card", "task_id": "t", "title": "x", "status": "complete"}],
        [{"type": "task_card", "task_id": "t", "title": "x", "status": "done"}],
    ),
}


@pytest.mark.parametrize("limit", AT_THE_LIMIT)
def test_the_limit_itself_is_fine_and_one_more_is_not(limit: str) -> None:
    inside, outside = AT_THE_LIMIT[limit]
    assert complaints_about_blocks(inside) == []
    assert complaints_about_blocks(outside) != []


@pytest.mark.parametrize(
    ("blocks", "complaint"),
    [
        ([section("x" * 3001)], "must be less than 3001 characters [json-pointer:/blocks/0/text/text]"),
        ([section("x", colour="red")], "invalid additional property: colour [json-pointer:/blocks/0]"),
        ([{"type": "section"}], "must define either `text` or `fields` [json-pointer:/blocks/0]"),
        ([{"type": "banner"}], "unsupported type: banner [json-pointer:/blocks/0/type]"),
        ([{"text": "x"}], "missing required field: type [json-pointer:/blocks/0]"),
        ([{"type": "actions"}], "missing required field: elements [json-pointer:/blocks/0]"),
        ([{"type": "section", "text": "x"}], "missing required field: type [json-pointer:/blocks/0/text]"),
        ([section("x", block_id="b"), section("y", block_id="b")], "block_id b already exists"),
        ([actions(button("a"), button("a"))], "action_id a already exists in this block"),
        (
            [actions(*[button(str(n)) for n in range(26)])],
            "no more than 25 items allowed [json-pointer:/blocks/0/elements]",
        ),
        ([actions({"type": "static_select"})], "must define exactly one of `options`, `option_groups`"),
        ([section("x", expand="yes")], "must be a boolean [json-pointer:/blocks/0/expand]"),
        ({"type": "section"}, "must be an array [json-pointer:/blocks]"),
    ],
)
def test_a_refusal_says_what_and_where(blocks: Any, complaint: str) -> None:
    assert any(complaint in found for found in complaints_about_blocks(blocks))


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
)


@given(st.sampled_from(sorted(AT_THE_LIMIT)), st.data())
def test_any_value_in_any_place_is_judged_not_crashed_on(limit: str, data: st.DataObject) -> None:
    blocks: Any = copy.deepcopy(AT_THE_LIMIT[limit][0][:3])
    holder: Any = blocks
    while True:
        key = data.draw(st.sampled_from(list(holder) if isinstance(holder, dict) else range(len(holder))))
        inner = holder[key]
        if not isinstance(inner, dict | list) or not inner or data.draw(st.booleans()):
            break
        holder = inner
    holder[key] = data.draw(json_values)
    assert all("[json-pointer:/" in complaint for complaint in complaints_about_blocks(blocks))


def form(**more: Any) -> Json:
    return modal(section("x"), **more)


@pytest.mark.parametrize(
    ("inside", "outside"),
    [
        (form(title=plain(24)), form(title=plain(25))),
        (form(submit=None) | {"submit": plain(24)}, form(submit=None) | {"submit": plain(25)}),
        (form(close=plain(24)), form(close=plain(25))),
        (form(private_metadata="x" * 3000), form(private_metadata="x" * 3001)),
        (form(callback_id="x" * 255), form(callback_id="x" * 256)),
        (modal(*[{"type": "divider"}] * 100), modal(*[{"type": "divider"}] * 101)),
        (modal(text_input("a"), submit="Go"), modal(text_input("a"), submit=None)),
        (form(), form(color="red")),
        ({"type": "home", "blocks": []}, {"type": "home", "blocks": [], "title": plain(1)}),
        (
            {"type": "home", "blocks": [{"type": "divider"}] * 100},
            {"type": "home", "blocks": [{"type": "divider"}] * 101},
        ),
        (form(), {"type": "drawer", "blocks": []}),
        (form(), modal({"type": "markdown", "text": "x"})),
    ],
)
def test_views_are_held_to_their_own_limits(inside: Json, outside: Json) -> None:
    assert complaints_about_view(inside) == []
    assert complaints_about_view(outside) != []


async def test_refused_blocks_come_with_their_reasons(workspace: Workspace) -> None:
    refused = await error_of(workspace.api.chat_postMessage(channel=OPS, text="x", blocks=[section("")]))
    where = "must be more than 0 characters [json-pointer:/blocks/0/text/text]"
    assert refused["error"] == "invalid_blocks" and refused["errors"] == [where]
    assert refused["response_metadata"]["messages"] == [f"[ERROR] {where}"]
    assert await workspace.messages() == []


async def test_what_the_sandbox_does_not_show_is_refused_loudly(workspace: Workspace) -> None:
    for more in ({"attachments": [{"text": "x"}]}, {"username": "Somebody"}, {"icon_emoji": ":boom:"}):
        refused = await error_of(workspace.api.chat_postMessage(channel=OPS, text="x", **more))
        assert refused["error"] == "invalid_arguments"
        assert next(iter(more)) in refused["response_metadata"]["messages"][0]
    assert await workspace.messages() == []


async def test_every_way_in_holds_blocks_to_the_limits(workspace: Workspace) -> None:
    bad, user = [section("")], "U01DANA"
    ts = (await workspace.api.chat_postMessage(channel=OPS, text="x"))["ts"]
    for refused in (
        workspace.api.chat_update(channel=OPS, ts=ts, text="x", blocks=bad),
        workspace.api.chat_postEphemeral(channel=OPS, user=user, text="x", blocks=bad),
    ):
        assert (await error_of(refused))["error"] == "invalid_blocks"
    home = workspace.api.views_publish(user_id=user, view={"type": "home", "blocks": bad})
    refusal = await error_of(home)
    assert refusal["error"] == "invalid_arguments"
    assert "[json-pointer:/view/blocks/0/text/text]" in refusal["response_metadata"]["messages"][0]
