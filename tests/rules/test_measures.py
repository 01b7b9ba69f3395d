"""Figures over several events: exact, and settled where there is nothing to count."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.facts import Happening
from rules.measures import figure
from rules.values import MISSING, exact

AT = datetime(2026, 11, 21, tzinfo=UTC)


def events(*values: object) -> list[Happening]:
    """One a minute, the earliest first; None is told as null."""
    return [Happening("A", AT + timedelta(minutes=n), {"x": {"y": value}}, n) for n, value in enumerate(values, 1)]


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        ("sum", (0.1, 0.2), "0.3"),
        ("sum", (1e308, 1e308, -1e308), "1e308"),
        ("sum", (2**63, 1, 0.5), "9223372036854775809.5"),
        ("sum", (), "0"),
        ("sum", ("5", True, None, [1], 2), "2"),
        ("avg", (1, 2), "1.5"),
        ("avg", (10, 10, 12), "10.666666666"),
        ("avg", (-1, -1, 0), "-0.666666666"),
        ("avg", (5e-324,), "0"),
        ("avg", ("5", 3), "3"),
        ("min", (3, 2.5, "1", True), "2.5"),
        ("max", (3, 2**53 + 1, float(2**53)), "9007199254740993"),
    ],
)
def test_a_figure_is_exact_and_of_numbers_only(name: str, values: tuple[object, ...], expected: str) -> None:
    told = figure(name, "x.y", events(*values))
    assert isinstance(told, int | float | Decimal)
    assert exact(told) == Decimal(expected)


@pytest.mark.parametrize(
    ("name", "values", "expected"),
    [
        *((name, (), MISSING) for name in ("avg", "min", "max", "first", "last")),
        *((name, ("5", True), MISSING) for name in ("avg", "min", "max")),
        ("first", ("a", 2), "a"),
        ("last", ("a", [2]), [2]),
        ("first", (None, 2), MISSING),
        ("last", (2, None), MISSING),
    ],
)
def test_a_figure_of_nothing_is_missing_and_the_ends_are_of_any_type(
    name: str, values: tuple[object, ...], expected: object
) -> None:
    assert figure(name, "x.y", events(*values)) == expected


def test_events_of_one_moment_are_told_apart_by_their_numbers() -> None:
    several = [Happening("A", AT, {"x": number}, number) for number in (2, 3, 1)]
    assert (figure("first", "x", several), figure("last", "x", several)) == (1, 3)


@given(st.lists(st.one_of(st.integers(), st.floats(allow_nan=False, allow_infinity=False)), min_size=1, max_size=8))
def test_sums_and_averages_are_those_of_fractions(values: list[int | float]) -> None:
    total = sum((Fraction(exact(value)) for value in values), Fraction(0))
    mean = total / len(values)
    assert fraction("sum", values) == total
    assert abs(fraction("avg", values)) <= abs(mean) < abs(fraction("avg", values)) + Fraction(1, 10**9)


def fraction(name: str, values: list[int | float]) -> Fraction:
    told = figure(name, "x.y", events(*values))
    assert isinstance(told, int | float | Decimal)
    return Fraction(exact(told))
