import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.cards.blocks import button
from bot.errors import Kind, Refused
from commands.buttons import Carried, read_button

text = st.text(max_size=40)


@given(text, text, text, text, text)
def test_what_a_button_was_given_comes_back(
    request: str, digest: str, target: str, channel: str, at: str
) -> None:
    carried = {"request": request, "digest": digest, "target": target, "channel": channel, "at": at}
    assert read_button(button("Go", "go", carried)["value"]).model_dump() == carried


def test_a_button_may_carry_more_or_less_than_this_version_knows() -> None:
    assert read_button('{"request": "r-1", "colour": "blue"}') == Carried(request="r-1")


@pytest.mark.parametrize(
    "value", ["", "prod", "[]", "null", '{"request": 1}', '{"request": null}', '{"request": ["r-1"]}', "{"]
)
def test_a_value_we_did_not_make_is_refused(value: str) -> None:
    with pytest.raises(Refused) as caught:
        read_button(value)
    assert caught.value.kind is Kind.REQUEST_GONE


@given(st.text())
def test_no_value_crashes_the_reader(value: str) -> None:
    try:
        read_button(value)
    except Refused as error:
        assert error.kind is Kind.REQUEST_GONE
