"""One thing wrong with Neon at a time; each check is brought into every state it can have."""

import socket
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from bot.doctor import State
from bot.doctor.neon import judge_account, judge_branch, judge_clock
from bot.neon.models import Account, Branch
from bot.rules.clock import age_words, system_clock
from bot.rules.ids import BranchId, ProjectId
from tests.doctor.worlds import FAILED, OK, WARNING, World


async def test_a_neon_in_which_all_is_well_has_nothing_to_hint_at(world: World) -> None:
    found = await world.findings()
    assert found.not_ok() == {}
    steps = ["project", "history window", "branch", "database", "role", "connection", "row counts"]
    assert found.names == ["Neon key", "clock", *(f"prod: {step}" for step in steps)]
    assert found["prod: row counts"].detail == "all 2 tables can be counted"


async def test_a_wrong_key_fails_and_leaves_the_targets_unlooked_at(world: World) -> None:
    found = await world.findings(key="napi_not_this_one")
    assert found.not_ok() == {"Neon key": FAILED, "prod: Neon": WARNING}
    assert "NEON_API_KEY" in found["Neon key"].hint


async def test_a_neon_that_does_not_answer_fails_and_is_never_ok(world: World) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))  # bound and not listening: refused
        found = await world.findings(url=f"http://127.0.0.1:{taken.getsockname()[1]}/api/v2")
    assert found.not_ok() == {"Neon key": FAILED, "prod: Neon": WARNING}
    assert "does not answer" in found["Neon key"].detail


@pytest.mark.parametrize(
    ("name", "path", "check", "reached"),
    [
        ("503", "^/projects/[^/]+$", "project", []),
        ("503", "/branches/[^/]+$", "branch", ["project", "history window"]),
        ("429", "/databases$", "database", ["branch", "role"]),
        ("html_524", "/roles$", "role", ["branch", "database"]),
        ("503", "/connection_uri$", "connection", ["branch", "database", "role"]),
    ],
)
async def test_a_neon_in_trouble_half_way_fails_there_and_keeps_what_was_seen(
    changing: World, path: str, check: str, reached: list[str], name: str
) -> None:
    await changing.order("faults", fault=name, times=1000, path_regex=path)
    found = await changing.findings()
    assert found.not_ok() == {f"prod: {check}": FAILED}
    assert [found[f"prod: {step}"].state for step in reached] == [OK] * len(reached)
    assert "prod: row counts" not in found


async def test_a_personal_key_works_and_is_warned_of(world: World) -> None:
    found = await world.findings(key=world.neon.new_api_key("personal"))
    assert found.not_ok() == {"Neon key": WARNING}
    assert "limited to the project" in found["Neon key"].hint


async def test_an_organizations_key_is_fine_and_an_unknown_kind_is_not(world: World) -> None:
    assert (await world.findings(key=world.neon.new_api_key("organization"))).not_ok() == {}
    assert judge_account(Account(id="1", auth_method="session_cookie")).state is WARNING


async def test_a_key_limited_to_another_project_fails_at_the_project(world: World) -> None:
    found = await world.findings(key=world.neon.new_api_key("project", world.neon.project_id))
    assert found.not_ok() == {"prod: project": FAILED}
    assert "the key reaches that project" in found["prod: project"].hint


async def test_a_wrong_project_fails_and_is_told_where_it_stands(world: World) -> None:
    found = await world.findings(replace(world.target, project=ProjectId("no-such-project-000000")))
    assert found.not_ok() == {"prod: project": FAILED}
    assert "[targets.prod]" in found["prod: project"].hint


async def test_a_wrong_branch_fails_and_the_project_stays_ok(world: World) -> None:
    found = await world.findings(replace(world.target, branch=BranchId("br-not-there-000000")))
    assert found.not_ok() == {"prod: branch": FAILED}
    assert found["prod: project"].state is OK


async def test_a_wrong_database_fails_with_those_there_are(world: World) -> None:
    found = await world.findings(replace(world.target, database="shopp"))
    assert found.not_ok() == {"prod: database": FAILED}
    assert found["prod: database"].hint == "There are: shop."
    assert found["prod: role"].state is OK


async def test_a_wrong_role_fails_with_those_there_are(world: World) -> None:
    found = await world.findings(replace(world.target, role="shop_admin"))
    assert found.not_ok() == {"prod: role": FAILED}
    assert "shop_owner" in found["prod: role"].hint


@pytest.mark.parametrize(
    ("seconds", "state", "words"),
    [
        (0, FAILED, "keeps no history"),
        (6 * 3600, WARNING, "only 6 hours"),
        (5400, WARNING, "only 1.5 hours"),
        (86399, WARNING, "only 24 hours"),
        (86400, OK, age_words(timedelta(days=1))),
        (7 * 86400, OK, "7 d"),
    ],
)
async def test_the_history_window_is_told_in_hours_when_it_is_short(
    changing: World, seconds: int, state: State, words: str
) -> None:
    await changing.order("settings", history_seconds=seconds)
    found = (await changing.findings())["prod: history window"]
    assert (found.state, words in found.detail) == (state, True)


async def test_a_child_branch_is_warned_of_and_still_looked_at(world: World) -> None:
    async with world.client() as client:
        child = await client.create_branch(
            world.target.project,
            name="doctor-child",
            parent=world.target.branch,
            at=None,
            compute=True,
            expires_at=datetime.now(UTC) + timedelta(hours=1),
            annotation={},
        )
        found = await world.findings(replace(world.target, branch=child.id))
        await client.delete_branch(world.target.project, child.id)
    assert found.not_ok() == {"prod: branch": WARNING}
    told = found["prod: branch"].detail
    assert "doctor-child is a child branch: Neon may refuse a restore in place" in told
    assert "will be deleted at" in told
    assert found["prod: row counts"].state is OK


async def test_a_branch_without_a_compute_fails_at_the_connection(world: World) -> None:
    async with world.client() as client:
        branch = await client.create_branch(
            world.target.project,
            name="doctor-bare",
            parent=world.target.branch,
            at=None,
            compute=False,
            expires_at=None,
            annotation={},
        )
        found = await world.findings(replace(world.target, branch=branch.id))
        await client.delete_branch(world.target.project, branch.id)
    assert found["prod: connection"].state is FAILED
    assert "compute" in found["prod: connection"].hint


BRANCH = Branch.model_validate(
    {
        "id": "br-1",
        "project_id": "p-1",
        "name": "main",
        "current_state": "ready",
        "created_at": "2026-11-01T00:00:00Z",
        "updated_at": "2026-11-01T00:00:00Z",
        "default": True,
        "protected": False,
    }
)


@pytest.mark.parametrize(
    ("changes", "state", "words"),
    [
        ({}, OK, "main, ready, a root"),
        ({"current_state": "resetting"}, FAILED, "main is not ready: resetting"),
        ({"current_state": "init", "pending_state": "ready"}, FAILED, "not ready"),
        ({"current_state": "a new word of Neon's"}, FAILED, "not ready: a new word"),
        ({"current_state": "archived"}, WARNING, "main is archived"),
        ({"restored_from": "snap-1"}, FAILED, "made from a snapshot"),
        (
            {"restricted_actions": [{"name": "restore", "reason": "busy elsewhere"}]},
            FAILED,
            "does not allow restoring main: busy elsewhere",
        ),
        ({"restricted_actions": [{"name": "delete-rw-endpoint"}]}, OK, "ready"),
    ],
)
def test_a_branch_is_ok_only_if_it_can_be_restored_now(
    changes: dict[str, Any], state: State, words: str
) -> None:
    found = judge_branch("prod", Branch.model_validate({**BRANCH.model_dump(), **changes}))
    assert (found.state, words in found.detail) == (state, True)


async def test_a_clock_that_is_off_is_warned_of_with_the_direction(world: World) -> None:
    fast = await world.findings(clock=lambda: system_clock() + timedelta(minutes=5))
    slow = await world.findings(clock=lambda: system_clock() - timedelta(minutes=5))
    assert fast.not_ok() == slow.not_ok() == {"clock": WARNING}
    assert "ahead of Neon's" in fast["clock"].detail and "behind Neon's" in slow["clock"].detail


@pytest.mark.parametrize(
    ("skew", "state", "words"),
    [
        (None, WARNING, "cannot tell"),
        (timedelta(0), OK, "within a second"),
        (timedelta(seconds=1), OK, "within a second"),
        (timedelta(seconds=1.26), WARNING, "1.3 s ahead of Neon's"),
        (timedelta(seconds=-90), WARNING, "90.0 s behind Neon's"),
    ],
)
def test_more_than_a_second_apart_is_too_much(skew: timedelta | None, state: State, words: str) -> None:
    found = judge_clock(skew)
    assert (found.state, words in found.detail) == (state, True)
