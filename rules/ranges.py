"""What comparisons leave of a value: whether anything at all, and whether only what another comparison takes."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from rules.conditions import Comparison, Scalar
from rules.instants import Relative
from rules.values import compares

_NUMERIC, _TEXTUAL = {"gt", "gte", "lt", "lte"}, {"starts_with", "matches"}
_WHENEVER = datetime(2000, 1, 1, tzinfo=UTC)  # only what does not move with the clock is compared by it
Bound = tuple[float, bool]
"""A number, and whether it is itself left out."""


def empty(comparisons: Sequence[Comparison]) -> bool:
    """Whether no value, and neither a missing one, is left by all of these together."""
    written = _written(comparisons)
    names = {name for name, _ in written}
    absent = any(comparison.exists is False for comparison in comparisons)
    present = bool(written) or any(comparison.exists for comparison in comparisons)
    return (
        (absent and present)
        or _candidates(comparisons) == []
        or bool(names & _NUMERIC and names & _TEXTUAL)
        or _no_number(written)
        or _no_moment(written)
    )


def covered(comparisons: Sequence[Comparison], other: Comparison) -> bool:
    """Whether what all of these together leave is taken by the other, too."""
    written = _written(comparisons)
    if other.exists is False:
        return not other.written and any(comparison.exists is False for comparison in comparisons)
    present = bool(written) or any(comparison.exists for comparison in comparisons)
    candidates = _candidates(comparisons)
    if candidates is not None and not any(isinstance(wanted, Relative) for _, wanted in other.written):
        return all(compares(other, value, _WHENEVER) for value in candidates)
    return present and all(_taken(written, name, wanted) for name, wanted in other.written)


def _written(comparisons: Sequence[Comparison]) -> list[tuple[str, Any]]:
    return [each for comparison in comparisons for each in comparison.written]


def _candidates(comparisons: Sequence[Comparison]) -> list[Scalar] | None:
    """The only values that are left; None: there are too many to list."""
    written = _written(comparisons)
    listed = next(((wanted,) if name == "is_" else wanted for name, wanted in written if name in ("is_", "in_")), None)
    return None if listed is None else [value for value in listed if all(_fits(value, *each) for each in written)]


def _fits(value: Scalar, name: str, wanted: Any) -> bool:
    return isinstance(wanted, Relative) or compares(Comparison.model_construct(**{name: wanted}), value, _WHENEVER)


def _lowest(written: Sequence[tuple[str, Any]]) -> Bound | None:
    return max(((wanted, name == "gt") for name, wanted in written if name in ("gt", "gte")), default=None)


def _highest(written: Sequence[tuple[str, Any]]) -> Bound | None:
    bounds = ((wanted, name == "lte") for name, wanted in written if name in ("lt", "lte"))
    lowest = min(bounds, default=None)
    return None if lowest is None else (lowest[0], not lowest[1])


def _no_number(written: Sequence[tuple[str, Any]]) -> bool:
    low, high = _lowest(written), _highest(written)
    return low is not None and high is not None and (low[0] > high[0] or (low[0] == high[0] and (low[1] or high[1])))


def _no_moment(written: Sequence[tuple[str, Any]]) -> bool:
    starts = [wanted for name, wanted in written if name == "after"]
    return any(name == "before" and any(_no_later(wanted, start) for start in starts) for name, wanted in written)


def _no_later(first: datetime | Relative, second: datetime | Relative) -> bool:
    """Whether the first is never later than the second; of a fixed moment and a moving one nobody can tell."""
    if isinstance(first, Relative) and isinstance(second, Relative):
        return first.offset <= second.offset
    return isinstance(first, datetime) and isinstance(second, datetime) and first <= second


def _taken(written: Sequence[tuple[str, Any]], name: str, wanted: Any) -> bool:
    """Whether the comparison follows from those that are written."""
    if any(each == name and type(value) is type(wanted) and value == wanted for each, value in written):
        return True
    low, high = _lowest(written), _highest(written)
    match name:
        case "gt":
            return low is not None and low >= (wanted, True)
        case "gte":
            return low is not None and low[0] >= wanted
        case "lt":
            return high is not None and (high[0] < wanted or (high[0] == wanted and high[1]))
        case "lte":
            return high is not None and high[0] <= wanted
        case "starts_with":
            return any(each == name and begun.startswith(wanted) for each, begun in written)
        case "before":
            return any(each == name and _no_later(moment, wanted) for each, moment in written)
        case "after":
            return any(each == name and _no_later(wanted, moment) for each, moment in written)
        case _:
            return False
