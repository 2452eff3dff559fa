import pytest

from bot.errors import Kind, Refused
from bot.rules.ids import RequestId, TargetName
from commands.desk import Desk
from tests.builders import TARGET, request


def test_a_target_is_found_by_exactly_its_name(desk: Desk) -> None:
    assert desk.target("prod") == TARGET


@pytest.mark.parametrize(
    ("name", "near"), [("prdo", "prod"), ("PROD", "prod"), ("banana", ""), ("", ""), ("prod ", "prod")]
)
def test_any_other_name_is_refused_with_the_nearest_and_all_there_are(
    desk: Desk, name: str, near: str
) -> None:
    with pytest.raises(Refused) as caught:
        desk.target(name)
    assert caught.value.kind is Kind.UNKNOWN_TARGET
    assert caught.value.facts == {"name": name, "nearest": near, "known": "prod"}


async def test_a_request_comes_with_its_target(desk: Desk) -> None:
    await desk.store.requests.add(request())
    assert await desk.request("r-abc2345") == (request(), TARGET)


@pytest.mark.parametrize("id_", ["", "r-nothere", "abc2345"])
async def test_a_request_nobody_made_is_gone(desk: Desk, id_: str) -> None:
    with pytest.raises(Refused) as caught:
        await desk.request(id_)
    assert caught.value.kind is Kind.REQUEST_GONE


async def test_a_request_whose_target_was_taken_out_of_the_configuration_is_gone(desk: Desk) -> None:
    await desk.store.requests.add(request(id=RequestId("r-old2345"), target=TargetName("retired")))
    with pytest.raises(Refused) as caught:
        await desk.request("r-old2345")
    assert caught.value.kind is Kind.REQUEST_GONE
