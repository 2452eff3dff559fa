"""Small building blocks to say what a JSON value must look like, with Slack's wording for what is wrong.

A check takes a value and where it stands (a JSON pointer) and yields complaints such as
`must be less than 76 characters [json-pointer:/blocks/0/text]`. The limits themselves are in `limits.py`.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

Check = Callable[[Any, str], Iterator[str]]


def complain(what: str, pointer: str) -> str:
    return f"{what} [json-pointer:{pointer}]"


def string(longest: int, shortest: int = 1) -> Check:
    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, str):
            yield complain("must be a string", at)
        elif len(value) > longest:
            yield complain(f"must be less than {longest + 1} characters", at)
        elif len(value) < shortest:
            yield complain(f"must be more than {shortest - 1} characters", at)

    return check


def boolean(value: Any, at: str) -> Iterator[str]:
    if not isinstance(value, bool):
        yield complain("must be a boolean", at)


def integer(least: int, most: int) -> Check:
    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, int) or isinstance(value, bool):
            yield complain("must be an integer", at)
        elif not least <= value <= most:
            yield complain(f"must be between {least} and {most}", at)

    return check


def one_of(*words: str) -> Check:
    def check(value: Any, at: str) -> Iterator[str]:
        if value not in words:
            yield complain(f"must be one of {', '.join(words)}", at)

    return check


def array(item: Check, most: int, least: int = 1) -> Check:
    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, list):
            yield complain("must be an array", at)
            return
        if len(value) > most:
            yield complain(f"no more than {most} items allowed", at)
        if len(value) < least:
            yield complain(f"no less than {least} items allowed", at)
        for place, entry in enumerate(value):
            yield from item(entry, f"{at}/{place}")

    return check


def record(required: Mapping[str, Check], optional: Mapping[str, Check] | None = None) -> Check:
    """An object with these keys and no other. `type` is looked at by `typed`, so it is always allowed."""
    known = {**required, **(optional or {})}

    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, dict):
            yield complain("must be an object", at)
            return
        for key in required:
            if key not in value:
                yield complain(f"missing required field: {key}", at)
        for key, entry in value.items():
            if key == "type":
                continue
            if key in known:
                yield from known[key](entry, f"{at}/{key}")
            else:
                yield complain(f"invalid additional property: {key}", at)

    return check


def typed(kinds: Mapping[str, Check]) -> Check:
    """An object whose `type` says which of the checks it must pass."""

    def check(value: Any, at: str) -> Iterator[str]:
        if not isinstance(value, dict) or "type" not in value:
            yield complain("missing required field: type", at)
        elif not isinstance(value["type"], str) or value["type"] not in kinds:
            yield complain(f"unsupported type: {value['type']}", f"{at}/type")
        else:
            yield from kinds[value["type"]](value, at)

    return check


def both(*checks: Check) -> Check:
    """All of the checks, in order, up to the first that finds something."""

    def check(value: Any, at: str) -> Iterator[str]:
        for one in checks:
            if found := list(one(value, at)):
                yield from found
                return

    return check


def any_key(*keys: str) -> Check:
    """At least one of the keys must be there."""

    def check(value: Any, at: str) -> Iterator[str]:
        if isinstance(value, dict) and not any(key in value for key in keys):
            yield complain(f"must define either {' or '.join(f'`{key}`' for key in keys)}", at)

    return check


def exactly_one_key(*keys: str) -> Check:
    def check(value: Any, at: str) -> Iterator[str]:
        if isinstance(value, dict) and sum(key in value for key in keys) != 1:
            yield complain(f"must define exactly one of {', '.join(f'`{key}`' for key in keys)}", at)

    return check


def later(find: Callable[[], Check]) -> Check:
    """A check that contains itself."""

    def check(value: Any, at: str) -> Iterator[str]:
        yield from find()(value, at)

    return check


def anything(_value: Any, _at: str) -> Iterator[str]:
    yield from ()
