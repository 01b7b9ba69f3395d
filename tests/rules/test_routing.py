from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest

from rules.arrivals import Arrival, Inside, Version
from rules.entering import Refuse, Start
from rules.facts import Happening
from rules.journey import Journey
from rules.routing import Again, Step, Tell, route
from tests.rules.journeys import journey, routed

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
CART = journey(
    "[{wait: 1h, restart_on: [Product Added]}, {send: a}]",
    trigger={"event": ["Product Added", "Cart Viewed"]},
    exit_on=["Order Completed"],
    re_entry="after 7d",
    goal={"event": "Order Completed", "within": "5d"},
)
THANKS = journey(
    "[{wait: 1h}, {send: a}]",
    journey="thanks",
    trigger={"event": "Order Completed"},
    key="properties.order_id",
    re_entry="always",
    exit_on=[{"event": "Order Refunded", "same": "order_id"}],
)


def inside(definition: Journey, **more: Any) -> Inside:
    known = Inside(
        id=UUID(int=1),
        journey=definition.journey,
        version=1,
        key="",
        trigger_seq=1,
        start={},
        started_at=NOW - timedelta(hours=1),
        ended=False,
        workflow_id="journey/tried/1",
        goal_until=NOW + timedelta(days=4),
    )
    return replace(known, **more)


def routes(
    name: str, definitions: Sequence[Journey], known: Sequence[Inside] = (), seq: int = 10, **properties: Any
) -> list[Step]:
    versions = [routed(each) for each in definitions]
    by_name = {each.name: each for each in versions}
    steps = route(arrival(name, seq, **properties), known, by_name, versions)
    return [step for step in steps if not isinstance(step, Refuse)]


def arrival(name: str, seq: int = 10, **properties: Any) -> Arrival:
    return Arrival(Happening(name, NOW, properties, seq), NOW, NOW)


def kinds(steps: Sequence[Step]) -> list[str]:
    return [type(each).__name__ for each in steps]


def test_a_trigger_starts_a_journey() -> None:
    assert kinds(routes("Cart Viewed", [CART, THANKS])) == ["Start"]


def test_an_event_that_nobody_listens_to_sets_nothing_going() -> None:
    assert routes("Page Viewed", [CART, THANKS]) == []


def test_who_is_inside_is_told_and_does_not_enter_twice() -> None:
    assert kinds(routes("Product Added", [CART], [inside(CART)])) == ["Tell"]


def test_the_event_that_began_a_run_only_begins_that_run_again_when_the_work_is_repeated() -> None:
    (again,) = routes("Product Added", [CART], [inside(CART, trigger_seq=10)])
    assert isinstance(again, Again)
    assert again.enrolment.id == UUID(int=1)


def test_a_run_that_the_event_began_and_that_is_over_is_not_begun_again() -> None:
    always = CART.model_copy(update={"re_entry": journey("[{wait: 1h}]", re_entry="always").re_entry})
    over = inside(always, trigger_seq=10, ended=True, goal_reached=True)
    assert routes("Product Added", [always], [over]) == []


def test_a_run_is_begun_again_in_its_own_version_even_when_a_newer_one_is_live() -> None:
    old, new = routed(CART, 1), routed(CART, 2)
    event = arrival("Product Added")
    known = inside(CART, trigger_seq=10)
    (again,) = route(event, [known], {old.name: old, new.name: new}, [new])
    assert isinstance(again, Again)
    assert again.version == old


def test_a_run_is_begun_again_though_its_journey_takes_nobody_any_more() -> None:
    old = routed(CART, 1)
    event = arrival("Product Added")
    assert kinds(list(route(event, [inside(CART, trigger_seq=10)], {old.name: old}, []))) == ["Again"]


def test_an_exit_reaches_the_goal_as_well() -> None:
    assert kinds(routes("Order Completed", [CART], [inside(CART)])) == ["Reach", "Tell"]


def test_a_goal_counts_after_the_end_of_the_run_and_only_once_and_only_in_its_time() -> None:
    over = inside(CART, ended=True)
    assert kinds(routes("Order Completed", [CART], [over])) == ["Reach"]
    assert routes("Order Completed", [CART], [replace(over, goal_reached=True)]) == []
    assert routes("Order Completed", [CART], [replace(over, goal_until=NOW - timedelta(seconds=1))]) == []


@pytest.mark.parametrize(
    ("rule", "days_ago", "enters"),
    [
        ("never", 400, False),
        ("always", 0, True),
        ("after 7d", 6.9, False),
        ("after 7d", 7, True),
    ],
)
def test_re_entry_is_the_author_s_rule(rule: str, days_ago: float, enters: bool) -> None:
    definition = CART.model_copy(update={"re_entry": journey("[{wait: 1h}]", re_entry=rule).re_entry})
    over = inside(CART, ended=True, goal_reached=True, started_at=NOW - timedelta(days=days_ago))
    assert kinds(routes("Cart Viewed", [definition], [over])) == (["Start"] if enters else [])


def test_every_key_has_a_run_of_its_own() -> None:
    first = inside(THANKS, key="1", start={"order_id": "1"}, goal_until=None)
    assert kinds(routes("Order Completed", [THANKS], [first], order_id="1")) == []
    (start,) = routes("Order Completed", [THANKS], [first], order_id="2")
    assert isinstance(start, Start)
    assert start.key == "2"


def test_a_number_is_a_key_and_an_event_without_the_key_starts_nothing() -> None:
    (start,) = routes("Order Completed", [THANKS], order_id=77)
    assert isinstance(start, Start)
    assert start.key == "77"
    assert routes("Order Completed", [THANKS]) == []


def test_a_trigger_may_ask_more_of_its_event() -> None:
    definition = journey(
        "[{wait: 1h}]", trigger={"event": "Order Completed", "where": {"property": "total", "gte": 100}}
    )
    assert kinds(routes("Order Completed", [definition], total=100)) == ["Start"]
    assert routes("Order Completed", [definition], total=99) == []


def test_a_call_of_the_api_starts_just_the_journey_that_it_names() -> None:
    one = journey("[{wait: 1h}]", journey="one", trigger={"api": True})
    two = journey("[{wait: 1h}]", journey="two", trigger={"api": True})
    (start,) = routes("Enrolment Requested", [one, two], journey="two")
    assert isinstance(start, Start)
    assert start.version.plan.journey == "two"


def test_only_what_the_journey_reads_travels_into_temporal() -> None:
    secret: dict[str, Any] = {"email": "anna@example.com", "address": {"street": "Strandgatan 1"}}
    (start,) = routes("Order Completed", [THANKS], order_id="1", **secret)
    assert isinstance(start, Start)
    assert start.start == {"order_id": "1"}
    known = inside(THANKS, key="1", start={"order_id": "1"}, goal_until=None)
    (tell,) = routes("Order Refunded", [THANKS], [known], order_id="1", **secret)
    assert isinstance(tell, Tell)
    assert tell.properties == {"order_id": "1"}


def test_nested_properties_keep_their_place_when_the_rest_is_left_out() -> None:
    definition = journey(
        "[{wait_for: {event: A, where: {property: cart.total, gte: 1}}}]", trigger={"event": "Signed Up"}
    )
    known = inside(definition)
    (tell,) = routes("A", [definition], [known], cart={"total": 5, "owner": "anna"}, other=1)
    assert isinstance(tell, Tell)
    assert tell.properties == {"cart": {"total": 5}}


def test_runs_of_an_older_version_listen_as_that_version_does() -> None:
    old, new = routed(CART, 1), routed(journey("[{wait: 2h}]", trigger={"event": "Cart Viewed"}), 2)
    known = inside(CART, id=uuid4())
    event = arrival("Order Completed")
    steps = list(route(event, [known], {old.name: old, new.name: new}, [new]))
    assert kinds(steps) == ["Reach", "Tell"]


WATCHING = replace(routed(CART), watches=frozenset({"birthday", "city"}))


def told(name: str, *traits: str, known: Version = WATCHING, **more: Any) -> list[Step]:
    arrived = replace(arrival(name), traits=traits, **more)
    return list(route(arrived, [inside(CART)], {known.name: known}, []))


def test_a_run_hears_of_a_trait_that_its_wait_rests_on_whatever_the_event_is_called() -> None:
    (tell,) = told("Identified", "city", "shoe_size")
    assert isinstance(tell, Tell)
    assert (tell.name, tell.properties, tell.traits) == ("Traits Changed", {}, ["city"])


def test_a_run_hears_an_event_that_it_listens_to_and_that_brings_traits_once_and_under_its_own_name() -> None:
    (tell,) = told("Product Added", "birthday", "city")
    assert isinstance(tell, Tell)
    assert (tell.name, tell.traits) == ("Product Added", ["birthday", "city"])


def test_a_run_does_not_hear_of_traits_that_nothing_rests_on() -> None:
    assert told("Identified", "shoe_size") == []
    assert told("Traits Changed", "shoe_size") == []
    assert told("Identified", "city", known=routed(CART)) == []


def test_after_a_merge_a_run_hears_of_every_trait_that_it_rests_on() -> None:
    (tell,) = told("Identified", "*")
    assert isinstance(tell, Tell)
    assert tell.traits == ["birthday", "city"]


@pytest.mark.parametrize(("happened", "heard"), [(timedelta(hours=2), []), (timedelta(minutes=30), ["Reach", "Tell"])])
def test_an_imported_event_concerns_a_run_only_if_it_happened_while_the_run_was_there(
    happened: timedelta, heard: list[str]
) -> None:
    arrived = replace(arrival("Order Completed"), occurred_at=NOW - happened, backfill=True)
    known = routed(CART)
    assert kinds(list(route(arrived, [inside(CART)], {known.name: known}, []))) == heard


def test_an_imported_order_reaches_a_goal_that_was_open_when_it_was_made() -> None:
    over, known = inside(CART, ended=True, goal_until=NOW - timedelta(minutes=10)), routed(CART)
    made = replace(arrival("Order Completed"), occurred_at=NOW - timedelta(minutes=20), backfill=True)
    assert kinds(list(route(made, [over], {known.name: known}, []))) == ["Reach"]
    later = replace(made, occurred_at=NOW - timedelta(minutes=5))
    assert list(route(later, [over], {known.name: known}, [])) == []
