from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from rules.conditions import All, AnyOf, Condition, Not
from rules.facts import Facts, Happening, Named, Received, Stay
from rules.holds import counts, holds
from rules.matches import EventMatch
from rules.needs import Needs, needs, reads
from rules.policies import Lifecycle
from tests.rules import strategies
from tests.rules.worlds import EXAMPLES, World, worlds

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
CONDITION: TypeAdapter[Condition] = TypeAdapter(Condition)

STAGES = Lifecycle.model_validate(
    {
        "stages": [
            {"stage": "fan", "title": "Fan", "when": {"event": "Order Completed", "times": {"at_least": 9}}},
            {"stage": "buyer", "title": "Buyer", "when": {"segment": "buyers"}},
            {"stage": "guest", "title": "Guest", "when": {"trait": "orders_count", "exists": True}},
            {"stage": "lead", "title": "Others"},
        ]
    }
).stages


def order(ago: timedelta, **properties: Any) -> Happening:
    return Happening("Order Completed", NOW - ago, properties)


FACTS = Facts(
    now=NOW,
    traits={"orders_count": 3, "address": {"city": "Turku"}},
    events=[
        order(timedelta(days=40), order_id="a", total=20),
        order(timedelta(days=3), order_id="b", total=80),
        order(timedelta(0), order_id="b", total=10),
        Happening("Email Opened", NOW, {"letter": "hello"}),
    ],
    start={"order_id": "b", "total": 80},
    entered=NOW - timedelta(days=3),
    topics={"offers": True, "news": False},
    stays=[
        Stay("welcome", NOW - timedelta(days=40), NOW - timedelta(days=30)),
        Stay("winback", NOW - timedelta(days=3)),
    ],
    letters=[Received("hello", NOW - timedelta(days=3)), Received("hello", NOW)],
    named=Named(
        {
            "buyers": CONDITION.validate_python({"event": "Order Completed"}),
            "of-this-order": CONDITION.validate_python({"property": "total", "is": 80}),
            "since-entry": CONDITION.validate_python({"event": "Order Completed", "within": "enrolment"}),
            "calm-buyers": CONDITION.validate_python({"all": [{"segment": "buyers"}, {"not": {"topic": "news"}}]}),
        },
        STAGES,
    ),
)
HOLD: list[dict[str, Any]] = [
    {"trait": "orders_count", "gte": 3},
    {"trait": "address.city", "is": "Turku"},
    {"property": "total", "gt": 50},
    {"not": {"trait": "orders_count", "is": 4}},
    {"not": {"trait": "nothing", "is": 4}},
    {"all": [{"trait": "orders_count", "is": 3}, {"property": "total", "is": 80}]},
    {"any": [{"trait": "orders_count", "is": 4}, {"property": "total", "is": 80}]},
    {"event": "Order Completed"},
    {"event": "Order Completed", "times": {"exactly": 3}},
    {"event": "Order Completed", "times": {"at_least": 2, "at_most": 3}},
    {"event": "Cart Viewed", "times": {"at_most": 0}},
    {"event": "Cart Viewed", "times": {"exactly": 0}},
    {"event": "Order Completed", "within": "3d", "times": {"exactly": 2}},  # the first instant is inside
    {"event": "Order Completed", "within": "71h", "times": {"exactly": 1}},
    {"event": "Order Completed", "within": "0s"},
    {"event": "Order Completed", "within": "enrolment", "times": {"exactly": 2}},
    {"event": "Order Completed", "where": {"property": "total", "lt": 50}, "times": {"exactly": 2}},
    {"event": "Order Completed", "same": "order_id", "times": {"exactly": 2}},
    {"event": "Order Completed", "same": False, "times": {"exactly": 3}},
    {"event": "Order Completed", "same": "order_id", "where": {"property": "total", "lt": 50}, "times": {"exactly": 1}},
    {"event": "Order Completed", "after": "4d ago", "times": {"exactly": 2}},
    {"event": "Order Completed", "after": "3d ago", "times": {"exactly": 1}},  # the moment itself is not after it
    {"event": "Order Completed", "before": "3d ago", "times": {"exactly": 1}},  # nor before it
    {"event": "Order Completed", "before": "2026-11-20T12:00:00Z", "after": "2026-10-20", "times": {"exactly": 1}},
    {"event": "Order Completed", "sum": {"property": "total", "is": 110}},
    {"event": "Order Completed", "within": "3d", "avg": {"property": "total", "is": 45}},
    {"event": "Order Completed", "min": {"property": "total", "is": 10}, "max": {"property": "total", "is": 80}},
    {"event": "Order Completed", "first": {"property": "order_id", "is": "a"}},
    {"event": "Order Completed", "last": {"property": "total", "lt": 20}, "times": {"exactly": 3}},
    {"event": "Cart Viewed", "sum": {"property": "total", "is": 0}},
    {"event": "Cart Viewed", "max": {"property": "total", "exists": False}},
    {"event": "Order Completed", "where": {"event": "Order Completed", "same": "order_id", "times": {"exactly": 1}}},
    {"event": "Order Completed", "where": {"trait": "orders_count", "is": 3}},
    {"trait": "address.city", "starts_with": "Tur"},
    {"segment": "buyers"},
    {"segment": "calm-buyers"},
    {"not": {"segment": "of-this-order"}},  # a segment is about the contact, whichever run asks
    {"not": {"segment": "since-entry"}},
    {"topic": "offers"},
    {"topic": "news", "subscribed": False},
    {"topic": "unheard-of", "subscribed": False},
    {"stage": "buyer"},
    {"stage": ["guest", "buyer"]},
    {"in_journey": "winback"},
    {"in_journey": "welcome", "ever": True},
    {"in_journey": "welcome", "within": "40d"},
    {"letter": "hello"},
    {"letter": "hello", "times": {"exactly": 2}, "within": "3d"},
    {"letter": "hello", "was": "opened"},
    {"letter": "hello", "was": "clicked", "times": {"exactly": 0}},
]
HOLD_NOT: list[dict[str, Any]] = [
    {"trait": "orders_count", "gt": 3},
    {"trait": "total", "is": 80},
    {"property": "orders_count", "is": 3},
    {"not": {"event": "Order Completed"}},
    {"all": [{"trait": "orders_count", "is": 3}, {"property": "total", "is": 81}]},
    {"any": [{"trait": "orders_count", "is": 4}, {"property": "total", "is": 81}]},
    {"event": "order completed"},
    {"event": "Cart Viewed"},
    {"event": "Order Completed", "times": {"at_least": 2, "exactly": 3, "at_most": 2}},
    {"event": "Order Completed", "times": {"at_least": 4}},
    {"event": "Order Completed", "same": "coupon"},
    {"event": "Order Completed", "where": {"property": "coupon", "exists": True}},
    {"event": "Order Completed", "times": {"at_least": 4}, "sum": {"property": "total", "is": 110}},
    {"event": "Order Completed", "times": {"at_least": 3}, "sum": {"property": "total", "gt": 110}},
    {"event": "Cart Viewed", "max": {"property": "total", "lt": 5}},
    {"event": "Order Completed", "last": {"property": "coupon", "exists": True}},
    {"segment": "unheard-of"},
    {"topic": "unheard-of"},
    {"topic": "news"},
    {"stage": "lead"},
    {"stage": "guest"},
    {"in_journey": "welcome"},
    {"in_journey": "welcome", "within": "39d"},
    {"in_journey": "unheard-of", "ever": True},
    {"letter": "other"},
    {"letter": "hello", "times": {"at_least": 2}, "within": "2d"},
    {"letter": "other", "was": "opened"},
]


@pytest.mark.parametrize("written", HOLD, ids=str)
def test_a_condition_holds(written: dict[str, Any]) -> None:
    assert holds(CONDITION.validate_python(written), FACTS)


@pytest.mark.parametrize("written", HOLD_NOT, ids=str)
def test_a_condition_does_not_hold(written: dict[str, Any]) -> None:
    assert not holds(CONDITION.validate_python(written), FACTS)


def test_nothing_happened_since_enrolment_when_nobody_entered() -> None:
    outside = replace(FACTS, entered=None)
    assert not holds(CONDITION.validate_python({"event": "Order Completed", "within": "enrolment"}), outside)
    never = {"event": "Order Completed", "within": "enrolment", "times": {"exactly": 0}}
    assert holds(CONDITION.validate_python(never), outside)


@settings(max_examples=EXAMPLES)
@given(world=worlds)
def test_not_turns_every_condition_round(world: World) -> None:
    condition, facts = world.anything(), world.history().facts(world.named())
    assert holds(Not(not_=condition), facts) is not holds(condition, facts)


@settings(max_examples=EXAMPLES)
@given(world=worlds, number=st.integers(1, 4))
def test_all_and_any_are_what_python_says(world: World, number: int) -> None:
    parts = tuple(world.anything() for _ in range(number))
    facts = world.history().facts(world.named())
    each = [holds(part, facts) for part in parts]
    assert holds(All(all=parts), facts) == all(each)
    assert holds(AnyOf(any=parts), facts) == any(each)


def test_without_stages_nobody_is_at_one() -> None:
    assert not holds(CONDITION.validate_python({"stage": "lead"}), replace(FACTS, named=Named()))


@settings(max_examples=EXAMPLES)
@given(world=worlds)
def test_events_that_are_not_needed_change_nothing(world: World) -> None:
    condition, facts = world.anything(), world.history().facts(world.named())
    needed = [event for event in facts.events if event.name in needs(condition, facts.named).events]
    more = [*facts.events, Happening("Nobody Asks", facts.now)]
    assert len({holds(condition, replace(facts, events=events)) for events in (facts.events, needed, more)}) == 1


@given(strategies.conditions)
def test_properties_that_are_not_read_change_nothing(condition: Condition) -> None:
    def pruned(properties: Any) -> dict[str, Any]:
        roots = {path.split(".")[0] for path in reads(condition)}
        return {name: value for name, value in properties.items() if name in roots}

    events = [replace(event, properties=pruned(event.properties)) for event in FACTS.events]
    assert holds(condition, replace(FACTS, events=events, start=pruned(FACTS.start))) == holds(condition, FACTS)


def test_needs_and_reads_look_into_every_part() -> None:
    condition = CONDITION.validate_python(
        {
            "all": [
                {"any": [{"event": "A", "where": {"not": {"property": "x.y", "is": 1}}}, {"trait": "t", "is": 1}]},
                {"not": {"event": "B", "same": "order_id"}},
                {"property": "z", "exists": True},
            ]
        }
    )
    assert needs(condition) == Needs(frozenset({"A", "B"}), frozenset({"t"}))
    assert reads(condition) == {"x.y", "order_id", "z"}


MATCH = {"event": ["Order Refunded", "Order Cancelled"], "where": {"property": "total", "gt": 5}, "same": "order_id"}


@pytest.mark.parametrize(
    ("name", "properties", "start", "expected"),
    [
        ("Order Refunded", {"total": 6, "order_id": "b"}, {"order_id": "b"}, True),
        ("Order Cancelled", {"total": 6, "order_id": "b"}, {"order_id": "b"}, True),
        ("Order Completed", {"total": 6, "order_id": "b"}, {"order_id": "b"}, False),
        ("Order Refunded", {"total": 5, "order_id": "b"}, {"order_id": "b"}, False),
        ("Order Refunded", {"total": 6, "order_id": "c"}, {"order_id": "b"}, False),
        ("Order Refunded", {"total": 6, "order_id": 1042}, {"order_id": "1042"}, True),
        ("Order Refunded", {"total": 6, "order_id": True}, {"order_id": True}, False),
        ("Order Refunded", {"total": 6, "order_id": None}, {"order_id": None}, False),
        ("Order Refunded", {"total": 6}, {"order_id": "b"}, False),
        ("Order Refunded", {"total": 6, "order_id": "b"}, {}, False),
        ("Order Refunded", {"order_id": "b"}, {"order_id": "b", "total": 6}, False),
    ],
)
def test_a_match_asks_name_property_and_the_same_order(
    name: str, properties: dict[str, Any], start: dict[str, Any], expected: bool
) -> None:
    assert counts(EventMatch.model_validate(MATCH), Happening(name, NOW, properties), start) is expected


@pytest.mark.parametrize("same", [None, False, ""])
def test_a_match_without_same_counts_the_events_of_every_order(same: object) -> None:
    match = EventMatch.model_validate({"event": "Order Refunded", "same": same})
    assert counts(match, Happening("Order Refunded", NOW, {"order_id": "c"}), {"order_id": "b"})
