"""Words for a time zone: UTC, offsets, IANA names, abbreviations. What they can mean, never which of it is meant.

An abbreviation stands for an offset and for the clocks of a place; in half of the year these differ. Some stand for
several places. Offsets outside of those in use are no zones: `10:25-10:30` is a range.
"""

import re
from dataclasses import dataclass
from datetime import UTC, timedelta, timezone, tzinfo
from functools import cache
from importlib.resources import files
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError


@dataclass(frozen=True, slots=True)
class Meaning:
    """A zone, and for an abbreviation also the place whose clocks show it for at least a part of the year."""

    zone: tzinfo
    place: tzinfo | None = None


SpokenZone = tuple[Meaning, ...]  # more than one: it has to be asked

_HALF_HOURS = {-570, -210, -150, 210, 270, 330, 345, 390, 525, 570, 630, 765, 825}
OFFSETS = frozenset(range(-12 * 60, 14 * 60 + 1, 60)) | _HALF_HOURS
"""Minutes east of UTC that clocks show somewhere (IANA tz database, present day)."""

_OFFSET = re.compile(r"(?:utc|gmt)? ?(?P<sign>[+-])(?P<hours>\d{1,2}):?(?P<minutes>\d{2})?")
_UTC = frozenset({"z", "utc", "gmt", "zulu"})
_GENERAL = {
    "et": "America/New_York",
    "ct": "America/Chicago",
    "mt": "America/Denver",
    "pt": "America/Los_Angeles",
}
_ABBREVIATIONS: dict[str, tuple[tuple[float, str], ...]] = {
    "acdt": ((10.5, "Australia/Adelaide"),),
    "acst": ((9.5, "Australia/Adelaide"),),
    "adt": ((-3, "America/Halifax"),),
    "aedt": ((11, "Australia/Sydney"),),
    "aest": ((10, "Australia/Sydney"),),
    "akdt": ((-8, "America/Anchorage"),),
    "akst": ((-9, "America/Anchorage"),),
    "amt": ((-4, "America/Manaus"), (4, "Asia/Yerevan")),
    "ast": ((-4, "America/Halifax"), (3, "Asia/Riyadh")),
    "awst": ((8, "Australia/Perth"),),
    "brt": ((-3, "America/Sao_Paulo"),),
    "bst": ((1, "Europe/London"), (6, "Asia/Dhaka"), (11, "Pacific/Bougainville")),
    "cat": ((2, "Africa/Maputo"),),
    "cdt": ((-5, "America/Chicago"), (-4, "America/Havana")),
    "cest": ((2, "Europe/Berlin"),),
    "cet": ((1, "Europe/Berlin"),),
    "cst": ((-6, "America/Chicago"), (8, "Asia/Shanghai"), (-5, "America/Havana")),
    "eat": ((3, "Africa/Nairobi"),),
    "ect": ((-5, "America/Guayaquil"), (-4, "America/Puerto_Rico")),
    "edt": ((-4, "America/New_York"),),
    "eest": ((3, "Europe/Athens"),),
    "eet": ((2, "Europe/Athens"),),
    "est": ((-5, "America/New_York"),),
    "gst": ((4, "Asia/Dubai"), (-2, "Atlantic/South_Georgia"), (10, "Pacific/Guam")),
    "hkt": ((8, "Asia/Hong_Kong"),),
    "hst": ((-10, "Pacific/Honolulu"),),
    "ict": ((7, "Asia/Bangkok"),),
    "idt": ((3, "Asia/Jerusalem"),),
    "ist": ((5.5, "Asia/Kolkata"), (2, "Asia/Jerusalem"), (1, "Europe/Dublin")),
    "jst": ((9, "Asia/Tokyo"),),
    "kst": ((9, "Asia/Seoul"),),
    "mdt": ((-6, "America/Denver"),),
    "msk": ((3, "Europe/Moscow"),),
    "mst": ((-7, "America/Denver"),),
    "ndt": ((-2.5, "America/St_Johns"),),
    "npt": ((5.75, "Asia/Kathmandu"),),
    "nst": ((-3.5, "America/St_Johns"),),
    "nzdt": ((13, "Pacific/Auckland"),),
    "nzst": ((12, "Pacific/Auckland"),),
    "pdt": ((-7, "America/Los_Angeles"),),
    "pkt": ((5, "Asia/Karachi"),),
    "pst": ((-8, "America/Los_Angeles"),),
    "sast": ((2, "Africa/Johannesburg"),),
    "sgt": ((8, "Asia/Singapore"),),
    "sst": ((-11, "Pacific/Pago_Pago"), (8, "Asia/Singapore")),
    "trt": ((3, "Europe/Istanbul"),),
    "wat": ((1, "Africa/Lagos"),),
    "west": ((1, "Europe/Lisbon"),),
    "wet": ((0, "Europe/Lisbon"),),
    "wib": ((7, "Asia/Jakarta"),),
    "wst": ((8, "Australia/Perth"), (13, "Pacific/Apia")),
}
_ABROAD: dict[str, tuple[str, tuple[float, str]]] = {
    "est": ("Australia/", (10, "Australia/Sydney")),
    "mst": ("Asia/", (8, "Asia/Kuala_Lumpur")),
    "pst": ("Asia/", (8, "Asia/Manila")),
}
"""American abbreviations that people of a region may use for their own clocks."""


def spoken_zone(word: str, home: tzinfo) -> SpokenZone | None:
    """What a lower-case word of a person at `home` can mean as a zone, or None when it is none."""
    if word in _UTC:
        return (Meaning(UTC),)
    if places := _ABBREVIATIONS.get(word):
        region, abroad = _ABROAD.get(word, ("-", places[0]))
        if str(home).startswith(region):
            places = (*places, abroad)
        return tuple(Meaning(timezone(timedelta(hours=hours)), ZoneInfo(place)) for hours, place in places)
    if match := _OFFSET.fullmatch(word):
        minutes = int(match["hours"]) * 60 + int(match["minutes"] or 0)
        east = -minutes if match["sign"] == "-" else minutes
        return (Meaning(timezone(timedelta(minutes=east))),) if east in OFFSETS else None
    zone = zone_named(_GENERAL.get(word, word))
    return (Meaning(zone),) if zone else None


def zone_named(name: str) -> tzinfo | None:
    """The zone of an IANA name in any case, or None; from the system, else from the tzdata package."""
    known = _names().get(name.lower())
    if known is None:
        return None
    try:
        return ZoneInfo(known)
    except ZoneInfoNotFoundError:
        return None


@cache
def _names() -> dict[str, str]:
    names = files("tzdata").joinpath("zones").read_text(encoding="utf-8").split()
    return {name.lower(): name for name in names if name != "Factory"}
