"""The one gate for every vote.

A click opens a modal and counts nothing; only `decide` counts, and it judges person, request and plan again at that
moment, inside the store's transaction. Every way to vote ends here.
"""

from enum import StrEnum

from bot.cards.restore import APPROVE, DENY, approve_modal, deny_modal
from bot.errors import Kind, Refused
from bot.rules.ids import Digest
from bot.rules.request import Request, Stage, deny, expire, vote
from bot.rules.said import Note, NoteKind, Said
from bot.rules.target import Act, Person, require
from commands.buttons import read_button
from commands.desk import Answer, Desk, OpenModal


class Choice(StrEnum):
    APPROVE = "approve"
    DENY = "deny"


async def open_approval(desk: Desk, said: Said, person: Person) -> Answer:
    request = await _votable(desk, said, person)
    return OpenModal(approve_modal(request))


async def open_denial(desk: Desk, said: Said, person: Person) -> Answer:
    request = await _votable(desk, said, person)
    return OpenModal(deny_modal(request))


def form_errors(said: Said) -> dict[str, str]:
    """What is wrong with a submitted form, by input, while its window is still open; `decide` asks again later."""
    carried = read_button(said.text)
    if said.name == APPROVE and said.values.get("target", "").strip() != carried.target:
        return {"target": f"That is not the target's name. Type exactly: {carried.target}"}
    if said.name == DENY and not said.values.get("reason", "").strip():
        return {"reason": "Say why; the requester reads it."}
    return {}


async def submit_approval(desk: Desk, said: Said, person: Person) -> Answer:
    carried = read_button(said.text)
    typed = said.values.get("target", "")
    request = await decide(desk, person, carried.request, carried.digest, Choice.APPROVE, typed)
    note = Note(NoteKind.VOTE_COUNTED, {"request": request.id, "missing": request.votes_missing})
    await desk.store.messages.tell(person.id, request.channel, note)
    return None


async def submit_denial(desk: Desk, said: Said, person: Person) -> Answer:
    carried = read_button(said.text)
    reason = said.values.get("reason", "")
    await decide(desk, person, carried.request, carried.digest, Choice.DENY, reason)
    return None


async def decide(
    desk: Desk, person: Person, request_id: str, digest: Digest, choice: Choice, typed: str
) -> Request:
    """Count one vote, or raise Refused and count nothing.

    `typed` is the target's name for an approval and the reason for a denial; neither may be missing or blank.
    """
    request, target = await desk.request(request_id)
    require(person, Act.APPROVE, target)
    now, typed = desk.clock(), typed.strip()
    if choice is Choice.DENY:
        if not typed:
            raise Refused(Kind.REASON_MISSING, request=request.id)
        return await desk.store.requests.change(
            request.id, lambda current: deny(current, person.id, typed, now)
        )
    if typed != target.name:
        raise Refused(Kind.NAME_MISTYPED, request=request.id, target=target.name)
    return await desk.store.requests.change(request.id, lambda current: vote(current, person.id, digest, now))


async def _votable(desk: Desk, said: Said, person: Person) -> Request:
    """The request behind a vote button, if this person could vote on it now; `decide` asks all of it again."""
    carried = read_button(said.text)
    request, target = await desk.request(carried.request)
    if person.id in request.involved:
        raise Refused(Kind.OWN_REQUEST, request=request.id)
    require(person, Act.APPROVE, target)
    now = expire(request, desk.clock())
    if now.stage is Stage.EXPIRED:
        raise Refused(Kind.REQUEST_EXPIRED, request=request.id)
    if now.stage is not Stage.APPROVING or now.plan is None or now.plan.digest != carried.digest:
        raise Refused(Kind.REQUEST_MOVED_ON, request=request.id, stage=now.stage.value)
    if any(cast.person == person.id for cast in now.votes):
        raise Refused(Kind.ALREADY_VOTED, request=request.id, missing=now.votes_missing)
    return now
