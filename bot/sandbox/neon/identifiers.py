"""Identifiers in the shapes of Neon's own, so that its command-line client takes them for identifiers.

The client calls a text a branch id when it is `br-word-word-suffix` (neon.md §2), and every id matches
`^[a-z0-9-]{1,60}$`.
"""

import secrets
import string
import uuid

_FIRST = """
    aged amber bold calm cool crimson damp dawn fancy fragrant frosty green hidden icy late little misty
    noisy old orange patient plain polished quiet rapid red round royal shiny silent snowy solitary
    still summer sweet tight weathered white wild wispy young
""".split()  # noqa: SIM905 - a list would take a line for each
_SECOND = """
    band bird boat bonus breeze brook bush cake cell cloud credit dust feather field fire flower fog
    forest frost glade grass hall hat haze heart hill king lab lake leaf limit math meadow mode moon
    morning mud night paper pine pond rain resonance rice river salad scene sea shadow shape silence sky
    smoke snow sound star sun sunset term thunder tooth tree truth union unit voice water wave wind wood
""".split()  # noqa: SIM905 - a list would take a line for each
_ALPHABET = string.ascii_lowercase + string.digits


def branch_id() -> str:
    """Such as `br-purple-dust-a5hok5mk`."""
    return f"br-{_two_words()}-a{_random(7)}"


def endpoint_id() -> str:
    """Such as `ep-cool-darkness-a1b2c3d4`."""
    return f"ep-{_two_words()}-a{_random(7)}"


def snapshot_id() -> str:
    """Such as `snap-first-cloud-a1b2c3d4`."""
    return f"snap-{_two_words()}-a{_random(7)}"


def project_id() -> str:
    """Such as `restless-cell-46809886`; projects have no prefix."""
    return f"{_two_words()}-{secrets.randbelow(90_000_000) + 10_000_000}"


def operation_id() -> str:
    """A UUID."""
    return str(uuid.uuid4())


def database_id() -> int:
    """A number; Neon's are 64 bits wide."""
    return secrets.randbelow(2**40) + 1


def password() -> str:
    """A role's password in Neon's shape, `npg_` and 12 characters."""
    return "npg_" + "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(12))


def api_key() -> str:
    """A key in Neon's shape: `napi_` and 64 characters."""
    return "napi_" + _random(64)


def _two_words() -> str:
    return f"{secrets.choice(_FIRST)}-{secrets.choice(_SECOND)}"


def _random(length: int) -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(length))
