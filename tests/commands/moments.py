"""The phrases of moments.txt, for the tests that judge each of them and the bench that times them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from bot.rules.moment import Ask, Named, Read, Reading, Refuse


@dataclass(frozen=True)
class Phrase:
    text: str
    now: datetime
    zone: str
    wanted: str

    def __str__(self) -> str:
        return f"{self.text} [{self.now:%Y-%m-%dT%H:%M} {self.zone}]"


def phrases() -> Iterator[Phrase]:
    now, zone = "", ""
    for line in Path(__file__).with_name("moments.txt").read_text(encoding="utf-8").splitlines():
        if line.startswith("["):
            now, zone = line.strip("[]").split()
        elif line and not line.startswith("#"):
            text, _, wanted = line.rpartition(" => ")
            yield Phrase(text, datetime.fromisoformat(now), zone, wanted)


def told(reading: Reading) -> str:
    """A reading as moments.txt writes it."""
    match reading:
        case Read(instant, remarks):
            return " ".join([_iso(instant), *remarks])
        case Ask(question, choices):
            return " ".join(["ask", question, *map(_iso, choices)])
        case Named(restore_point):
            return f"named {restore_point}"
        case Refuse(kind):
            return f"refuse {kind}"


def _iso(instant: datetime) -> str:
    return instant.isoformat().replace("+00:00", "Z")
