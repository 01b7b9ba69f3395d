"""Why a condition held or not, told with the values that it was asked of."""

from datetime import timedelta
from decimal import Decimal
from typing import Any

import orjson
import pytest
from hypothesis import given, settings

from rules.explaining import MOST, as_json, decisive, findings
from rules.facts import Facts, Happening, Named, Received, Stay
from rules.holds import holds
from rules.policies import Lifecycle
from rules.values import MISSING
from tests.rules.worlds import EXAMPLES, NOW, World, parsed, worlds

DAY = timedelta(days=1)
FACTS = Facts(
    now=NOW,
    traits={"orders_count": 1, "address": {"city": "Turku"}, "email": "anna@example.org"},
    events=[
        Happening("Order Completed", NOW - 2 * DAY, {"total": 0.1}),
        Happening("Order Completed", NOW, {"total": 0.2}),
    ],
    topics={"offers": False},
    stays=[Stay("welcome", NOW - DAY, NOW)],
    letters=[Received("hello", NOW)],
    start={"total": 80},
    named=Named(
        {"vip": parsed({"all": [{"topic": "offers", "subscribed": False}, {"trait": "orders_count", "gte": 3}]})},
        Lifecycle.model_validate({"stages": [{"stage": "lead", "title": "Everybody"}]}).stages,
    ),
)
TOLD: list[tuple[dict[str, Any], str]] = [
    ({"trait": "orders_count", "gte": 3}, "orders_count is at least 3: no, it is 1"),
    ({"trait": "address.city", "is": "Turku"}, 'address.city is "Turku": yes, it is "Turku"'),
    ({"trait": "plan", "is": "gold"}, 'plan is "gold": no, there is none'),
    ({"property": "total", "gt": 100}, "total is over 100: no, it is 80"),
    ({"event": "Order Completed", "times": {"at_least": 3}}, "Order Completed happened at least 3 times: no, it is 2"),
    (
        {"event": "Order Completed", "sum": {"property": "total", "gte": 0.3}},
        'Order Completed: the sum of total is at least 0.3: yes, it is {"times": 2, "sum of total": 0.3}',
    ),
    ({"topic": "offers"}, "is subscribed to offers: no, it is false"),
    ({"topic": "news"}, "is subscribed to news: no, there is none"),
    ({"stage": "loyal"}, 'is at the stage loyal: no, it is "lead"'),
    ({"in_journey": "welcome"}, 'is in the journey welcome: no, it is "2026-11-20T12:00:00+00:00"'),
    ({"letter": "hello", "times": {"at_least": 2}}, "received the letter hello at least 2 times: no, it is 1"),
    ({"segment": "nobody"}, "is in the segment nobody: no, there is none"),
    ({"segment": "vip"}, "orders_count is at least 3 (in the segment vip): no, it is 1"),
    (
        {"all": [{"trait": "orders_count", "is": 1}, {"topic": "offers"}, {"trait": "x", "is": 1}]},
        "is subscribed to offers: no, it is false",
    ),
    ({"any": [{"trait": "x", "is": 1}, {"trait": "orders_count", "is": 1}]}, "orders_count is 1: yes, it is 1"),
    ({"any": [{"trait": "x", "is": 1}, {"topic": "offers"}]}, "x is 1: no, there is none"),
    ({"not": {"any": [{"topic": "offers"}, {"trait": "orders_count", "is": 1}]}}, "orders_count is 1: yes, it is 1"),
]


@pytest.mark.parametrize(("written", "told"), TOLD, ids=str)
def test_the_part_that_decided_is_told_with_the_value_it_had(written: dict[str, Any], told: str) -> None:
    assert str(decisive(parsed(written), FACTS)) == told


def test_every_part_is_told_whether_it_decided_or_not() -> None:
    asked = {"any": [{"trait": "orders_count", "is": 1}, {"not": {"segment": "vip"}}]}
    assert [(each.words, each.held, each.value, each.through) for each in findings(parsed(asked), FACTS)] == [
        ("orders_count is 1", True, 1, ()),
        ("is in the segment vip", False, None, ()),
        ("is not subscribed to offers", True, False, ("vip",)),
        ("orders_count is at least 3", False, 1, ("vip",)),
    ]


def test_of_too_many_parts_the_first_are_told() -> None:
    many = {"all": [{"trait": f"t{number}", "exists": True} for number in range(2 * MOST)]}
    assert [each.words for each in findings(parsed(many), FACTS)] == [f"t{number} is known" for number in range(MOST)]


@settings(max_examples=EXAMPLES)
@given(world=worlds)
def test_what_is_told_is_true_and_can_be_kept(world: World) -> None:
    condition, facts = world.anything(), world.history().facts(world.named())
    told = [*findings(condition, facts), decisive(condition, facts)]
    assert 0 < len(told) <= MOST + 1
    assert b"\\u0000" not in orjson.dumps([each.as_data() for each in told])
    if condition.__class__.__name__ in ("TraitIs", "EventHappened", "LetterWas"):
        assert told[0].held is told[-1].held is holds(condition, facts)


@pytest.mark.parametrize(
    ("value", "kept"),
    [
        ("x" * 201, "x" * 200 + "…"),
        (list(range(11)), list(range(10))),
        ({"a": {"b": {"c": {"d": 1}}}}, {"a": {"b": {"c": "…"}}}),
        (Decimal("80.00"), 80),
        (2**63 - 1, 2**63 - 1),
        (2**64, "1.84467440737096E+19"),
        (Decimal("-1e5000"), "-1.00000000000000E+5000"),
        (Decimal("0.5"), 0.5),
        ({"a\0b": "\ud800"}, {"a�b": "?"}),
        (MISSING, None),
        (NOW, "2026-11-21T12:00:00+00:00"),
    ],
)
def test_values_are_kept_short(value: object, kept: object) -> None:
    assert as_json(value) == kept
