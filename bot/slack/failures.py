"""What a failed call to Slack tells. Only these exceptions come out of slack_sdk over aiohttp."""

import aiohttp
from slack_sdk.errors import SlackApiError, SlackClientError

SLACK_FAILURES = (SlackClientError, aiohttp.ClientError, TimeoutError)


def code_of(error: Exception) -> str:
    """Slack's word for it (`not_in_channel`); the error's type where the answer was no Slack answer at all.

    A gateway's HTML page comes out of slack_sdk as a SlackApiError whose data is text.
    """
    data = error.response.data if isinstance(error, SlackApiError) else None
    return str(data.get("error", "")) if isinstance(data, dict) else type(error).__name__


def status_of(error: SlackApiError) -> int:
    return int(error.response.status_code)
