"""How a command's words come apart. What a moment is, is read in `when.py`; whether a target exists, by the desk."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from bot.errors import Kind, Refused

RESTORE_USAGE = "/restore <target> to <when>"
BACKUP_USAGE = "/backup <target> [name]"
COMMANDS = ("/restore", "/backup")
HELP_WORDS = frozenset({"", "help", "-h", "--help", "?"})

_RESTORE = re.compile(r"(?P<target>\S+)\s+(?:to\s+|(?=from\s))(?P<when>.+)", re.IGNORECASE | re.DOTALL)


@dataclass(frozen=True, slots=True)
class RestoreWords:
    target: str
    when: str


@dataclass(frozen=True, slots=True)
class BackupWords:
    target: str
    name: str  # '' when none was given


def is_help(text: str) -> bool:
    return text.strip().lower() in HELP_WORDS


def read_restore(text: str) -> RestoreWords:
    """`prod to 10:25 UTC`. Raises Refused(NOT_UNDERSTOOD) with the usage."""
    match = _RESTORE.fullmatch(text.strip())
    if match is None:
        raise _not_understood("/restore", text, RESTORE_USAGE)
    return RestoreWords(match["target"], match["when"].strip())


def read_backup(text: str) -> BackupWords:
    """`prod` or `prod before-migration`. Raises Refused(NOT_UNDERSTOOD) with the usage."""
    words = text.split()
    if len(words) not in {1, 2}:
        raise _not_understood("/backup", text, BACKUP_USAGE)
    return BackupWords(words[0], words[1] if len(words) == 2 else "")


def nearest(word: str, known: Iterable[str]) -> str:
    """The known word this one was probably meant to be, or ''."""
    by_lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), list(by_lower), n=1, cutoff=0.5)
    return by_lower[close[0]] if close else ""


def _not_understood(command: str, text: str, usage: str) -> Refused:
    first, *rest = text.split() or [""]
    word = nearest(first, ["help"]) if not rest else ""
    if word:
        return Refused(
            Kind.UNKNOWN_COMMAND, text=f"{command} {text}", nearest=f"{command} {word}", command=command
        )
    return Refused(Kind.NOT_UNDERSTOOD, text=f"{command} {text}"[:200], usage=usage, command=command)
