"""`safepoint explain`: what a command or a phrase would be read as, offline and without changing anything.

Imports what reads words and what says them, and nothing that talks to Slack, Neon or a database: it has to start fast.
"""

import json
import re
import sys
from collections.abc import Iterable, Iterator
from datetime import datetime, tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from bot.rules.moment import Reading

Answer = dict[str, Any]


def explain(
    text: Annotated[str | None, typer.Argument(help="A command, such as: /restore prod to 10:25 UTC")] = None,
    now: Annotated[str | None, typer.Option(help="Read it as if it were this moment (ISO 8601).")] = None,
    tz: Annotated[str, typer.Option(help="The time zone of who says it.")] = "UTC",
    as_json: Annotated[bool, typer.Option("--json", help="Print one JSON line, for programs.")] = False,
    batch: Annotated[
        str | None,
        typer.Option(help='JSON lines {"text", "now", "tz"} in, one JSON line each out; - is stdin.'),
    ] = None,
) -> None:
    """Say what a command would be read as: the moment, the question, or the refusal. Changes nothing."""
    if (text is None) == (batch is None):
        raise typer.BadParameter("give either a command or --batch")
    at, zone = _now(now), _zone(tz)
    if batch is not None:
        for answer in _batch(_lines(batch), at, zone):
            print(json.dumps(answer, ensure_ascii=False), flush=True)
    else:
        answer = command(str(text), at, zone)
        print(json.dumps(answer, ensure_ascii=False) if as_json else _told(answer))


def command(text: str, now: datetime, zone: tzinfo | None) -> Answer:
    """What a whole command means; `words` are those for the moment or, of a backup, for its name."""
    from bot.cards.words import sentences
    from bot.errors import Refused
    from commands.grammar import is_help, read_backup, read_restore

    name, rest = _split(text)
    answer: Answer = {"text": text, "outcome": "refuse", "instant": None, "choices": [], "message": ""}
    parts: Answer = {"command": name, "target": None, "words": None}
    if is_help(rest):
        return answer | parts | {"message": f"Says how to use {name}."}
    try:
        if name == "/backup":
            backup = read_backup(rest)
            answer |= {"outcome": "read", "message": f"Takes a backup of {backup.target} now."}
            parts |= {"target": backup.target, "words": backup.name}
        else:
            restore = read_restore(rest)
            answer |= phrase(restore.when, now, zone) | {"text": text}
            parts |= {"target": restore.target, "words": restore.when}
    except Refused as error:
        answer["message"] = _plain(" ".join(sentences(error.kind, error.facts)))
    return answer | parts


def phrase(text: str, now: datetime, zone: tzinfo | None) -> Answer:
    """What the words for a moment alone mean."""
    from bot.rules.moment import Ask, Named, Read, Refuse
    from commands.when import read

    reading = read(text, now, zone)
    answer: Answer = {"text": text, "outcome": "refuse", "instant": None, "choices": []}
    match reading:
        case Read(instant):
            answer |= {"outcome": "read", "instant": _iso(instant)}
        case Named(restore_point):
            answer |= {"outcome": "read", "restore_point": restore_point}
        case Ask(_, choices):
            answer |= {"outcome": "ask", "choices": [_iso(choice) for choice in choices]}
        case Refuse():
            pass
    return answer | {"message": _message(reading, now, zone)}


def _message(reading: "Reading", now: datetime, zone: tzinfo | None) -> str:
    from bot.cards.moment import QUESTIONS, remark_lines
    from bot.cards.words import sentences
    from bot.rules.moment import Ask, Named, Read

    match reading:
        case Read(instant, remarks):
            also = f"; {remark_lines(remarks)}" if remarks else ""
            return _plain(f"{_three_forms(instant, now, zone)}{also}.")
        case Named(restore_point):
            return f"The restore point {restore_point}."
        case Ask(question, choices):
            listed = " | ".join(_three_forms(choice, now, zone) for choice in choices)
            return f"Choose which moment you mean: {QUESTIONS[question]}. {listed}"
        case _:
            return _plain(" ".join(sentences(reading.kind, reading.facts)))


def _three_forms(at: datetime, now: datetime, zone: tzinfo | None) -> str:
    from bot.cards.blocks import utc_words
    from bot.rules.clock import age_words

    here = f", {at.astimezone(zone):%a %Y-%m-%d %H:%M:%S} in {zone}" if zone and str(zone) != "UTC" else ""
    return f"{utc_words(at)}{here}, {age_words(now - at)} ago"


def _batch(lines: Iterable[str], now: datetime, zone: tzinfo | None) -> Iterator[Answer]:
    from commands.zone_words import zone_named

    for number, line in enumerate(lines, 1):
        try:
            said = json.loads(line)
            text = said["text"]
            at = _aware(said["now"]) if said.get("now") else now
            if not isinstance(text, str):
                raise TypeError
        except (ValueError, KeyError, TypeError, AttributeError):
            yield _mistake(f'Line {number} is not {{"text": …, "now": ISO 8601 with a zone, "tz": …}}.')
            continue
        yield phrase(text, at, zone_named(str(said["tz"])) if said.get("tz") else zone)


def _mistake(message: str) -> Answer:
    return {"text": "", "outcome": "refuse", "instant": None, "choices": [], "message": message}


def _lines(batch: str) -> Iterator[str]:
    if batch == "-":
        yield from sys.stdin
        return
    try:
        with Path(batch).open(encoding="utf-8") as file:
            yield from file
    except OSError as error:
        raise typer.BadParameter(f"cannot read {batch}: {error.strerror}") from None


def _split(text: str) -> tuple[str, str]:
    first, _, rest = text.strip().partition(" ")
    name = f"/{first.removeprefix('/')}"
    return (name, rest) if name in {"/restore", "/backup"} else ("/restore", text)


def _now(text: str | None) -> datetime:
    from bot.rules.clock import system_clock

    try:
        return _aware(text) if text else system_clock()
    except ValueError:
        raise typer.BadParameter("--now takes ISO 8601 with a zone, such as 2026-11-20T12:00:00Z") from None


def _aware(text: str) -> datetime:
    from bot.rules.clock import from_iso

    return from_iso(text)


def _zone(name: str) -> tzinfo:
    from commands.zone_words import zone_named

    zone = zone_named(name)
    if zone is None:
        raise typer.BadParameter(f"there is no time zone {name}; use an IANA name, such as Europe/Berlin")
    return zone


def _told(answer: Answer) -> str:
    lines = [f"{answer['outcome']}: {answer['message']}"]
    if answer["target"]:
        lines.append(f"{answer['command']} of {answer['target']}: “{answer['words']}”")
    return "\n".join(lines)


def _plain(mrkdwn: str) -> str:
    from bot.cards.blocks import section
    from bot.cards.plain import plain

    return re.sub(
        r" \([^()]* for you\)", "", plain([section(mrkdwn)], {})
    )  # a terminal shows UTC there as well


def _iso(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")
