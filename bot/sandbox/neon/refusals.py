"""What Neon says when it refuses: status, code and message as neon.md §3.2 has them.

A message marked as a guess in `assumptions.py` has no published text.
"""

from datetime import datetime, timedelta

from bot.sandbox.neon.instants import go_duration, go_time


class Refusal(Exception):
    """An error answer. `code` is empty for most of Neon's errors; `Retry-After` is sent only when asked for."""

    def __init__(
        self, status: int, message: str, code: str = "", *, retry_after_seconds: float | None = None
    ) -> None:
        super().__init__(message)
        self.retry_after_seconds = retry_after_seconds
        self.status = status
        self.code = code
        self.message = message


def bad_request(message: str) -> Refusal:
    """400: the request itself makes no sense."""
    return Refusal(400, message)


def unauthorized() -> Refusal:
    """401: missing, wrong or revoked key."""
    return Refusal(401, "supplied credentials do not pass authentication")


def not_found(what: str) -> Refusal:
    """404, such as `branch not found`."""
    return Refusal(404, f"{what} not found")


def before_window(instant: datetime, window: timedelta) -> Refusal:
    """400: the instant lies before what can still be reached; the text is machine-readable."""
    return Refusal(
        400,
        f"timestamp is before retention window; "
        f'timestamp:"{go_time(instant)}", retention_window:"{go_duration(window)}"',
    )


def already_exists(what: str) -> Refusal:
    """409, such as `branch already exists`."""
    return Refusal(409, f"{what} already exists")


def unprocessable(message: str, code: str = "") -> Refusal:
    """422: understood, but not as things stand."""
    return Refusal(422, message, code)


def busy() -> Refusal:
    """423: another operation of the project is under way."""
    return Refusal(
        423, "project already has running conflicting operations, scheduling of new ones is prohibited"
    )
