import asyncio
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from bot.errors import FAMILIES, Kind, Refused, new_ref
from bot.rules.ids import BranchId, ChannelId, Digest, PersonId, ProjectId, RequestId, TargetName
from bot.rules.plan import Lineage, Method, Plan, Preview
from bot.rules.point import Head, Instant
from bot.rules.request import LeftBehind, Phase, Purpose, Request, Stage, Vote, cancel
from bot.rules.trouble import Trouble
from bot.rules.verdict import Check, Outcome, Verification
from store.memory import Store
from tests.builders import OLGA, T0, request, request_at

text = st.text(max_size=12)
instants = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds
points = st.builds(Instant, instants) | st.builds(Head)
people = st.builds(PersonId, text)
branches = st.builds(BranchId, text)
counts = st.dictionaries(text, st.none() | st.integers(0, 2**63))
names = st.tuples() | st.tuples(text, text)
lineages = st.builds(Lineage, parent=st.none() | branches, children=st.tuples() | st.tuples(branches))
plans = st.builds(
    Plan,
    target=st.builds(TargetName, text),
    project=st.builds(ProjectId, text),
    branch=branches,
    method=st.sampled_from(Method),
    point=points,
    source=branches,
    lineage=lineages,
    tables_losing=names,
    tables_returning=names,
)
previews = st.builds(
    Preview,
    now=counts,
    then=counts,
    lineage=lineages,
    child_names=names,
    taken_at=instants,
    oldest=st.none() | instants,
)
facts = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(-1e9, 1e9) | text
checks = st.builds(Check, name=text, outcome=st.sampled_from(Outcome), detail=text)
requests = st.builds(
    Request,
    id=st.just(RequestId("")),
    target=st.builds(TargetName, text),
    project=st.builds(ProjectId, text),
    branch=branches,
    purpose=st.sampled_from(Purpose),
    words=text,
    asked_by=people,
    asked_at=instants,
    channel=st.builds(ChannelId, text),
    point=points,
    source=branches,
    stage=st.sampled_from(Stage),
    preview=st.none() | previews,
    plan=st.none() | plans,
    chosen_by=st.none() | people,
    chosen_at=st.none() | instants,
    quorum=st.integers(0, 20),
    expires_at=st.none() | instants,
    votes=st.lists(
        st.builds(Vote, person=people, digest=st.builds(Digest, text), at=instants), max_size=2
    ).map(tuple),
    ended_by=st.none() | people,
    reason=text,
    phases=st.lists(
        st.builds(Phase, name=text, began_at=instants, ended_at=st.none() | instants), max_size=2
    ).map(tuple),
    left_behind=st.none()
    | st.builds(LeftBehind, branch=branches, name=text, expires_at=st.none() | instants),
    verification=st.none()
    | st.builds(Verification, checks=st.lists(checks, max_size=2).map(tuple), not_checked=names),
    trouble=st.none()
    | st.builds(
        Trouble,
        family=st.sampled_from(sorted(FAMILIES)),
        kind=st.sampled_from(Kind),
        facts=st.dictionaries(text, facts, max_size=3),
        ref=text,
    ),
    ended_at=st.none() | instants,
    undoes=st.none() | st.builds(RequestId, text),
    undone_by=st.none() | st.builds(RequestId, text),
)


@given(requests)
@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
async def test_any_request_comes_back_from_the_store_as_it_was(store: Store, wish: Request) -> None:
    wish = replace(wish, id=RequestId(new_ref("r")))  # one example may be tried several times
    assert await store.requests.add(wish)
    found = await store.requests.get(wish.id)
    assert found == wish
    if found.plan is not None and wish.plan is not None:
        assert found.plan.digest == wish.plan.digest


async def test_requests_are_found_by_their_stages(store: Store) -> None:
    each = {stage: request_at(stage, start=request(id=RequestId(f"r-{stage.name}"))) for stage in Stage}
    for value in each.values():
        await store.requests.add(value)
    for stage, value in each.items():
        assert await store.requests_in(stage) == (value,)
    some = (Stage.LOOKING, Stage.VOID)
    assert await store.requests_in(*some) == tuple(each[stage] for stage in some)


async def test_asking_for_the_requests_in_no_stage_finds_none(store: Store) -> None:
    await store.requests.add(request())
    assert await store.requests_in() == ()


async def test_what_is_there_already_is_not_added_again(store: Store) -> None:
    assert await store.requests.add(request())
    assert not await store.requests.add(request(words="/restore prod to 09:00 UTC"))
    assert await store.requests.get("r-abc2345") == request()


async def test_what_is_not_there_is_none_and_cannot_be_changed(store: Store) -> None:
    assert await store.requests.get("r-nothere") is None
    with pytest.raises(KeyError):
        await store.requests.change("r-nothere", lambda found: found)


async def test_a_change_counts_as_a_revision_and_a_change_of_nothing_does_not(store: Store) -> None:
    await store.requests.add(request())
    same = await store.requests.change("r-abc2345", replace)
    other = await store.requests.change("r-abc2345", lambda found: replace(found, reason="x"))
    assert (same.revision, other.revision) == (0, 1)
    assert await store.requests.get("r-abc2345") == other


async def test_a_transition_that_refuses_leaves_the_value_as_it_was(store: Store) -> None:
    await store.requests.add(request_at(Stage.VERIFIED))
    with pytest.raises(Refused):
        await store.requests.change("r-abc2345", lambda found: cancel(found, OLGA, T0))
    assert await store.requests.get("r-abc2345") == request_at(Stage.VERIFIED)


async def test_values_are_found_in_the_order_they_were_added(store: Store) -> None:
    ids = ["r-zzz2345", "r-aaa2345", "r-mmm2345"]
    for id_ in ids:
        await store.requests.add(request(id=RequestId(id_)))
    await store.requests.change("r-zzz2345", lambda found: replace(found, reason="changed last"))
    assert [found.id for found in await store.requests_in(Stage.LOOKING)] == ids


async def test_of_many_changes_at_once_none_is_lost(store: Store) -> None:
    await store.requests.add(request())
    grow = [
        store.requests.change("r-abc2345", lambda found: replace(found, reason=found.reason + "x"))
        for _ in range(30)
    ]
    await asyncio.gather(*grow)
    found = await store.requests.get("r-abc2345")
    assert found is not None
    assert (found.reason, found.revision) == ("x" * 30, 30)


def test_what_was_stored_by_the_first_version_can_still_be_read() -> None:
    """Fields may be added with a default; a field that is dropped or renamed needs a migration."""
    stored = TypeAdapter(Request).dump_python(request_at(Stage.UNVERIFIED), mode="json")
    needed = {"id", "target", "project", "branch", "purpose", "words", "asked_by", "asked_at", "channel"}
    first = {name: value for name, value in stored.items() if name in needed | {"point", "source"}}
    assert TypeAdapter(Request).validate_python(first) == request()
