import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter

from bot.errors import FAMILIES, Kind, Unavailable
from bot.rules.trouble import Trouble, raised, trouble_of

STORED: TypeAdapter[Trouble] = TypeAdapter(Trouble)

facts = st.dictionaries(
    st.from_regex(r"[a-z_]{1,12}", fullmatch=True).filter(lambda name: name not in {"ref", "kind"}),
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    max_size=4,
)


@given(st.sampled_from(sorted(FAMILIES)), st.sampled_from(Kind), facts)
def test_an_error_comes_back_from_the_store_as_it_was(
    family: str, kind: Kind, said: dict[str, str | int | float | bool | None]
) -> None:
    error = FAMILIES[family](kind, **said)  # type: ignore[arg-type]
    kept = STORED.validate_json(STORED.dump_json(trouble_of(error)))
    again = raised(kept)
    assert type(again) is type(error)
    assert (again.kind, again.ref, dict(again.facts)) == (error.kind, error.ref, said)
    assert [type(fact) for fact in again.facts.values()] == [type(fact) for fact in said.values()]


def test_changing_the_recorded_facts_does_not_change_the_error() -> None:
    error = Unavailable(Kind.DATABASE_UNREACHABLE, why="refused")
    recorded = trouble_of(error)
    assert recorded.facts == {"why": "refused"}
    assert recorded.facts is not error.facts


def test_a_family_nobody_knows_is_not_guessed() -> None:
    with pytest.raises(KeyError):
        raised(Trouble("Maybe", Kind.BUG, {}, "e-abc234"))
