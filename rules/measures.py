"""Figures made of one property of several events: exact, and the same in memory as in SQL."""

from collections.abc import Callable, Mapping, Sequence
from decimal import ROUND_DOWN, Context, Decimal

from rules.facts import Happening
from rules.values import MISSING, Number, exact, is_number, reach

_EXACT = Context(prec=2_000, rounding=ROUND_DOWN)
"""Wide enough for any sum of numbers between the smallest and the largest that come in."""

AVERAGE_DECIMALS = 9


def figure(name: str, path: str, events: Sequence[Happening]) -> object:
    """The figure of this name (one of MEASURES) of the property at `path`; MISSING when there is none.

    Values that are no numbers count for nothing in sum, avg, min and max; first and last take what the earliest or
    latest event has there, of whatever type. The sum of nothing is 0.
    """
    if name in _ENDS:
        return reach(_ENDS[name](events, key=_order).properties, path) if events else MISSING
    numbers = [value for event in events if is_number(value := reach(event.properties, path))]
    return _NUMERIC[name](numbers) if numbers or name == "sum" else MISSING


def _order(event: Happening) -> tuple[object, int]:
    return event.at, event.seq


def _sum(numbers: Sequence[Number]) -> Number:
    if all(type(number) is int for number in numbers):
        return sum(numbers)
    total = Decimal(0)
    for number in numbers:
        total = _EXACT.add(total, exact(number))
    return total


def _average(numbers: Sequence[Number]) -> Number:
    shifted = _EXACT.scaleb(exact(_sum(numbers)), AVERAGE_DECIMALS)
    return _EXACT.scaleb(_EXACT.divide_int(shifted, Decimal(len(numbers))), -AVERAGE_DECIMALS)


_ENDS: Mapping[str, Callable[..., Happening]] = {"first": min, "last": max}
_NUMERIC: Mapping[str, Callable[[Sequence[Number]], Number]] = {
    "sum": _sum,
    "avg": _average,
    "min": lambda numbers: min(numbers, key=exact),
    "max": lambda numbers: max(numbers, key=exact),
}
