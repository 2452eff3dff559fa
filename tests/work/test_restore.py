"""Runs that meet what a crash, a changed configuration or another restore left them."""

import httpx
import pytest

from bot.rules.clock import iso
from bot.rules.request import Request, Stage
from tests.builders import T0, request, request_at
from tests.neon.scripted import Answer, branch, branches, refuses, says
from tests.work.conftest import HERE, LIST, MAIN, SEND, Room

ASKED = request(project=HERE.project, branch=HERE.branch, source=HERE.branch)
COPY = branch(f"safepoint-before-{ASKED.id}", "br-copy", created_at=iso(T0))
RESTORED = branch(parent_id="br-copy", last_reset_at=iso(T0))


async def at(room: Room, stage: Stage) -> Request:
    """An in-place restore that got to this stage, in the store."""
    walked = request_at(stage, start=ASKED)
    await room.store.requests.add(walked)
    return walked


async def test_a_bug_while_restoring_is_never_told_as_nothing_changed(room: Room) -> None:
    room.script.on(SEND, _stumbles)
    ended = await room.ended(await at(room, Stage.APPROVED))
    assert ended.stage is Stage.NEEDS_HUMAN


def _stumbles(_: httpx.Request) -> httpx.Response:
    raise ZeroDivisionError


@pytest.mark.parametrize("trouble", [refuses(401), refuses(404, "project not found")])
async def test_a_key_changed_during_a_restore_does_not_make_it_nothing_changed(
    room: Room, trouble: Answer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("bot.work.restore.BLIND_PAUSE_SECONDS", 0.01)
    room.script.on(MAIN, says(200, {"branch": branch()}), says(200, {"branch": RESTORED}))
    room.script.on(LIST, branches(), branches(), *[trouble] * 3, branches(COPY))
    ended = await room.ended(await at(room, Stage.RUNNING))
    assert ended.stage is Stage.UNVERIFIED
    assert ended.left_behind is not None
    assert room.script.sent(SEND) == []
