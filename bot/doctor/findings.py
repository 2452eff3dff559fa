"""What a check found, and the words for one that could not be made.

Decides nothing about Slack or Neon. The words quote no message of a library: it could hold a token or an address.
"""

import html
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TypeVar

from slack_sdk.errors import SlackApiError

from bot.cards.words import sentences
from bot.errors import Kind, SafepointError, as_ours
from bot.slack.failures import SLACK_FAILURES, code_of

T = TypeVar("T")

_TAKE_AGAIN = (
    "Copy the token again from the app's settings at api.slack.com/apps; install the app if it is not."
)
_TWO_TOKENS = "There are two tokens: SLACK_BOT_TOKEN is xoxb-…, SLACK_APP_TOKEN is xapp-…."
_SLACK_HINTS = {
    "account_inactive": _TAKE_AGAIN,
    "invalid_auth": _TAKE_AGAIN,
    "missing_scope": "Put manifest.yml into the app's settings again and reinstall the app to the workspace.",
    "not_allowed_token_type": _TWO_TOKENS,
    "not_authed": _TAKE_AGAIN,
    "ratelimited": "Wait a minute, then try again.",
    "token_expired": _TAKE_AGAIN,
    "token_revoked": _TAKE_AGAIN,
}
_NEON_HINTS = {
    Kind.WRONG_KEY: "Put a valid key into NEON_API_KEY; Neon shows a key only once, when it is made.",
}


class State(StrEnum):
    OK = "OK"
    WARNING = "WARNING"
    FAILED = "FAILED"


@dataclass(frozen=True, slots=True)
class Finding:
    """What one check saw. `hint` says what to do, and is empty for OK."""

    name: str
    state: State
    detail: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class Flaw:
    """One thing that is not as it should be."""

    state: State
    detail: str
    hint: str


@dataclass(frozen=True, slots=True)
class Notes:
    """Findings in the order they were made."""

    findings: list[Finding] = field(default_factory=list)

    async def ask(self, name: str, asked: Awaitable[T], *, missing: str = "") -> T | None:
        """The answer; None when there was none, which is noted as failed. `missing`: the hint if it was not found."""
        try:
            return await asked
        except Exception as error:  # noqa: BLE001 - whatever it is, this check has failed and the others go on
            self.findings.append(failed(name, error, missing=missing))
            return None

    def skip(self, name: str, why: str) -> None:
        self.findings.append(Finding(name, State.WARNING, f"not looked at: {why}", "Mend that first."))


def judged(name: str, seen: str, flaws: Sequence[Flaw]) -> Finding:
    """OK with what was seen, or the worst of the flaws with all that is to be said of them."""
    if not flaws:
        return Finding(name, State.OK, seen)
    state = State.FAILED if any(flaw.state is State.FAILED for flaw in flaws) else State.WARNING
    hints = dict.fromkeys(flaw.hint for flaw in flaws)
    return Finding(name, state, "; ".join(flaw.detail for flaw in flaws), " ".join(hints))


def failed(name: str, error: Exception, *, missing: str = "") -> Finding:
    """The finding for a check that ended in an error, in words that quote nothing secret."""
    if isinstance(error, SlackApiError):
        detail, hint = _slack_words(error, missing)
    elif isinstance(error, SLACK_FAILURES):
        detail = f"Slack cannot be reached ({type(error).__name__})"
        hint = "Check the network and SLACK_API_URL, then try again."
    else:
        detail, hint = _our_words(as_ours(error), missing)
    return Finding(name, State.FAILED, detail, hint)


def _slack_words(error: SlackApiError, missing: str) -> tuple[str, str]:
    code = code_of(error)
    if not code:
        return (
            "Slack answered with something unreadable",
            "Check SLACK_API_URL and the network, then try again.",
        )
    if code == "channel_not_found" and missing:
        return "Slack does not find it", missing
    needed = error.response.get("needed")
    detail = f"Slack refused: {code}" + (f", {needed}" if needed else "")
    return detail, _SLACK_HINTS.get(code, "docs.slack.dev says what it means, method by method.")


def _our_words(error: SafepointError, missing: str) -> tuple[str, str]:
    fact, advice = (html.unescape(words) for words in sentences(error.kind, error.facts))
    if error.kind is Kind.BUG:
        return f"{fact} {error.facts.get('error')} at {error.facts.get('place')}", advice
    if error.kind is Kind.NOT_FOUND and missing:
        return fact, missing
    return fact, _NEON_HINTS.get(error.kind, advice)
