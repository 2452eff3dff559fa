"""`/restore`, and the buttons on its card that are not votes: choose, cancel, undo."""

from dataclasses import replace

from bot.cards.moment import question_facts
from bot.errors import Kind, Refused
from bot.rules.clock import cut_to_millisecond
from bot.rules.ids import BranchId, RequestId
from bot.rules.moment import Ask, Named, Read, Refuse
from bot.rules.plan import Method
from bot.rules.point import Head, Instant, RestorePoint, require_past
from bot.rules.request import Purpose, Request, can_undo, cancel, choose
from bot.rules.said import Note, NoteKind, Said
from bot.rules.target import Act, Person, Target, require
from commands.buttons import read_button
from commands.desk import Answer, Desk
from commands.grammar import is_help, read_restore
from commands.when import read
from commands.zone_words import zone_named


async def restore(desk: Desk, said: Said, person: Person) -> Answer:
    """Ask what going back would mean. The request's id follows from what was said, so handling it twice asks once."""
    if is_help(said.text):
        await desk.store.messages.tell(person.id, said.channel, Note(NoteKind.RESTORE_HELP))
        return None
    words = read_restore(said.text)
    target = desk.target(words.target)
    require(person, Act.LOOK, target)
    match read(words.when, said.at, zone_named(person.tz)):
        case Read(instant, remarks):
            wish = _request(said, person, target, Instant(cut_to_millisecond(instant)), target.branch)
            await _ask_for(desk, said, person, replace(wish, remarks=remarks))
        case Ask(question, choices):
            facts = question_facts(words.when, target.name, question, choices, said.at)
            await desk.store.messages.tell(person.id, said.channel, Note(NoteKind.WHICH_MOMENT, facts))
        case Named(restore_point):
            raise Refused(Kind.NOT_YET_RESTORABLE, point=restore_point)
        case Refuse(kind, facts):
            raise Refused(kind, ref=None, **facts)
    return None


async def choose_reading(desk: Desk, said: Said, person: Person) -> Answer:
    """One of the moments that were asked about: as if it had been typed, and judged as if it had been."""
    carried = read_button(said.text)
    if not carried.target or not carried.at:
        raise Refused(Kind.REQUEST_GONE)
    return await restore(
        desk, replace(said, name="/restore", text=f"{carried.target} to {carried.at}"), person
    )


async def _ask_for(desk: Desk, said: Said, person: Person, wish: Request) -> None:
    assert isinstance(wish.point, Instant)
    require_past(wish.point.at, said.at)
    if await desk.store.requests.add(wish) and wish.channel != said.channel:
        note = Note(NoteKind.ASKED_ELSEWHERE, {"request": wish.id, "channel": wish.channel})
        await desk.store.messages.tell(person.id, said.channel, note)


async def choose_new_branch(desk: Desk, said: Said, person: Person) -> Answer:
    await _choose(desk, said, person, Method.NEW_BRANCH, Act.LOOK)
    return None


async def choose_in_place(desk: Desk, said: Said, person: Person) -> Answer:
    await _choose(desk, said, person, Method.IN_PLACE, Act.ASK)
    return None


async def cancel_request(desk: Desk, said: Said, person: Person) -> Answer:
    request, target = await desk.request(read_button(said.text).request)
    require(person, Act.ASK, target)
    now = desk.clock()
    await desk.store.requests.change(request.id, lambda current: cancel(current, person.id, now))
    return None


async def undo(desk: Desk, said: Said, person: Person) -> Answer:
    """Ask to go back to the safety copy of a finished in-place restore. It is previewed and approved like any other.

    What goes back is the branch that was restored, also when the target stands for another one by now.
    """
    original, target = await desk.request(read_button(said.text).request)
    require(person, Act.ASK, target)
    if not can_undo(original) or original.left_behind is None:
        raise Refused(Kind.REQUEST_MOVED_ON, request=original.id, stage=original.stage.value)
    wish = _request(said, person, target, Head(), original.left_behind.branch, undoes=original)
    await desk.store.ask_undo(original.id, wish)
    return None


async def _choose(desk: Desk, said: Said, person: Person, method: Method, act: Act) -> None:
    request, target = await desk.request(read_button(said.text).request)
    require(person, act, target)
    now = desk.clock()
    await desk.store.requests.change(
        request.id, lambda current: choose(current, method, person.id, target.policy, now)
    )


def _request(
    said: Said,
    person: Person,
    target: Target,
    point: RestorePoint,
    source: BranchId,
    undoes: Request | None = None,
) -> Request:
    return Request(
        id=RequestId(f"r-{said.ref}"),
        target=target.name,
        project=undoes.project if undoes else target.project,
        branch=undoes.branch if undoes else target.branch,
        purpose=Purpose.UNDO if undoes else Purpose.RESTORE,
        words=f"Undo {undoes.id}" if undoes else f"{said.name} {said.text}",
        asked_by=person.id,
        asked_at=said.at,
        channel=target.channel if said.is_direct else said.channel,
        point=point,
        source=source,
        undoes=undoes.id if undoes else None,
    )
