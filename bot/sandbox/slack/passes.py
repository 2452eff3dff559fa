"""Short-lived things Slack hands out: trigger ids, response URLs, socket tickets.

Decides how long each lives and how often it can be used (trigger: 3 s, once; response URL: 30 min, five times;
ticket: 30 s, once). What they are used for is decided by the callers.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass, field

Clock = Callable[[], float]

TRIGGER_SECONDS = 3.0
RESPONSE_URL_SECONDS = 30 * 60.0
RESPONSE_URL_USES = 5
TICKET_SECONDS = 30.0


class PassRefused(Exception):
    """`str()` of it is Slack's error word."""


@dataclass(slots=True)
class Trigger:
    user: str
    expires_at: float
    view_id: str | None
    is_used: bool = False


@dataclass(slots=True)
class ResponseUrl:
    """Where an app may answer one interaction. `ts` is the message that was clicked, if one was."""

    user: str
    channel: str
    expires_at: float
    ts: str | None
    uses: int = 0


@dataclass(slots=True)
class Passes:
    clock: Clock
    triggers: dict[str, Trigger] = field(default_factory=dict)
    response_urls: dict[str, ResponseUrl] = field(default_factory=dict)
    tickets: dict[str, float] = field(default_factory=dict)

    def issue_trigger(self, user: str, view_id: str | None = None) -> str:
        """`view_id` is the modal the person was in, so that `views.push` knows which stack to grow."""
        name = f"{secrets.randbelow(10**13)}.{secrets.randbelow(10**13)}.{secrets.token_hex(16)}"
        self.triggers[name] = Trigger(user, self.clock() + TRIGGER_SECONDS, view_id)
        return name

    def use_trigger(self, name: str) -> Trigger:
        trigger = self.triggers.get(name)
        if trigger is None:
            raise PassRefused("invalid_trigger_id")
        if trigger.is_used:
            raise PassRefused("exchanged_trigger_id")
        if self.clock() > trigger.expires_at:
            raise PassRefused("expired_trigger_id")
        trigger.is_used = True
        return trigger

    def issue_response_url(self, user: str, channel: str, ts: str | None = None) -> str:
        name = secrets.token_urlsafe(24)
        self.response_urls[name] = ResponseUrl(user, channel, self.clock() + RESPONSE_URL_SECONDS, ts)
        return name

    def use_response_url(self, name: str) -> ResponseUrl:
        url = self.response_urls.get(name)
        if url is None:
            raise PassRefused("invalid_token")
        if self.clock() > url.expires_at:
            raise PassRefused("expired_url")
        if url.uses >= RESPONSE_URL_USES:
            raise PassRefused("used_url")
        url.uses += 1
        return url

    def issue_ticket(self) -> str:
        name = secrets.token_urlsafe(24)
        self.tickets[name] = self.clock() + TICKET_SECONDS
        return name

    def use_ticket(self, name: str) -> bool:
        return self.clock() <= self.tickets.pop(name, 0.0)
