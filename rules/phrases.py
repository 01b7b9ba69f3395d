"""Conditions and matches in plain words, for drawings, decisions and the pages of operators."""

from datetime import datetime, timedelta
from typing import assert_never

from rules.conditions import (
    All,
    AnyOf,
    Comparison,
    Condition,
    EventHappened,
    InJourney,
    LetterWas,
    Not,
    PropertyIs,
    Scalar,
    SegmentIs,
    StageIs,
    Times,
    TopicIs,
    TraitIs,
)
from rules.durations import spell
from rules.instants import Relative
from rules.journey import ReEntry
from rules.matches import EventMatch
from rules.steps import Awaited, Becomes

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
_FIGURES = {
    "sum": "the sum of {}",
    "avg": "the average {}",
    "min": "the lowest {}",
    "max": "the highest {}",
    "first": "the first {}",
    "last": "the latest {}",
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
            return f"{path} {compared(condition)}"
        case EventHappened():
            return _happened(condition)
        case SegmentIs(segment=name):
            return f"is in the segment {name}"
        case TopicIs(topic=topic, subscribed=subscribed):
            return f"is {'' if subscribed else 'not '}subscribed to {topic}"
        case StageIs(stage=stages):
            return f"is at the stage {listed(stages)}"
        case InJourney():
            return _stayed(condition)
        case LetterWas(letter=letter, was=was):
            return f"{was} the letter {letter}{_how_often(condition.times)}{_back(condition.within)}"
        case _:
            assert_never(condition)


def _closed(part: Condition) -> str:
    return f"({words(part)})" if isinstance(part, All | AnyOf) else words(part)


def compared(comparison: Comparison) -> str:
    """What is compared, without what it is asked of, such as `is at least 3`."""
    known = [] if comparison.exists is None else ["is known" if comparison.exists else "is not known"]
    return " and ".join(known + [f"{_COMPARED[name]} {_value(wanted)}" for name, wanted in comparison.written])


def _value(value: Scalar | datetime | Relative | tuple[Scalar, ...]) -> str:
    match value:
        case tuple():
            return listed([_value(each) for each in value])
        case bool():
            return str(value).lower()
        case float():
            return str(int(value)) if value.is_integer() else str(value)
        case datetime():
            return value.isoformat(" ", "minutes")
        case Relative():
            return _moving(value.offset)
        case str():
            return f'"{value}"'
        case _:
            return str(value)


def _moving(offset: timedelta) -> str:
    if not offset:
        return "now"
    return f"{spell(offset)} from now" if offset > timedelta(0) else f"{spell(-offset)} ago"


def _happened(asked: EventHappened) -> str:
    what = asked.event + _narrowed(asked.where, asked.same)
    often = [_times(asked.frequency)] if asked.frequency is not None else []
    told = [f"{_FIGURES[name].format(measure.property)} {compared(measure)}" for name, measure in asked.measures]
    joined = " and ".join([*often, *told])
    return f"{what}{'' if often else ':'} {joined}{_span(asked)}"


def _span(asked: EventHappened) -> str:
    within = " since the journey began" if asked.within == "enrolment" else _back(asked.within)
    after = f" after {_value(asked.after)}" if asked.after is not None else ""
    before = f" before {_value(asked.before)}" if asked.before is not None else ""
    return within + after + before


def _back(within: timedelta | None) -> str:
    return f" in the last {spell(within)}" if within is not None else ""


def _times(times: Times) -> str:
    if 0 in (times.exactly, times.at_most) and not times.at_least:
        return "did not happen"
    return f"happened{_how_often(times)}"


def _how_often(times: Times) -> str:
    if times == Times(at_least=1):
        return ""
    bounds = (("at least", times.at_least), ("at most", times.at_most), ("exactly", times.exactly))
    told = [f"{bound} {count} time{'s' * (count != 1)}" for bound, count in bounds if count is not None]
    return f" {' and '.join(told)}"


def _stayed(asked: InJourney) -> str:
    if asked.within is not None:
        return f"entered the journey {asked.in_journey}{_back(asked.within)}"
    return f"{'was ever' if asked.ever else 'is'} in the journey {asked.in_journey}"


def _narrowed(where: Condition | None, same: str | None) -> str:
    return (f" ({words(where)})" if where is not None else "") + (f" of the same {same}" if same else "")


def matched(match: EventMatch) -> str:
    """The events that count, such as `Order Refunded or Order Cancelled of the same order_id`."""
    return listed(match.event) + _narrowed(match.where, match.same)


def awaited(thing: Awaited) -> str:
    """What ends a wait: an event, or a condition that becomes true."""
    return words(thing.condition) if isinstance(thing, Becomes) else matched(thing)


def re_entry(rule: ReEntry) -> str:
    """Whether a contact may come again."""
    if rule.after is not None:
        return f"again after {spell(rule.after)}"
    return "any number of times" if rule.allowed else "once"


def listed(things: list[str] | tuple[str, ...]) -> str:
    """The things as a sentence lists them: `a, b or c`."""
    *most, last = things
    return f"{', '.join(most)} or {last}" if most else last
