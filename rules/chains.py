"""What leads to what: segments that ask for segments, and journeys that start journeys."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from rules.conditions import All, AnyOf, Condition, Not, SegmentIs, StageIs, TopicIs, TraitIs
from rules.journey import Journey
from rules.library import Library
from rules.names import STAGE_CHANGED, SUBSCRIBED, TRAITS_CHANGED, UNSUBSCRIBED
from rules.places import inside
from rules.references import LIFECYCLE
from rules.steps import Enrol, Set, walk
from rules.triggers import OnEvent, OnSegment, Trigger
from rules.values import compares, reach

Links = Callable[[str], Iterable[str]]
"""The names that a name leads to."""

ENROLS = "enrols"
_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)


def chain(links: Links, start: str, goal: str) -> list[str] | None:
    """The shortest way from one name to another, both told; None: there is none."""
    ways = deque([[start]])
    seen = {start}
    while ways:
        way = ways.popleft()
        if way[-1] == goal:
            return way
        for name in links(way[-1]):
            if name not in seen:
                seen.add(name)
                ways.append([*way, name])
    return None


def references(library: Library) -> Links:
    """Which segments, and the stages, ask for which others."""
    segments, stages = library.segments or {}, library.stages or ()

    def asked(name: str) -> Iterator[str]:
        if name in segments:
            yield from _named(segments[name].when)
        for stage in stages if name == LIFECYCLE else ():
            yield from _named(stage.when) if stage.when is not None else ()

    return asked


def _named(condition: Condition) -> Iterator[str]:
    for _, each in inside(condition, ()):
        if isinstance(each, SegmentIs):
            yield each.segment
        elif isinstance(each, StageIs):
            yield LIFECYCLE


def starts(journey: Journey, library: Library) -> Mapping[str, str]:
    """The journeys that this one starts, or may start, and by what."""
    found: dict[str, str] = {}
    for step in walk(journey.steps):
        match step:
            case Enrol(enrol=name):
                found[name] = ENROLS
            case Set():
                for name, other in (library.journeys or {}).items():
                    how = next(filter(None, (_sets_off(step, each, library) for each in other.trigger)), None)
                    if how is not None:
                        found.setdefault(name, how)
            case _:
                pass
    return found


def _sets_off(step: Set, trigger: Trigger, library: Library) -> str | None:
    """By what a change starts a journey with this trigger; None: it does not."""
    match trigger:
        case OnEvent(event=events):
            caused = {TRAITS_CHANGED} if step.set.traits else set[str]()
            caused |= {SUBSCRIBED if word else UNSUBSCRIBED for word in step.set.topics.values()}
            caused |= {STAGE_CHANGED} if _moves_stages(step, library) else set()
            return next((f"causes {event}" for event in events if event in caused), None)
        case OnSegment(segment=name, on=on) if name in (library.segments or {}):
            asked = (library.segments or {})[name].when
            moves = any(_helps(step, leaf, holding=wanted is (on == "entered")) for leaf, wanted in _leaves(asked))
            return f"changes who is in '{name}'" if moves else None
        case _:
            return None


def _moves_stages(step: Set, library: Library) -> bool:
    leaves = (leaf for stage in library.stages or () if stage.when is not None for leaf, _ in _leaves(stage.when))
    return any(_helps(step, leaf, holding=word) for leaf in leaves for word in (True, False))


def _leaves(condition: Condition, *, wanted: bool = True) -> Iterator[tuple[Condition, bool]]:
    """The conditions that are joined, and whether each helps the whole when it holds, or when it does not."""
    match condition:
        case All(all=parts) | AnyOf(any=parts):
            for part in parts:
                yield from _leaves(part, wanted=wanted)
        case Not(not_=part):
            yield from _leaves(part, wanted=not wanted)
        case _:
            yield condition, wanted


def _helps(step: Set, leaf: Condition, *, holding: bool) -> bool:
    """Whether the change makes the condition hold (or keeps it from holding)."""
    match leaf:
        case TraitIs(trait=path) if path.split(".")[0] in step.set.traits:
            traits: dict[str, Any] = dict(step.set.traits)
            return compares(leaf, reach(traits, path), _ANY_TIME) is holding
        case TopicIs(topic=topic, subscribed=subscribed) if topic in step.set.topics:
            return (step.set.topics[topic] is subscribed) is holding
        case _:
            return False
