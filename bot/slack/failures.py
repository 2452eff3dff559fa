"""What a failed call to Slack tells. Only these exceptions come out of slack_sdk over aiohttp."""

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

SLACK_FAILURES = (SlackClientError, aiohttp.ClientError, TimeoutError)


def code_of(error: Exception) -> str:
    """Slack's word for it (`not_in_channel`), or '' where the answer was no answer of Slack's.

    For a gateway's HTML page `data` is text; for one labelled as JSON slack_sdk hands out aiohttp's own response, which
    has none (slack_sdk/web/async_internal_utils.py).
    """
    data = getattr(error.response, "data", None) if isinstance(error, SlackApiError) else None
    return str(data.get("error", "")) if isinstance(data, dict) else ""


def name_of(error: Exception) -> str:
    """For a log line: Slack's word, else the kind of error."""
    return code_of(error) or type(error).__name__


def status_of(error: SlackApiError) -> int:
    return int(getattr(error.response, "status_code", 0) or getattr(error.response, "status", 0))


def retry_after_seconds(error: SlackApiError) -> float:
    """What a 429 asks for; Slack sends whole seconds, anything else reads as a few."""
    told = str(error.response.headers.get("Retry-After", ""))
    return float(told) if told.isdigit() else 5.0
