"""The card of a freshness alert: one message from the breach to its end."""

from bot.cards.backup import back_up_button
from bot.cards.blocks import Card, actions, code, context, escape, header, local, section, utc_words
from bot.rules.clock import age_words
from bot.rules.freshness import Alert, Freshness, State


def alert_card(alert: Alert) -> Card:
    seen = alert.freshness
    if alert.resolved_at is not None:
        text = f":white_check_mark: *Resolved:* {_resolved(alert)}"
        blocks = (
            header(f"Backups of {alert.target} are fresh again"),
            section(text),
            context(_footer(alert)),
        )
        return Card(f"Resolved: backups of {alert.target} are fresh again", blocks)
    verdict = _verdict(seen)
    return Card(
        verdict,
        (
            header(verdict),
            section(f":rotating_light: {_detail(seen)}"),
            actions(f"{alert.id}.open", back_up_button(alert.target)),
            context(_footer(alert)),
        ),
    )


def freshness_line(seen: Freshness) -> str:
    """One line for an overview such as App Home."""
    mark = ":white_check_mark:" if seen.state is State.FRESH else ":rotating_light:"
    newest = f"newest {local(seen.newest.taken_at)}" if seen.newest else "no backup known"
    return f"{mark} *{escape(seen.target)}*: {seen.state.value}, {newest} (limit {age_words(seen.max_age)})"


def _verdict(seen: Freshness) -> str:
    match seen.state:
        case State.NEVER:
            return f"{seen.target} has never been backed up"
        case State.UNKNOWN:
            return f"Cannot tell how old the backups of {seen.target} are"
        case _:
            age = seen.age(seen.checked_at)
            shown = age_words(age) if age is not None else "?"
            return f"The newest backup of {seen.target} is {shown} old, limit {age_words(seen.max_age)}"


def _detail(seen: Freshness) -> str:
    newest = (
        f"The newest is {seen.newest.kind} {code(seen.newest.name)}, from `{utc_words(seen.newest.taken_at)}` "
        f"({local(seen.newest.taken_at)})."
        if seen.newest
        else ""
    )
    match seen.state:
        case State.NEVER:
            return "Neon shows no snapshot of this branch, and I have not made a backup branch of it."
        case State.UNKNOWN:
            return f"Neon could not be asked ({code(seen.trouble)}), which is not the same as fresh. {newest}"
        case _:
            return f"No backup has landed for longer than the policy allows. {newest}"


def _resolved(alert: Alert) -> str:
    newest = alert.freshness.newest
    shown = (
        f"the newest is {newest.kind} {code(newest.name)} from {local(newest.taken_at)}; " if newest else ""
    )
    return f"{shown}this was open for {alert.open_for}."


def _footer(alert: Alert) -> str:
    limit = age_words(alert.freshness.max_age)
    return f"`{alert.id}` · since {local(alert.opened_at)} · a backup at least every {limit}"
