"""users.*, usergroups.*, bots.info, team.info, auth.test: who is who, and who the app itself is."""

from datetime import datetime
from zoneinfo import ZoneInfo

from bot.sandbox.slack.specs import Person, handle
from bot.sandbox.slack.web_api.call import TIER_2, TIER_4, ApiError, Arguments, Family, page_of
from bot.sandbox.slack.world import Json, World

people = Family()

SLACKBOT = Person("USLACKBOT", "Slackbot")
"""In every workspace, and not a bot if one believes its `is_bot`."""


@people.method("auth.test", per_minute=None)
def auth_test(world: World, _args: Arguments) -> Json:
    return {
        "url": f"{world.url}/",
        "team": world.team_name,
        "user": world.bot.name,
        "team_id": world.team_id,
        "user_id": world.bot_user_id,
        "bot_id": world.bot_id,
        "is_enterprise_install": False,
    }


@people.method(
    "users.info",
    required="user",
    optional="include_locale",
    scopes="users:read",
    per_minute=TIER_4,
    reads_json=False,
)
def info(world: World, args: Arguments) -> Json:
    wanted = args.text("user")
    person = SLACKBOT if wanted == SLACKBOT.id else world.person(wanted)
    if person is None:
        raise ApiError("user_not_found")
    return {"user": user_object(world, person)}


@people.method(
    "users.list",
    optional="cursor limit include_locale",
    scopes="users:read",
    per_minute=TIER_2,
    reads_json=False,
)
def everyone(world: World, args: Arguments) -> Json:
    users = [user_object(world, person) for person in [SLACKBOT, *world.people.values(), world.bot]]
    page, metadata = page_of(users, args)
    return {"members": page, "cache_ts": int(world.clock()), "response_metadata": metadata}


def user_object(world: World, person: Person) -> Json:
    """A user as `users.info` gives it (docs.slack.dev/reference/objects/user-object).

    Nothing but the name is left of a deactivated person. `is_stranger` is false for people of other organisations
    whom a shared channel makes visible to the app: only their `team_id` gives them away.
    """
    team = world.team_of(person.id)
    user: Json = {
        "id": person.id,
        "team_id": team,
        "name": handle(person),
        "deleted": person.deleted,
        "profile": {"real_name": person.name, "display_name": person.name, "team": team},
        "is_bot": person.is_bot,
        "is_app_user": False,
        "updated": int(world.clock()),
    }
    if person.deleted:
        return user
    return {
        **user,
        "real_name": person.name,
        **_zone(world, person),
        "is_admin": False,
        "is_owner": False,
        "is_primary_owner": False,
        "is_restricted": person.is_restricted or person.is_ultra_restricted,
        "is_ultra_restricted": person.is_ultra_restricted,
        "is_stranger": person.is_stranger and not _shares_a_channel(world, person),
    }


def _zone(world: World, person: Person) -> Json:
    """`tz_offset` is in seconds east of UTC, now."""
    now = datetime.fromtimestamp(world.clock(), ZoneInfo(person.tz))
    offset = now.utcoffset()
    return {
        "tz": person.tz,
        "tz_label": now.tzname(),
        "tz_offset": int(offset.total_seconds()) if offset else 0,
    }


def _shares_a_channel(world: World, person: Person) -> bool:
    both = {person.id, world.bot_user_id}
    return any(channel.is_ext_shared and both <= channel.members for channel in world.channels.values())


@people.method(
    "usergroups.list",
    optional="include_count include_disabled include_users",
    scopes="usergroups:read",
    per_minute=TIER_2,
    reads_json=False,
)
def groups(world: World, args: Arguments) -> Json:
    shown = []
    for group_id, (name, users) in world.usergroups.items():
        group: Json = {
            "id": group_id,
            "team_id": world.team_id,
            "is_usergroup": True,
            "name": name,
            "handle": name,
            "description": "",
            "is_external": False,
            "date_delete": 0,
        }
        if args.flag("include_users"):
            group["users"] = users
        if args.flag("include_count"):
            group["user_count"] = len(users)
        shown.append(group)
    return {"usergroups": shown}


@people.method(
    "usergroups.users.list",
    required="usergroup",
    optional="include_disabled",
    scopes="usergroups:read",
    per_minute=TIER_2,
    reads_json=False,
)
def group_members(world: World, args: Arguments) -> Json:
    group = world.usergroups.get(args.text("usergroup"))
    if group is None:
        raise ApiError("no_such_subteam")
    return {"users": group[1]}


@people.method("bots.info", optional="bot", scopes="users:read", reads_json=False)
def bot_info(world: World, args: Arguments) -> Json:
    if args.text("bot", world.bot_id) != world.bot_id:
        raise ApiError("bot_not_found")
    return {
        "bot": {
            "id": world.bot_id,
            "deleted": False,
            "name": world.bot.name,
            "updated": int(world.clock()),
            "app_id": world.app_id,
            "user_id": world.bot_user_id,
            "icons": {},
        }
    }


@people.method("team.info", optional="team domain", scopes="team:read", reads_json=False)
def team_info(world: World, args: Arguments) -> Json:
    if args.text("team", world.team_id) != world.team_id:
        raise ApiError("team_not_found")
    team = {"id": world.team_id, "name": world.team_name, "domain": world.team_domain, "url": f"{world.url}/"}
    return {"team": team}
