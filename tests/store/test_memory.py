import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

from bot.errors import Kind, Refused
from bot.rules.backup import Backup, BackupKind, taken
from bot.rules.freshness import Alert, Freshness, Newest, observed
from bot.rules.ids import BackupId, BranchId, PersonId, RequestId, TargetName
from bot.rules.request import (
    ENDED_UNCHANGED,
    Purpose,
    Request,
    Stage,
    begin_phase,
    can_undo,
    fail,
    vote,
)
from bot.rules.said import Note, NoteKind
from bot.rules.trouble import trouble_of
from store.memory import BELLS, Store
from store.messages import Message, MessageKind
from tests.builders import (
    ADA,
    ALI,
    ANNA,
    OLGA,
    PROD,
    T0,
    TARGET,
    digest_of,
    request,
    request_at,
    target,
)

MINUTE = timedelta(minutes=1)
ROUNDS = 50
TROUBLE = trouble_of(Refused(Kind.NEON_REFUSED, ref="e-abc234", message="no", status=400))


async def stored(store: Store, value: Request) -> Request:
    await store.requests.add(value)
    return value


def become(stage: Stage) -> Callable[[Request], Request]:
    return lambda now: request_at(stage, start=now)


async def notes(store: Store, kind: NoteKind) -> list[Message]:
    due = await store.messages.due(T0)
    return [message for message in due if message.note is not None and message.note.kind is kind]


# Two clicks at once


async def cast(store: Store, request: Request, *voters: str) -> list[object]:
    """Everybody votes at the same moment; each vote's outcome."""

    async def one(voter: str) -> Request:
        digest = digest_of(request)
        return await store.requests.change(
            request.id, lambda current: vote(current, PersonId(voter), digest, T0)
        )

    return await asyncio.gather(*(one(voter) for voter in voters), return_exceptions=True)


async def test_the_last_two_votes_at_the_same_moment_start_one_run(store: Store) -> None:
    for number in range(ROUNDS):
        id_ = RequestId(f"r-{number}")
        first = request_at(Stage.APPROVING, start=request(id=id_, branch=BranchId(f"br-{number}")))
        waiting = await stored(store, vote(first, ADA, digest_of(first), T0))
        outcomes = await cast(store, waiting, ANNA, ALI)
        runs = await asyncio.gather(*(store.begin_run(id_) for _ in range(3)))
        refusals = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
        assert [refusal.kind for refusal in refusals] == [Kind.REQUEST_MOVED_ON]
        assert {run.stage for run in runs} == {Stage.RUNNING}
        assert len({run.revision for run in runs}) == 1
        assert len(runs[0].votes) == 2


async def test_one_person_voting_twice_at_the_same_moment_counts_once(store: Store) -> None:
    for number in range(ROUNDS):
        id_ = RequestId(f"r-{number}")
        waiting = await stored(store, request_at(Stage.APPROVING, start=request(id=id_)))
        outcomes = await cast(store, waiting, ANNA, ANNA)
        refusals = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
        assert [refusal.kind for refusal in refusals] == [Kind.ALREADY_VOTED]
        after = await store.requests.get(id_)
        assert after is not None
        assert (after.stage, len(after.votes)) == (Stage.APPROVING, 1)
        assert (await store.begin_run(id_)).stage is Stage.APPROVING


async def test_two_processes_voting_at_the_same_moment_start_one_run(tmp_path: Path) -> None:
    one, other = [await Store.open(tmp_path / "store.db", lambda: T0) for _ in range(2)]
    for number in range(10):
        id_ = RequestId(f"r-{number}")
        first = request_at(Stage.APPROVING, start=request(id=id_, branch=BranchId(f"br-{number}")))
        waiting = await stored(one, first)
        outcomes = await asyncio.gather(cast(one, waiting, ANNA, ALI), cast(other, waiting, ALI, ANNA))
        refusals = [outcome for side in outcomes for outcome in side if isinstance(outcome, Refused)]
        assert len(refusals) == 2
        runs = await asyncio.gather(one.begin_run(id_), other.begin_run(id_))
        assert [(run.stage, run.revision) for run in runs] == [(Stage.RUNNING, 3)] * 2
    await one.close()
    await other.close()


# One run per branch


async def test_of_two_approved_requests_on_one_branch_only_one_runs(store: Store) -> None:
    for number in range(10):
        start = request(branch=BranchId(f"br-{number}"))
        ids = [RequestId(f"r-{number}-a"), RequestId(f"r-{number}-b")]
        for id_ in ids:
            await stored(store, request_at(Stage.APPROVED, start=replace(start, id=id_)))
        runs = await asyncio.gather(*(store.begin_run(id_) for id_ in ids))
        assert sorted(run.stage for run in runs) == [Stage.APPROVED, Stage.RUNNING]


async def test_the_other_one_runs_when_the_first_has_ended(store: Store) -> None:
    for id_ in ("r-a", "r-b"):
        await stored(store, request_at(Stage.APPROVED, start=request(id=RequestId(id_))))
    await store.begin_run(RequestId("r-a"))
    await store.requests.change("r-a", lambda now: fail(now, Stage.FAILED_UNCHANGED, TROUBLE, T0))
    assert (await store.begin_run(RequestId("r-b"))).stage is Stage.RUNNING


async def test_targets_that_share_a_branch_wait_for_each_other_and_others_do_not(store: Store) -> None:
    shared = request(id=RequestId("r-a"), target=TargetName("alias"))
    await stored(store, request_at(Stage.APPROVED, start=shared))
    await stored(store, request_at(Stage.APPROVED, start=request(id=RequestId("r-b"))))
    elsewhere = request(id=RequestId("r-c"), branch=BranchId("br-else"))
    await stored(store, request_at(Stage.APPROVED, start=elsewhere))
    stages = [(await store.begin_run(RequestId(id_))).stage for id_ in ("r-a", "r-b", "r-c")]
    assert stages == [Stage.RUNNING, Stage.APPROVED, Stage.RUNNING]


async def test_starting_what_was_cancelled_in_between_changes_nothing(store: Store) -> None:
    await stored(store, request_at(Stage.CANCELLED))
    assert (await store.begin_run(RequestId("r-abc2345"))).stage is Stage.CANCELLED


# Undo

UNDONE = request(id=RequestId("r-done234"))


def undo(id_: str) -> Request:
    return request(id=RequestId(id_), purpose=Purpose.UNDO, undoes=UNDONE.id)


async def original(store: Store) -> Request:
    found = await store.requests.get(UNDONE.id)
    assert found is not None
    return found


async def test_asking_for_an_undo_twice_at_the_same_moment_gives_one(store: Store) -> None:
    await stored(store, request_at(Stage.VERIFIED, start=UNDONE))
    wishes = [undo("r-first"), undo("r-second")]
    outcomes = await asyncio.gather(
        *(store.ask_undo(UNDONE.id, wish) for wish in wishes), return_exceptions=True
    )
    refusals = [outcome for outcome in outcomes if isinstance(outcome, Refused)]
    assert [refusal.kind for refusal in refusals] == [Kind.REQUEST_MOVED_ON]
    [asked] = await store.requests_in(Stage.LOOKING)
    assert (await original(store)).undone_by == asked.id


async def test_only_an_undo_that_ended_without_a_change_frees_the_original(store: Store) -> None:
    for stage in set(Stage) - {Stage.LOOKING}:
        done = await stored(store, request_at(Stage.VERIFIED, start=request(id=RequestId(f"r-{stage.name}"))))
        wish = replace(undo(f"u-{stage.name}"), undoes=done.id)
        await store.ask_undo(done.id, wish)
        await store.requests.change(wish.id, become(stage))
        after = await store.requests.get(done.id)
        assert after is not None
        assert after.undone_by == (None if stage in ENDED_UNCHANGED else wish.id)
        assert can_undo(after) == (stage in ENDED_UNCHANGED)


async def test_a_freed_original_can_be_undone_by_another_request(store: Store) -> None:
    await stored(store, request_at(Stage.VERIFIED, start=UNDONE))
    await store.ask_undo(UNDONE.id, undo("r-first"))
    await store.requests.change("r-first", become(Stage.DENIED))
    await store.ask_undo(UNDONE.id, undo("r-second"))
    assert (await original(store)).undone_by == "r-second"


async def test_the_card_of_the_original_is_drawn_again_when_its_undo_is_asked_for(store: Store) -> None:
    await stored(store, request_at(Stage.VERIFIED, start=UNDONE))
    before = await store.messages.get(f"request:{UNDONE.id}")
    await store.ask_undo(UNDONE.id, undo("r-first"))
    after = await store.messages.get(f"request:{UNDONE.id}")
    assert before is not None
    assert after is not None
    assert after.wanted == before.wanted + 1


# Bells


async def test_a_stage_people_wait_for_is_said_once_in_the_thread(store: Store) -> None:
    for stage in set(Stage) - {Stage.LOOKING}:
        looking = await stored(store, request(id=RequestId(f"r-{stage.name}")))
        await store.requests.change(looking.id, become(stage))
        await store.requests.change(looking.id, lambda now: replace(now, reason="an edit within the stage"))
    rung = [message.subject for message in await notes(store, NoteKind.STAGE_REACHED)]
    assert sorted(rung) == sorted(f"request:r-{stage.name}" for stage in BELLS)


async def test_phases_of_a_run_ring_no_bell(store: Store) -> None:
    await stored(store, request_at(Stage.RUNNING))
    await store.requests.change("r-abc2345", lambda now: begin_phase(now, "verifying", T0))
    assert await notes(store, NoteKind.STAGE_REACHED) == []


# Backups


async def test_a_backup_has_one_message_that_is_edited_when_it_is_taken(store: Store) -> None:
    wish = Backup(BackupId("b-1"), PROD, TARGET.project, TARGET.branch, "nightly", OLGA, T0, TARGET.channel)
    assert await store.backups.add(wish)
    await store.backups.change("b-1", lambda now: taken(now, BackupKind.SNAPSHOT, "snap-1", T0, T0 + MINUTE))
    [message] = await store.messages.due(T0)
    assert (message.kind, message.subject, message.wanted) == (MessageKind.BACKUP, "b-1", 2)
    found = await store.backups.get("b-1")
    assert found == replace(taken(wish, BackupKind.SNAPSHOT, "snap-1", T0, T0 + MINUTE), revision=1)


# Freshness and its alert

OLD = Newest(T0 - timedelta(days=3), "last-week", "snapshot")


async def look(
    store: Store, minutes: int, *, newest: Newest | None = None, trouble: str = "", alert_id: str = ""
) -> Freshness:
    """One look of the watcher, `minutes` after T0."""
    before = await store.freshness(PROD)
    now = T0 + minutes * MINUTE
    policy = TARGET.policy
    seen = observed(before, target=PROD, max_age=policy.max_age, now=now, newest=newest, trouble=trouble)
    return await store.observe(target(), seen, alert_id or f"a-{minutes}")


def landed(minutes: int) -> Newest:
    return Newest(T0 + minutes * MINUTE, "nightly", "snapshot")


async def alerts(store: Store) -> tuple[Alert, ...]:
    return await store.alerts.where("1 = 1")


async def test_what_was_seen_last_is_remembered(store: Store) -> None:
    assert await store.freshness(PROD) is None
    await look(store, 0, newest=OLD)
    seen = await look(store, 1, newest=landed(0))
    assert await store.freshness(PROD) == seen


async def test_a_target_has_one_alert_from_breach_to_resolution(store: Store) -> None:
    await look(store, 0)
    await look(store, 5)
    await look(store, 10, newest=OLD)
    [opened] = await alerts(store)
    assert (opened.id, opened.opened_at, opened.freshness.newest) == ("a-0", T0, OLD)
    await look(store, 15, newest=landed(14))
    [resolved] = await alerts(store)
    assert (resolved.id, resolved.resolved_at, resolved.revision) == ("a-0", T0 + 15 * MINUTE, 2)


async def test_two_looks_at_the_same_moment_open_one_alert(store: Store) -> None:
    for number in range(20):
        prod = replace(target(), name=TargetName(f"t{number}"))
        seen = observed(None, target=prod.name, max_age=prod.policy.max_age, now=T0)
        await asyncio.gather(*(store.observe(prod, seen, f"a-{number}-{side}") for side in "ab"))
        assert len(await store.alerts.where("target = ? and is_open = 1", [prod.name])) == 1


async def test_a_resolution_is_said_once_in_the_alerts_thread(store: Store) -> None:
    await look(store, 0)
    for minutes in (5, 6, 7):
        await look(store, minutes, newest=landed(4))
    [said] = await notes(store, NoteKind.ALERT_RESOLVED)
    assert (said.kind, said.subject, said.channel) == (MessageKind.REPLY, "alert:a-0", TARGET.channel)
    assert said.note == Note(NoteKind.ALERT_RESOLVED, {"target": "prod", "after": "5 min"})


async def test_an_alert_that_says_the_same_is_not_drawn_again(store: Store) -> None:
    await look(store, 0)
    await look(store, 5)
    message = await store.messages.get("alert:a-0")
    assert message is not None
    assert message.wanted == 1


async def test_a_fresh_target_has_no_alert(store: Store) -> None:
    await look(store, 0, newest=landed(0))
    assert await alerts(store) == ()


async def test_a_second_breach_is_a_second_alert(store: Store) -> None:
    await look(store, 0)
    await look(store, 5, newest=landed(4))
    await look(store, 10)
    assert [(alert.id, alert.resolved_at is None) for alert in await alerts(store)] == [
        ("a-0", False),
        ("a-10", True),
    ]
    await look(store, 15, newest=landed(14))
    assert len(await notes(store, NoteKind.ALERT_RESOLVED)) == 2


async def test_neon_out_of_reach_is_an_alert_once_the_grace_is_over(store: Store) -> None:
    await look(store, 0, trouble="neon_down")
    await look(store, 9, trouble="neon_down")
    assert await alerts(store) == ()
    await look(store, 10, trouble="neon_down")
    [opened] = await alerts(store)
    assert opened.id == "a-10"


async def test_going_blind_while_a_backup_is_stale_keeps_the_alert_open_and_says_so(store: Store) -> None:
    await look(store, 0, newest=OLD)
    await look(store, 5, trouble="neon_down")
    [alert] = await alerts(store)
    assert (alert.freshness.state, alert.freshness.newest) == ("unknown", OLD)
    assert alert.resolved_at is None


async def test_alerts_of_other_targets_are_left_alone(store: Store) -> None:
    await look(store, 0)
    other = replace(target(), name=TargetName("staging"))
    fresh = observed(None, target=other.name, max_age=other.policy.max_age, now=T0, newest=landed(0))
    await store.observe(other, fresh, "a-other")
    [alert] = await alerts(store)
    assert alert.resolved_at is None
