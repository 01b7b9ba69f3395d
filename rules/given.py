"""What is sure to be known where a run comes to a step, whatever way it took: `contact.city`, `event.order_id`."""

from collections.abc import Iterator, Mapping

from rules.conditions import All, AnyOf, Condition, PropertyIs, SegmentIs, TraitIs
from rules.journey import Journey
from rules.logic import implies
from rules.paths import open_from
from rules.plan import Plan, PlannedSet
from rules.segment import Segment
from rules.triggers import OnDate, OnEvent, OnRequest, OnSchedule, OnSegment, Trigger

Names = frozenset[str]
Segments = Mapping[str, Segment]


def given(plan: Plan, journey: Journey, segments: Segments) -> Mapping[str, Names]:
    """Of every step that a run can come to, the names that are known on each way to it."""
    begun = [frozenset(_by_trigger(trigger, segments)) for trigger in journey.trigger]
    known: dict[str, Names] = {plan.first: begun[0].intersection(*begun)}
    ahead = [plan.first]
    while ahead:
        name = ahead.pop()
        step = plan.steps[name]
        here = known[name]
        if isinstance(step, PlannedSet):
            gone = {f"contact.{trait}" for trait, value in step.set.traits.items() if value is None}
            here = (here | {f"contact.{trait}" for trait in step.set.traits}) - gone
        for passage in open_from(plan, name):
            if passage.to is None:
                continue
            brought = here | frozenset(_by_condition(passage.given, segments))
            kept = brought & known[passage.to] if passage.to in known else brought
            if known.get(passage.to) != kept:
                known[passage.to] = kept
                ahead.append(passage.to)
    return known


def is_given(name: str, known: Names) -> bool:
    """Whether the name is known, or something within it."""
    return any(each == name or each.startswith(f"{name}.") for each in known)


def _by_trigger(trigger: Trigger, segments: Segments) -> Iterator[str]:
    match trigger:
        case OnEvent(where=where):
            yield from _by_condition(where, segments)
        case OnSegment(segment=name, on="entered") | OnSchedule(segment=name):
            yield from _by_condition(SegmentIs(segment=name), segments)
        case OnDate(date=path):
            yield f"contact.{path}"
        case OnSegment() | OnRequest():
            return


def _by_condition(condition: Condition | None, segments: Segments, depth: int = 9) -> Iterator[str]:
    """The names that are known when the condition holds."""
    if isinstance(condition, SegmentIs):
        if condition.segment in segments and depth:
            yield from _by_condition(segments[condition.segment].when, segments, depth - 1)
    elif isinstance(condition, All):
        for part in condition.all:
            yield from _by_condition(part, segments, depth)
    elif condition is not None:
        for asked in _asked(condition):
            if isinstance(asked, TraitIs) and implies(condition, TraitIs(trait=asked.trait, exists=True)):
                yield f"contact.{asked.trait}"
            if isinstance(asked, PropertyIs) and implies(condition, PropertyIs(property=asked.property, exists=True)):
                yield f"event.{asked.property}"


def _asked(condition: Condition) -> Iterator[Condition]:
    if isinstance(condition, AnyOf):
        for part in condition.any:
            yield from _asked(part)
    elif isinstance(condition, All):
        for part in condition.all:
            yield from _asked(part)
    else:
        yield condition
