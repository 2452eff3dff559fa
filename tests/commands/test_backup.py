from dataclasses import replace

import pytest

from bot.cards.backup import BACK_UP_NOW, back_up_button
from bot.errors import Kind, Refused
from bot.rules.backup import Backup, BackupStage
from bot.rules.ids import ChannelId
from bot.rules.said import How, Note, NoteKind
from bot.rules.target import Person
from commands.backup import back_up_now, backup
from commands.desk import Desk
from tests.builders import ANNA, OLGA, OSCAR, T0, TARGET, person, said

CLICK = said(BACK_UP_NOW, back_up_button("prod")["value"], how=How.CLICK)
WHO_MAY_NOT = [person(OSCAR), person(ANNA), person(OLGA, is_guest=True), person(OLGA, is_deactivated=True)]


async def asked(desk: Desk) -> tuple[Backup, ...]:
    return await desk.store.backups.where("1 = 1")


async def test_a_backup_with_a_name_is_asked_for_under_that_name(desk: Desk) -> None:
    await backup(desk, said("/backup", "prod before-migration"), person())
    [wish] = await asked(desk)
    assert (wish.id, wish.name, wish.stage) == ("b-abc2345", "before-migration", BackupStage.TAKING)
    assert (wish.target, wish.project, wish.branch) == (TARGET.name, TARGET.project, TARGET.branch)
    assert (wish.asked_by, wish.asked_at, wish.channel) == (OLGA, T0, "CINCIDENT")


async def test_a_backup_without_a_name_gets_one_that_says_what_and_when(desk: Desk) -> None:
    await backup(desk, said("/backup", "prod"), person())
    [wish] = await asked(desk)
    assert wish.name == "prod-20261120-120000-b-abc2345"


async def test_a_backup_that_is_handled_twice_is_asked_for_once(desk: Desk) -> None:
    await backup(desk, said("/backup", "prod"), person())
    await backup(desk, said("/backup", "prod"), person())
    assert len(await asked(desk)) == 1


async def test_two_backups_have_two_names(desk: Desk) -> None:
    await backup(desk, said("/backup", "prod"), person())
    await backup(desk, said("/backup", "prod", id="zzz2345"), person())
    assert len({wish.name for wish in await asked(desk)}) == 2


async def test_help_is_told_to_who_asked(desk: Desk) -> None:
    await backup(desk, said("/backup", "help"), person(OSCAR))
    [message] = await desk.store.messages.due(T0)
    assert (message.person, message.note) == (OSCAR, Note(NoteKind.BACKUP_HELP))


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("prdo", Kind.UNKNOWN_TARGET),
        ("hlep", Kind.UNKNOWN_TARGET),
        ("prod two words", Kind.NOT_UNDERSTOOD),
        ("prod a/b", Kind.NAME_UNUSABLE),
        ("prod <!channel>", Kind.NAME_UNUSABLE),
    ],
)
async def test_bad_words_are_refused_and_nothing_is_asked_for(desk: Desk, text: str, kind: Kind) -> None:
    with pytest.raises(Refused) as caught:
        await backup(desk, said("/backup", text), person())
    assert caught.value.kind is kind
    assert await asked(desk) == ()


async def test_a_mistyped_help_is_suggested(desk: Desk) -> None:
    with pytest.raises(Refused) as caught:
        await backup(desk, said("/backup", "hlep"), person())
    assert caught.value.facts["nearest"] == "help"


@pytest.mark.parametrize("who", WHO_MAY_NOT)
async def test_who_is_not_an_operator_in_good_standing_backs_nothing_up(desk: Desk, who: Person) -> None:
    with pytest.raises(Refused) as by_words:
        await backup(desk, said("/backup", "prod", by=who.id), who)
    with pytest.raises(Refused) as by_button:
        await back_up_now(desk, replace(CLICK, person=who.id), who)
    assert by_words.value.kind is by_button.value.kind is Kind.NOT_ALLOWED
    assert await asked(desk) == ()


async def test_the_button_asks_for_a_backup_where_it_was_pressed(desk: Desk) -> None:
    await back_up_now(desk, CLICK, person())
    [wish] = await asked(desk)
    assert (wish.name, wish.channel) == ("prod-20261120-120000-b-abc2345", "CINCIDENT")


async def test_the_button_in_app_home_asks_for_it_in_the_targets_channel(desk: Desk) -> None:
    await back_up_now(desk, replace(CLICK, channel=ChannelId("")), person())
    [wish] = await asked(desk)
    assert wish.channel == TARGET.channel


@pytest.mark.parametrize(
    ("value", "kind"), [("nonsense", Kind.REQUEST_GONE), ('{"target": "retired"}', Kind.UNKNOWN_TARGET)]
)
async def test_a_button_of_another_installation_is_refused(desk: Desk, value: str, kind: Kind) -> None:
    with pytest.raises(Refused) as caught:
        await back_up_now(desk, replace(CLICK, text=value), person())
    assert caught.value.kind is kind
