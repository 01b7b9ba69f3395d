"""What is told of conditions without facts is true of all facts."""

from itertools import permutations
from random import Random

import pytest
from pydantic import TypeAdapter

from rules.conditions import Condition
from rules.holds import holds
from rules.logic import always, conflict, implies, never
from rules.ways import ways_of
from tests.rules.worlds import World, parsed

CONDITION: TypeAdapter[Condition] = TypeAdapter(Condition)
CITY = {"trait": "city", "is": "Turku"}
MANY = {"event": "Order Completed", "times": {"at_least": 3}}


def asked(written: object) -> Condition:
    return CONDITION.validate_python(written)


IMPLIED = [
    (CITY, CITY),
    (CITY, {"trait": "city", "exists": True}),
    (CITY, {"trait": "city", "in": ["Oslo", "Turku"]}),
    (CITY, {"trait": "city", "starts_with": "Tur"}),
    (CITY, {"not": {"trait": "city", "is": "Oslo"}}),
    (CITY, {"any": [{"trait": "orders", "gt": 1}, CITY]}),
    ({"all": [{"trait": "orders", "gt": 1}, CITY]}, CITY),
    ({"all": [{"trait": "n", "gt": 1}, {"trait": "n", "lt": 2}]}, {"trait": "n", "gte": 1, "lte": 2}),
    ({"any": [{"trait": "n", "gt": 5}, {"trait": "n", "is": 9}]}, {"trait": "n", "gte": 5}),
    ({"trait": "n", "in": [5, 6]}, {"trait": "n", "gte": 5}),
    ({"trait": "n", "gt": 5}, {"trait": "n", "gte": 5}),
    ({"trait": "a", "starts_with": "abc"}, {"trait": "a", "starts_with": "ab"}),
    ({"trait": "d", "before": "2026-01-01"}, {"trait": "d", "before": "2026-02-01"}),
    ({"trait": "d", "after": "7d ago"}, {"trait": "d", "after": "30d ago"}),
    ({"not": {"trait": "n", "gte": 3}}, {"not": {"trait": "n", "gte": 5}}),
    (MANY, {"event": "Order Completed"}),
    ({**MANY, "within": "7d"}, {**MANY, "within": "30d"}),
    ({**MANY, "within": "7d"}, MANY),
    ({"trait": "n", "gte": 3, "lt": 2}, CITY),
]


@pytest.mark.parametrize(("first", "second"), IMPLIED)
def test_one_condition_follows_from_another(first: object, second: object) -> None:
    assert implies(asked(first), asked(second))


NOT_IMPLIED = [
    (CITY, {"trait": "town", "is": "Turku"}),
    (CITY, {"property": "city", "is": "Turku"}),
    ({"trait": "n", "is": 1}, {"trait": "n", "is": True}),
    ({"trait": "n", "gte": 5}, {"trait": "n", "gt": 5}),
    ({"trait": "n", "gte": 5}, {"trait": "n", "exists": False}),
    ({"any": [CITY, {"trait": "n", "gt": 5}]}, CITY),
    ({"event": "Order Completed"}, MANY),
    ({"event": "Order Completed", "within": "30d"}, {"event": "Order Completed", "within": "7d"}),
    ({"event": "A", "times": {"at_most": 2}, "within": "7d"}, {"event": "A", "times": {"at_most": 2}, "within": "30d"}),
    ({"event": "A", "where": {"property": "x", "is": 1}}, {"event": "A", "where": {"property": "x", "is": 2}}),
    ({"event": "A", "sum": {"property": "x", "gt": 1}}, {"event": "A"}),
    ({"segment": "a"}, {"segment": "b"}),
    ({"trait": "d", "before": "2026-01-01"}, {"trait": "d", "before": "30d ago"}),
    ({"trait": "a", "contains": 1}, {"trait": "a", "contains": True}),
]


@pytest.mark.parametrize(("first", "second"), NOT_IMPLIED)
def test_what_depends_is_not_told(first: object, second: object) -> None:
    assert not implies(asked(first), asked(second))


NEVER = [
    {"trait": "n", "gte": 3, "lt": 2},
    {"trait": "n", "gt": 2, "lt": 2},
    {"trait": "n", "gt": 2, "starts_with": "a"},
    {"trait": "n", "is": 1, "exists": False},
    {"trait": "n", "is": 1, "gt": 1},
    {"trait": "n", "in": [1, 2], "is": 3},
    {"trait": "d", "after": "2026-02-01", "before": "2026-01-01"},
    {"trait": "d", "after": "now", "before": "7d ago"},
    {"all": [CITY, {"not": CITY}]},
    {"all": [CITY, {"all": [{"trait": "n", "gt": 1}, {"trait": "city", "is": "Oslo"}]}]},
    {"all": [MANY, {"event": "Order Completed", "times": {"exactly": 0}}]},
    {"any": [{"trait": "n", "gt": 2, "lt": 1}, {"not": {"any": [CITY, {"not": CITY}]}}]},
    {"event": "A", "times": {"at_least": 2, "exactly": 1}},
    {"event": "A", "sum": {"property": "x", "gt": 1, "lt": 1}},
    {"letter": "a", "times": {"at_least": 2, "at_most": 1}},
]


@pytest.mark.parametrize("written", NEVER)
def test_a_condition_that_contradicts_itself_is_told(written: object) -> None:
    assert never(asked(written))
    assert always(asked({"not": written}))


@pytest.mark.parametrize(
    "written",
    [
        {"any": [CITY, {"not": CITY}]},
        {"any": [{"trait": "a", "exists": True}, {"trait": "a", "exists": False}]},
        {"any": [{"event": "A"}, {"event": "A", "times": {"at_most": 0}}]},
        {"any": [{"trait": "n", "gt": 1}, {"not": {"trait": "n", "gt": 3}}]},
    ],
)
def test_conditions_that_leave_nobody_out_are_told(written: object) -> None:
    assert always(asked(written))
    assert not never(asked(written))


def test_numbers_that_nobody_has_may_still_be_missing() -> None:
    assert not always(asked({"any": [{"trait": "n", "gte": 3}, {"trait": "n", "lt": 3}]}))


def test_two_conditions_conflict_only_when_they_cannot_both_hold() -> None:
    assert conflict((asked(CITY), asked({"trait": "city", "is": "Oslo"})))
    assert not conflict((asked(CITY), asked({"trait": "town", "is": "Oslo"})))


def test_a_way_is_dead_when_those_before_it_leave_nobody() -> None:
    found = ways_of([asked(CITY), asked({"not": CITY}), asked({"trait": "n", "gt": 1})])
    assert found.exhausted
    assert found.dead[:2] == (None, None)
    assert found.dead[2] == "this never comes about: one of those before it always holds"


def test_what_is_told_holds_of_every_contact_that_chance_makes() -> None:
    told = 0
    for seed in range(200):
        random = Random(seed)
        world = World(random)
        comparisons = [{**world.comparing("trait"), "trait": random.choice(["n", "n", "t", "d"])} for _ in range(4)]
        events = [{"event": "A", "times": random.choice(TIMES)} for _ in range(2)]
        leaves = [*comparisons, *events]
        joined = [{"not": leaves[0]}, {"all": leaves[:2]}, {"any": leaves[1:3]}, {"all": leaves[3:5]}]
        conditions = [parsed(each) for each in (*leaves, *joined)]
        facts = [world.history().facts(world.named()) for _ in range(6)]
        for each in conditions:
            if never(each):
                told += 1
                assert not any(holds(each, one) for one in facts), each
            if always(each):
                told += 1
                assert all(holds(each, one) for one in facts), each
        for first, second in permutations(conditions, 2):
            if implies(first, second):
                told += 1
                assert all(holds(second, one) for one in facts if holds(first, one)), (first, second)
    assert told > 1_000


TIMES = [{"at_least": 1}, {"at_least": 2}, {"at_most": 1}, {"exactly": 0}, {"exactly": 2}, {"at_most": 0}]
