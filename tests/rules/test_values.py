from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given
from pydantic import ValidationError

from rules.conditions import Comparison
from rules.values import MISSING, SEARCHED, compares, reach
from tests.rules import strategies

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
TRUE_OF: list[tuple[dict[str, Any], object]] = [
    ({"is": "gold"}, "gold"),
    ({"is": 1}, 1.0),
    ({"is": 1.0}, 1),
    ({"is": True}, True),
    ({"is": False}, False),
    ({"is": 0}, 0),
    ({"is": ""}, ""),
    ({"in": ["a", 2]}, 2.0),
    ({"gt": 3}, 3.5),
    ({"gte": 3}, 3),
    ({"lt": 0}, -1),
    ({"lte": 3}, 3.0),
    ({"gte": 3, "lt": 5}, 4),
    ({"contains": "ola"}, "chocolate"),
    ({"contains": "b"}, ["a", "b"]),
    ({"contains": 2}, ["a", 2.0]),
    ({"starts_with": "SE-"}, "SE-100"),
    ({"matches": "^[0-9]+$"}, "1042"),
    ({"matches": "late"}, "chocolate"),
    ({"exists": True}, False),
    ({"exists": True}, ""),
    ({"exists": False}, MISSING),
    ({"exists": False}, None),
    ({"before": "2026-01-02"}, "2026-01-01T23:59:59Z"),
    ({"after": "2026-01-02"}, "2026-01-02T00:00:01"),
    ({"after": "2026-01-02"}, "2026-01-03"),
    ({"after": date(2026, 1, 2)}, NOON),
    ({"before": "2026-01-02T01:00:00+02:00"}, "2026-01-01T22:59:59+00:00"),
    ({"after": "2025-12-31", "before": "2026-01-02"}, date(2026, 1, 1)),
]
FALSE_OF: list[tuple[dict[str, Any], object]] = [
    ({"is": "1"}, 1),
    ({"is": 1}, "1"),
    ({"is": 1}, True),
    ({"is": True}, 1),
    ({"is": "gold"}, "Gold"),
    ({"is": "gold"}, ["gold"]),
    ({"in": ["1", True]}, 1),
    ({"gt": 3}, 3),
    ({"gt": 3}, "5"),
    ({"gte": 1}, True),
    ({"lt": 5}, False),
    ({"gte": 0}, float("nan")),
    ({"lte": 0}, float("nan")),
    ({"gte": 3, "lt": 5}, 5),
    ({"contains": "1"}, [1]),
    ({"contains": 1}, "1"),
    ({"contains": True}, [1]),
    ({"contains": "a"}, {"a": 1}),
    ({"contains": "a"}, 7),
    ({"starts_with": "1"}, 1042),
    ({"starts_with": "se-"}, "SE-100"),
    ({"matches": "1"}, 1042),
    ({"matches": "end$"}, "x" * SEARCHED + "end"),
    ({"exists": True}, MISSING),
    ({"exists": True}, None),
    ({"exists": False}, 0),
    ({"exists": False, "is": "a"}, MISSING),
    ({"before": "2026-01-02"}, "2026-01-02"),
    ({"after": "2026-01-02"}, "2026-01-02"),
    ({"after": "2026-01-02"}, "soon"),
    ({"after": "2026-01-02"}, "20270101"),
    ({"after": "2026-01-02"}, 1_900_000_000),
    ({"before": "2026-01-02"}, ""),
]


@pytest.mark.parametrize(("comparison", "value"), TRUE_OF)
def test_a_comparison_holds(comparison: dict[str, Any], value: object) -> None:
    assert compares(Comparison.model_validate(comparison), value, NOON)


@pytest.mark.parametrize(("comparison", "value"), FALSE_OF)
def test_a_comparison_does_not_hold(comparison: dict[str, Any], value: object) -> None:
    assert not compares(Comparison.model_validate(comparison), value, NOON)


@given(strategies.comparisons)
def test_what_is_missing_makes_every_comparison_false_but_one(comparison: dict[str, Any]) -> None:
    for missing in (MISSING, None):
        assert compares(Comparison.model_validate(comparison), missing, NOON) == (comparison == {"exists": False})


@given(strategies.comparisons, strategies.values)
def test_all_comparisons_that_are_written_must_hold(comparison: dict[str, Any], value: object) -> None:
    each = [compares(Comparison.model_validate({name: wanted}), value, NOON) for name, wanted in comparison.items()]
    assert compares(Comparison.model_validate(comparison), value, NOON) == all(each)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("city", "Turku"),
        ("address.city", "Åbo"),
        ("address", {"city": "Åbo", "floor": None}),
        ("zero", 0),
        ("off", False),
    ],
)
def test_a_path_reaches_into_objects(path: str, value: object) -> None:
    held = {"city": "Turku", "address": {"city": "Åbo", "floor": None}, "zero": 0, "off": False}
    assert reach(held, path) == value


@pytest.mark.parametrize("path", ["nowhere", "city.part", "address.floor", "address.floor.door", "list.0", "", "city."])
def test_a_path_that_leads_nowhere_or_to_null_is_missing(path: str) -> None:
    assert reach({"city": "Turku", "address": {"floor": None}, "list": ["a"]}, path) is MISSING


@pytest.mark.parametrize(
    "comparison", [{"gt": "5"}, {"gt": True}, {"gte": float("inf")}, {"is": [1]}, {"before": "soon"}, {"before": 5}, {}]
)
def test_what_cannot_be_compared_with_is_refused(comparison: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Comparison.model_validate(comparison)
