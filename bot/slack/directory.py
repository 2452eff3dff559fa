"""The directory: who is who in the workspace, copied into the store on a timer.

Decides what of a Slack profile matters for permission. A click never waits for it, except that of a person nobody has
seen before, who is looked up once.
"""

import asyncio
import logging
from datetime import timedelta
from typing import Any

from slack_sdk.web.async_client import AsyncWebClient

from bot.rules.clock import Clock
from bot.rules.ids import PersonId
from bot.rules.target import Person
from bot.slack.failures import SLACK_FAILURES, name_of
from store.people import People

REFRESH = timedelta(minutes=10)
PAGE = 200

_LOG = logging.getLogger("safepoint.slack")


async def person(
    client: AsyncWebClient, people: People, team: str, id_: PersonId, clock: Clock
) -> Person | None:
    """The person as the directory knows them, looked up once if it does not; None if
    Slack does not tell."""
    known = await people.get(id_)
    if known is not None:
        return known
    try:
        answer = await client.users_info(user=id_)
    except SLACK_FAILURES as error:
        _LOG.warning("users.info: %s", name_of(error))
        return None
    found = person_of(answer["user"], team)
    await people.refresh([found], clock())
    return found


async def refresh(client: AsyncWebClient, people: People, team: str, clock: Clock) -> int:
    """Copy every member; returns how many."""
    total, cursor = 0, ""
    while True:
        answer = await client.users_list(limit=PAGE, cursor=cursor or None)
        members = [person_of(member, team) for member in answer["members"]]
        await people.refresh(members, clock())
        total += len(members)
        cursor = (answer.get("response_metadata") or {}).get("next_cursor") or ""
        if not cursor:
            return total


async def run_directory(client: AsyncWebClient, people: People, team: str, clock: Clock) -> None:
    """Refresh now and every REFRESH; while Slack is out of reach the last copy serves."""
    while True:
        try:
            await refresh(client, people, team, clock)
        except SLACK_FAILURES as error:
            _LOG.warning("the directory could not be refreshed: %s", name_of(error))
        await asyncio.sleep(REFRESH.total_seconds())


def person_of(user: dict[str, Any], team: str) -> Person:
    profile = user.get("profile") or {}
    return Person(
        id=PersonId(user["id"]),
        name=profile.get("display_name") or user.get("real_name") or user.get("name") or user["id"],
        tz=user.get("tz") or "UTC",
        is_bot=bool(user.get("is_bot")),
        is_deactivated=bool(user.get("deleted")),
        is_guest=bool(user.get("is_restricted") or user.get("is_ultra_restricted")),
        is_stranger=bool(user.get("is_stranger")) or user.get("team_id", team) != team,
    )
