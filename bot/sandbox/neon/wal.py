"""Places in PostgreSQL's write-ahead log, and the archive its finished segments are linked into.

Segments are 1 MB. A file is named by timeline and number, 24 hexadecimal digits; the last 16 order all timelines.
An archived segment is never written again, so branches share it by hard link.
"""

import re
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Self

SEGMENT_BYTES = 1024 * 1024
_LSN = re.compile(r"([0-9a-fA-F]{1,8})/([0-9a-fA-F]{1,8})")
_SEGMENTS_TO_A_FILE_ID = 2**32 // SEGMENT_BYTES


@dataclass(frozen=True, slots=True, order=True)
class Lsn:
    """A position in the log, written `0/1DE2850`."""

    value: int

    @classmethod
    def read(cls, text: str) -> Self:
        """Raises ValueError unless `text` is two hexadecimal numbers with a slash between."""
        match = _LSN.fullmatch(text)
        if match is None:
            raise ValueError(f"not an LSN: {text!r}")
        return cls((int(match[1], 16) << 32) + int(match[2], 16))

    def __str__(self) -> str:
        return f"{self.value >> 32:X}/{self.value & 0xFFFFFFFF:X}"

    def until(self, segment: str) -> int:
        """How many segments a file is ahead of this position."""
        ahead = int(segment[:8], 16) * _SEGMENTS_TO_A_FILE_ID + int(segment[8:], 16)
        return ahead - self.value // SEGMENT_BYTES

    @property
    def segment(self) -> str:
        """The last 16 digits of the file it is in."""
        high, low = divmod(self.value // SEGMENT_BYTES, _SEGMENTS_TO_A_FILE_ID)
        return f"{high:08X}{low:08X}"


Point = datetime | Lsn | None
"""Where on a history: an instant, a position, or its head."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A known place: what was committed by `before` lies before `lsn`, what was committed from `after` on behind it."""

    before: datetime
    lsn: Lsn
    after: datetime


def newest(archive: Path) -> str | None:
    """The last 16 digits of the newest segment."""
    return max((file.name[8:] for file in archive.iterdir() if len(file.name) == 24), default=None)


def share(archive: Path, since: Lsn, into: Path) -> None:
    """Link the segments from `since` on, and the records of timelines, into another archive."""
    for file in archive.iterdir():
        if file.suffix == ".history" or (len(file.name) == 24 and file.name[8:] >= since.segment):
            with suppress(FileExistsError):
                (into / file.name).hardlink_to(file)
