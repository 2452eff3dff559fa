"""Backups and the alert about a missing one."""

import secrets

import httpx

from bot.cli.guide import Guide
from bot.sandbox.outside import Outside
from tests.journeys.neon_eyes import fault, names, snapshot_names


async def test_a_backup_is_a_snapshot_that_counts_once_neon_has_finished_it(
    guide: Guide, outside: Outside, neon_api: httpx.AsyncClient
) -> None:
    name, seen = f"pre-deploy-{secrets.token_hex(3)}", await guide.last_ts()
    await guide.type(guide.named("Dana"), "/backup", f"prod {name}")
    card = await guide.message("it is confirmed", "finished by Neon", after=seen)
    assert name in guide.words(card)
    assert name in await snapshot_names(neon_api, outside)
    await guide.message("the alert about prod is resolved", "are fresh again")

    seen = await guide.last_ts()
    await guide.type(guide.named("Kofi"), "/backup", f"prod {name}")
    card = await guide.message("the name is taken", "There is already a backup or branch named", after=seen)
    assert (await snapshot_names(neon_api, outside)).count(name) == 1


async def test_where_snapshots_are_refused_a_branch_is_made_and_said_so(
    guide: Guide, outside: Outside, neon_api: httpx.AsyncClient
) -> None:
    name, seen = f"fallback-{secrets.token_hex(3)}", await guide.last_ts()
    settings = f"{outside.neon.origin}/sandbox/settings"
    await neon_api.post(settings, json={"plan": "free"})
    try:
        await guide.type(guide.named("Dana"), "/backup", f"prod {name}-0")
        await guide.message("an answer", f"{name}-0", after=seen)
        await guide.type(guide.named("Dana"), "/backup", f"prod {name}")
        card = await guide.message("a branch is made", f"branch {name}, finished by Neon", after=seen)
    finally:
        await neon_api.post(settings, json={"plan": "unlimited"})
    assert "Neon refused a snapshot" in guide.words(card)
    assert name in await names(neon_api, outside)


async def test_an_outsider_cannot_take_a_backup(guide: Guide) -> None:
    sam, seen = guide.named("Sam"), await guide.last_ts()
    await guide.type(sam, "/backup", "prod")
    await guide.whisper("refused", sam, "You may not back up prod", after=seen)


async def test_a_failed_operation_is_a_failed_backup(
    guide: Guide, outside: Outside, neon_api: httpx.AsyncClient
) -> None:
    name, seen = f"fails-{secrets.token_hex(3)}", await guide.last_ts()
    await fault(neon_api, outside, "failed_operation", times=1, method="POST", path_regex="/snapshot")
    await guide.type(guide.named("Dana"), "/backup", f"prod {name}")
    card = await guide.message("it failed", f"{name} was not taken", after=seen)
    assert "failed" in guide.words(card)
