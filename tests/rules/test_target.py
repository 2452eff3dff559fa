import pytest

from bot.errors import Kind, Refused
from bot.rules.ids import PersonId
from bot.rules.target import Act, Person, Policy, may, possible_approvers, require
from tests.builders import ADA, ALI, ANNA, OLGA, OSCAR, POLICY, TARGET, person, target

OPERATOR_ACTS = [Act.LOOK, Act.BACK_UP, Act.ASK]


@pytest.mark.parametrize("act", OPERATOR_ACTS)
def test_operators_may_look_back_up_and_ask(act: Act) -> None:
    assert may(person(OLGA), act, TARGET)
    assert not may(person(ANNA), act, TARGET)


def test_approvers_alone_may_approve() -> None:
    assert may(person(ANNA), Act.APPROVE, TARGET)
    assert not may(person(OLGA), Act.APPROVE, TARGET)


@pytest.mark.parametrize("act", Act)
def test_an_outsider_may_do_nothing(act: Act) -> None:
    assert not may(person(OSCAR), act, TARGET)


@pytest.mark.parametrize("act", Act)
@pytest.mark.parametrize("who", [OLGA, ANNA])
def test_an_empty_list_means_nobody(act: Act, who: PersonId) -> None:
    closed = target(operators=frozenset(), approvers=frozenset())
    assert not may(person(who), act, closed)
    assert Policy().operators == Policy().approvers == frozenset()


@pytest.mark.parametrize("what", ["is_bot", "is_deactivated", "is_guest", "is_stranger"])
@pytest.mark.parametrize("act", Act)
def test_being_listed_does_not_help_bots_guests_strangers_and_people_who_left(what: str, act: Act) -> None:
    everyone = target(operators=frozenset({OLGA}), approvers=frozenset({OLGA}))
    assert may(person(OLGA), act, everyone)
    assert not may(person(OLGA, **{what: True}), act, everyone)


@pytest.mark.parametrize("act", Act)
def test_a_name_like_an_operators_gives_nothing(act: Act) -> None:
    assert not may(Person(PersonId("UEVIL"), name="Olga"), act, TARGET)


@pytest.mark.parametrize(
    ("act", "role"), [*((act, "operators") for act in OPERATOR_ACTS), (Act.APPROVE, "approvers")]
)
def test_a_refusal_says_what_was_wanted_and_who_may(act: Act, role: str) -> None:
    with pytest.raises(Refused) as caught:
        require(person(OSCAR), act, TARGET)
    assert caught.value.kind is Kind.NOT_ALLOWED
    assert caught.value.facts == {"act": act.value, "target": "prod", "role": role}


def test_people_who_wanted_it_are_not_counted_among_possible_approvers() -> None:
    assert possible_approvers(POLICY, involved=frozenset({OLGA})) == 3
    assert possible_approvers(POLICY, involved=frozenset({OLGA, ANNA})) == 2
    assert possible_approvers(POLICY, involved=frozenset({ANNA, ALI, ADA})) == 0
