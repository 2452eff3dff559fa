"""App Home: what one person may see at a glance. A pure view of the store, never of Neon."""

from collections.abc import Sequence

from bot.cards.alert import freshness_line
from bot.cards.backup import back_up_button
from bot.cards.blocks import Block, actions, context, count, divider, escape, header, local, section
from bot.cards.restore import plain_headline
from bot.rules.freshness import Freshness
from bot.rules.request import Request
from bot.rules.target import Target

MOST_TARGETS, MOST_REQUESTS = 30, 20
"""Slack takes a hundred blocks; a target has two."""


def home_view(
    targets: Sequence[Target], fresh: Sequence[Freshness | None], requests: Sequence[Request]
) -> Block:
    """`fresh` is parallel to `targets`; None where nobody has looked yet."""
    blocks = [
        header("Safepoint"),
        section("Type `/restore help` or `/backup help` in a channel to begin."),
        divider(),
    ]
    if not targets:
        blocks.append(section("There is no target you may look at."))
    for target, seen in list(zip(targets, fresh, strict=True))[:MOST_TARGETS]:
        line = freshness_line(seen) if seen else f":grey_question: *{escape(target.name)}*: not looked at yet"
        blocks += [section(line), actions(f"home.{target.name}", back_up_button(target.name))]
    if len(targets) > MOST_TARGETS:
        blocks.append(context(f"{count(len(targets) - MOST_TARGETS, 'more target')} not shown."))
    blocks += [divider(), *_open(requests)]
    return {"type": "home", "blocks": blocks}


def _open(requests: Sequence[Request]) -> list[Block]:
    if not requests:
        return [context("No restore is under way.")]
    return [
        section(
            f"`{request.id}` *{escape(request.target)}*: {plain_headline(request)} · {local(request.asked_at)}"
        )
        for request in requests[-MOST_REQUESTS:]
    ]
