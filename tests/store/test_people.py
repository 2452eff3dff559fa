from store.memory import Store
from tests.builders import ANNA, OLGA, OMAR, T0, person


async def test_nobody_is_known_before_the_directory_was_copied(store: Store) -> None:
    assert await store.people.get(OLGA) is None


async def test_a_person_is_remembered_with_everything_that_matters_for_permission(store: Store) -> None:
    strange = person(
        OLGA, tz="Europe/Berlin", is_bot=True, is_deactivated=True, is_guest=True, is_stranger=True
    )
    await store.people.refresh([strange, person(ANNA)], T0)
    assert await store.people.get(OLGA) == strange
    assert await store.people.get(ANNA) == person(ANNA)


async def test_a_refresh_replaces_who_it_names_and_keeps_the_others(store: Store) -> None:
    await store.people.refresh([person(OLGA), person(OMAR)], T0)
    await store.people.refresh([person(OLGA, is_deactivated=True)], T0)
    assert await store.people.get(OLGA) == person(OLGA, is_deactivated=True)
    assert await store.people.get(OMAR) == person(OMAR)
