"""Whose events are these: the plan alone, without a database."""

from datetime import timedelta
from uuid import UUID, uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from store.incoming import Incoming, Name
from store.persons import Person, Planner
from tests.store.happening import AT, happened

USER, OTHER_USER = ("user", "u1"), ("user", "u2")
EMAIL, OTHER_EMAIL = ("email", "a@shop.example"), ("email", "b@shop.example")
BROWSER, OTHER_BROWSER = ("anonymous", "x1"), ("anonymous", "x2")


def person(*names: Name, age: int = 0) -> tuple[dict[Name, Person], Person]:
    kinds = {kind for kind, _ in names}
    made = Person(uuid4(), AT - timedelta(days=age), known="user" in kinds, addressed="email" in kinds)
    return dict.fromkeys(names, made), made


def owner_of(event: Incoming, *directories: dict[Name, Person]) -> Person:
    planner = Planner({name: owner for directory in directories for name, owner in directory.items()}, uuid4)
    planner.add(event)
    return planner.plan.events[0].person.root


def test_an_anonymous_contact_becomes_the_user_and_stays_the_same_contact() -> None:
    directory, browser = person(BROWSER)
    assert owner_of(happened(user_id="u1", anonymous_id="x1"), directory) is browser


def test_the_contact_with_a_user_id_survives_the_one_with_an_address() -> None:
    user_names, user = person(USER)
    email_names, _ = person(EMAIL, age=5)
    assert owner_of(happened(user_id="u1", email="a@shop.example"), user_names, email_names) is user


def test_the_contact_with_an_address_survives_an_anonymous_one() -> None:
    email_names, addressed = person(EMAIL)
    browser_names, _ = person(BROWSER, age=5)
    assert owner_of(happened(email="a@shop.example", anonymous_id="x1"), email_names, browser_names) is addressed


def test_of_two_equals_the_older_contact_survives() -> None:
    young_names, _ = person(EMAIL, age=1)
    old_names, old = person(OTHER_EMAIL, age=2)
    event = happened("Aliased", email="a@shop.example", previous_id="b@shop.example")
    assert owner_of(event, young_names, old_names) is old


@pytest.mark.parametrize("link", [{"email": "b@shop.example"}, {"anonymous_id": "x2"}, {"previous_id": "u2"}])
def test_contacts_with_different_user_ids_never_become_one(link: dict[str, str]) -> None:
    mine, me = person(USER)
    theirs, they = person(OTHER_USER, OTHER_EMAIL, OTHER_BROWSER)
    assert owner_of(happened(user_id="u1", **link), mine, theirs) is me
    assert they.merged_into is None


def test_a_new_user_id_with_another_users_address_is_a_new_contact() -> None:
    theirs, they = person(OTHER_USER, EMAIL)
    found = owner_of(happened(user_id="u1", email="a@shop.example"), theirs)
    assert found is not they
    assert found.known
    assert theirs[EMAIL] is they


def test_a_shared_browser_does_not_join_people_with_different_addresses() -> None:
    theirs, they = person(EMAIL, BROWSER)
    found = owner_of(happened(email="b@shop.example", anonymous_id="x1"), theirs)
    assert found is not they
    assert theirs[BROWSER] is they


def test_a_subscriber_who_signs_up_in_the_same_browser_stays_the_same_contact() -> None:
    directory, subscriber = person(EMAIL, BROWSER)
    assert owner_of(happened(user_id="u1", anonymous_id="x1"), directory) is subscriber


def test_a_guests_address_in_the_properties_tells_who_an_unknown_contact_is() -> None:
    email_names, addressed = person(EMAIL)
    browser_names, _ = person(BROWSER)
    event = happened(anonymous_id="x1", guest_email="a@shop.example")
    assert owner_of(event, email_names, browser_names) is addressed


def test_an_address_in_the_properties_of_a_known_contact_is_somebody_elses() -> None:
    user_names, user = person(USER, BROWSER)
    email_names, addressed = person(EMAIL)
    event = happened(anonymous_id="x1", guest_email="a@shop.example")
    assert owner_of(event, user_names, email_names) is user
    assert addressed.merged_into is None


def test_an_alias_gives_a_new_user_id_to_the_contact_of_the_old_one() -> None:
    directory, me = person(USER)
    assert owner_of(happened("Aliased", user_id="u9", previous_id="u1"), directory) is me


def test_an_alias_joins_the_browser_with_the_user() -> None:
    mine, me = person(USER)
    browser_names, browser = person(BROWSER, age=9)
    assert owner_of(happened("Aliased", user_id="u1", previous_id="x1"), mine, browser_names) is me
    assert browser.merged_into is me


IDS = st.sampled_from(["1", "2", "3", None])


@given(st.lists(st.tuples(IDS, IDS, IDS, IDS), min_size=1, max_size=30))
def test_whatever_comes_every_identity_has_one_contact_and_user_ids_stay_apart(
    told: list[tuple[str | None, str | None, str | None, str | None]],
) -> None:
    directory: dict[Name, Person] = {}
    planner = Planner(directory, uuid4)
    for user_id, email, anonymous_id, previous_id in told:
        event = happened(user_id=user_id, email=email, anonymous_id=anonymous_id, previous_id=previous_id)
        if event.names():
            planner.add(event)
    owners: dict[UUID, set[str]] = {}
    for (kind, value), found in directory.items():
        if kind == "user":
            owners.setdefault(found.root.id, set()).add(value)
    joined_by_alias = any(previous for _, _, _, previous in told)
    assert joined_by_alias or all(len(ids) == 1 for ids in owners.values())
    assert all(named.root.merged_into is None for named in directory.values())
    assert {join.goes.id for join in planner.plan.joined}.isdisjoint(named.root.id for named in directory.values())
