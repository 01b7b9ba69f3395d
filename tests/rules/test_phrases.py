"""Conditions in plain words."""

from typing import Any

import pytest
from hypothesis import given, settings

from rules.matches import EventMatch
from rules.phrases import awaited, words
from rules.steps import Becomes
from tests.rules.worlds import EXAMPLES, World, parsed, worlds

SAID: list[tuple[dict[str, Any], str]] = [
    ({"trait": "orders_count", "gte": 3, "lt": 9}, "orders_count is at least 3 and is under 9"),
    ({"trait": "plan", "in": ["gold", 2, True]}, 'plan is one of "gold", 2 or true'),
    ({"property": "coupon", "exists": False}, "coupon is not known"),
    (
        {"trait": "trial_ends", "before": "in 3d", "after": "now"},
        "trial_ends is before 3 days from now and is after now",
    ),
    ({"trait": "birthday", "after": "2026-01-02"}, "birthday is after 2026-01-02 00:00+00:00"),
    ({"event": "Order Completed"}, "Order Completed happened"),
    ({"event": "A", "times": {"exactly": 0}, "within": "30d"}, "A did not happen in the last 30 days"),
    ({"event": "A", "times": {"at_least": 1, "at_most": 2}}, "A happened at least 1 time and at most 2 times"),
    ({"event": "A", "within": "enrolment"}, "A happened since the journey began"),
    ({"event": "A", "after": "7d ago", "before": "now"}, "A happened after 1 week ago before now"),
    ({"event": "A", "sum": {"property": "total", "gte": 200}}, "A: the sum of total is at least 200"),
    (
        {
            "event": "A",
            "times": {"at_least": 2},
            "avg": {"property": "x", "gt": 1},
            "last": {"property": "y", "is": "z"},
        },
        'A happened at least 2 times and the average x is over 1 and the latest y is "z"',
    ),
    (
        {"event": "A", "where": {"property": "x", "is": 1}, "same": "order_id"},
        "A (x is 1) of the same order_id happened",
    ),
    ({"segment": "vip"}, "is in the segment vip"),
    ({"topic": "offers"}, "is subscribed to offers"),
    ({"topic": "offers", "subscribed": False}, "is not subscribed to offers"),
    ({"stage": ["loyal", "repeat"]}, "is at the stage loyal or repeat"),
    ({"in_journey": "welcome"}, "is in the journey welcome"),
    ({"in_journey": "welcome", "ever": True}, "was ever in the journey welcome"),
    ({"in_journey": "welcome", "within": "7d"}, "entered the journey welcome in the last 1 week"),
    ({"letter": "hello"}, "received the letter hello"),
    (
        {"letter": "hello", "was": "opened", "times": {"at_least": 2}, "within": "30d"},
        "opened the letter hello at least 2 times in the last 30 days",
    ),
    (
        {"all": [{"segment": "a"}, {"any": [{"segment": "b"}, {"not": {"segment": "c"}}]}]},
        "is in the segment a and (is in the segment b or not (is in the segment c))",
    ),
]


@pytest.mark.parametrize(("written", "said"), SAID, ids=str)
def test_a_condition_in_words(written: dict[str, Any], said: str) -> None:
    assert words(parsed(written)) == said


@settings(max_examples=EXAMPLES)
@given(world=worlds)
def test_every_condition_has_words(world: World) -> None:
    assert words(world.anything()).strip()


def test_what_a_wait_waits_for() -> None:
    assert awaited(EventMatch.model_validate({"event": ["A", "B"]})) == "A or B"
    assert awaited(Becomes.model_validate({"condition": {"segment": "vip"}})) == "is in the segment vip"
