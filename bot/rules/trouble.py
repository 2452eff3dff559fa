"""Errors as they are stored: enough to find the words again and to raise the same error, nothing more."""

from dataclasses import dataclass

from bot.errors import FAMILIES, Facts, Kind, SafepointError


@dataclass(frozen=True, slots=True)
class Trouble:
    family: str
    kind: Kind
    facts: Facts
    ref: str


def trouble_of(error: SafepointError) -> Trouble:
    return Trouble(type(error).__name__, error.kind, dict(error.facts), error.ref)


def raised(trouble: Trouble) -> SafepointError:
    """The error that `trouble_of` recorded, with the same ref."""
    return FAMILIES[trouble.family](trouble.kind, ref=trouble.ref, **trouble.facts)
