"""Conditions and matches in plain words, for drawings, decisions and the pages of operators."""

from datetime import datetime, timedelta
from typing import assert_never

from rules.conditions import All, AnyOf, Comparison, Condition, EventHappened, Not, PropertyIs, Scalar, Times, TraitIs
from rules.durations import spell
from rules.journey import ReEntry
from rules.matches import EventMatch

_COMPARED = {
    "is_": "is",
    "in_": "is one of",
    "gt": "is over",
    "gte": "is at least",
    "lt": "is under",
    "lte": "is at most",
    "contains": "contains",
    "starts_with": "starts with",
    "matches": "matches",
    "before": "is before",
    "after": "is after",
}


def words(condition: Condition) -> str:
    """The condition in plain words, such as `orders_count is at least 3`."""
    match condition:
        case All(all=parts):
            return " and ".join(map(_closed, parts))
        case AnyOf(any=parts):
            return " or ".join(map(_closed, parts))
        case Not(not_=part):
            return f"not ({words(part)})"
        case TraitIs(trait=path) | PropertyIs(property=path):
            return f"{path} {_compared(condition)}"
        case EventHappened():
            return _happened(condition)
        case _:
            assert_never(condition)


def _closed(part: Condition) -> str:
    return f"({words(part)})" if isinstance(part, All | AnyOf) else words(part)


def _compared(comparison: Comparison) -> str:
    known = [] if comparison.exists is None else ["is known" if comparison.exists else "is not known"]
    written = [(verb, wanted) for name, verb in _COMPARED.items() if (wanted := getattr(comparison, name)) is not None]
    return " and ".join(known + [f"{verb} {_value(wanted)}" for verb, wanted in written])


def _value(value: Scalar | datetime | tuple[Scalar, ...]) -> str:
    match value:
        case tuple():
            return listed([_value(each) for each in value])
        case bool():
            return str(value).lower()
        case float():
            return str(int(value)) if value.is_integer() else str(value)
        case datetime():
            return value.isoformat(" ", "minutes")
        case str():
            return f'"{value}"'
        case _:
            return str(value)


def _happened(asked: EventHappened) -> str:
    what = asked.event + _narrowed(asked.where, asked.same)
    match asked.within:
        case timedelta() as back:
            span = f" in the last {spell(back)}"
        case "enrolment":
            span = " since the journey began"
        case _:
            span = ""
    return f"{what} {_times(asked.times)}{span}"


def _times(times: Times) -> str:
    if times == Times(at_least=1):
        return "happened"
    if 0 in (times.exactly, times.at_most) and not times.at_least:
        return "did not happen"
    bounds = (("at least", times.at_least), ("at most", times.at_most), ("exactly", times.exactly))
    told = [f"{bound} {count} time{'s' * (count != 1)}" for bound, count in bounds if count is not None]
    return f"happened {' and '.join(told)}"


def _narrowed(where: Condition | None, same: str | None) -> str:
    return (f" ({words(where)})" if where is not None else "") + (f" of the same {same}" if same else "")


def matched(match: EventMatch) -> str:
    """The events that count, such as `Order Refunded or Order Cancelled of the same order_id`."""
    return listed(match.event) + _narrowed(match.where, match.same)


def re_entry(rule: ReEntry) -> str:
    """Whether a contact may come again."""
    if rule.after is not None:
        return f"again after {spell(rule.after)}"
    return "any number of times" if rule.allowed else "once"


def listed(things: list[str] | tuple[str, ...]) -> str:
    """The things as a sentence lists them: `a, b or c`."""
    *most, last = things
    return f"{', '.join(most)} or {last}" if most else last
