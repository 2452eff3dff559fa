"""Who the key belongs to. `GET /auth` works with any key; what belongs to a user answers 404 to other keys."""

from aiohttp import web

from bot.sandbox.neon.calls import Call, Route, answer
from bot.sandbox.neon.instants import now, rfc3339
from bot.sandbox.neon.refusals import Refusal
from bot.sandbox.neon.shapes import ORGANIZATION_ID

_USER_ID = "5f9a6f2e-5d0c-4f6a-9c1b-0a3d5e7c9b11"


async def get_auth(call: Call) -> web.Response:
    """What kind of key this is."""
    personal = call.key.kind == "personal"
    return answer(
        {
            "account_id": _USER_ID if personal else ORGANIZATION_ID,
            "auth_method": "api_key_user" if personal else "api_key_org",
        }
    )


async def get_me(call: Call) -> web.Response:
    """The user, for a personal key."""
    _require_person(call)
    limits = call.world.settings.limits
    return answer(
        {
            "active_seconds_limit": 0,
            "id": _USER_ID,
            "email": "owner@example.com",
            "login": "sandbox",
            "name": "Sandbox",
            "last_name": "Owner",
            "image": "",
            "projects_limit": 100,
            "branches_limit": limits.branches,
            "max_autoscaling_limit": 8,
            "auth_accounts": [],
            "plan": limits.subscription,
        }
    )


async def list_organizations(call: Call) -> web.Response:
    """The one organization of the sandbox."""
    _require_person(call)
    at = rfc3339(now())
    organization = {
        "id": ORGANIZATION_ID,
        "name": "Sandbox",
        "handle": "sandbox",
        "plan": call.world.settings.limits.subscription,
        "created_at": at,
        "updated_at": at,
        "managed_by": "console",
    }
    return answer({"organizations": [organization]})


def _require_person(call: Call) -> None:
    if call.key.kind != "personal":
        raise Refusal(404, "this endpoint is not available for organization API keys")


ROUTES: tuple[Route, ...] = (
    ("GET", "/auth", get_auth),
    ("GET", "/users/me", get_me),
    ("GET", "/users/me/organizations", list_organizations),
)
