"""Everything in a journey that the checks ask about, each with its place in the file."""

from collections.abc import Iterator
from typing import TypeVar, assert_never

from rules.conditions import All, AnyOf, Condition, EventHappened, Not, PropertyIs, TraitIs
from rules.journey import Journey
from rules.matches import EventMatch
from rules.mistakes import Path
from rules.steps import AnyStep, Branch, Case, Wait, WaitFor
from rules.triggers import OnEvent

Thing = TypeVar("Thing")
Placed = Iterator[tuple[Path, Thing]]


def step_lists(journey: Journey) -> Placed[tuple[AnyStep, ...]]:
    """Every list of steps, the outer before the inner."""
    yield from _lists(journey.steps, ("steps",))


def _lists(steps: tuple[AnyStep, ...], path: Path) -> Placed[tuple[AnyStep, ...]]:
    yield path, steps
    for number, step in enumerate(steps):
        match step:
            case Branch(branch=branch):
                for way_number, way in enumerate(branch):
                    inner, key = (way.then, "then") if isinstance(way, Case) else (way.otherwise, "otherwise")
                    yield from _lists(inner, (*path, number, "branch", way_number, key))
            case WaitFor(otherwise=otherwise):
                yield from _lists(otherwise, (*path, number, "otherwise"))
            case _:
                pass


def steps(journey: Journey) -> Placed[AnyStep]:
    """Every step."""
    for path, listed in step_lists(journey):
        for number, step in enumerate(listed):
            yield (*path, number), step


def matches(journey: Journey) -> Placed[EventMatch]:
    """Every match by which a run listens, or its goal is known."""
    for number, match in enumerate(journey.exit_on):
        yield ("exit_on", number), match
    if journey.goal is not None:
        yield ("goal",), journey.goal
    for path, step in steps(journey):
        match step:
            case Wait(restart_on=restart_on):
                yield from (((*path, "restart_on", number), match) for number, match in enumerate(restart_on))
            case WaitFor(wait_for=match):
                yield (*path, "wait_for"), match
            case _:
                pass


def wheres(journey: Journey) -> Placed[Condition]:
    """Every condition that is asked of one event's properties."""
    for number, trigger in enumerate(journey.trigger):
        if isinstance(trigger, OnEvent) and trigger.where is not None:
            yield ("trigger", number, "where"), trigger.where
    for path, match in matches(journey):
        if match.where is not None:
            yield (*path, "where"), match.where
    for path, condition in _whens(journey):
        if isinstance(condition, EventHappened) and condition.where is not None:
            yield (*path, "where"), condition.where


def conditions(journey: Journey) -> Placed[Condition]:
    """Every condition, also those inside others."""
    for path, where in wheres(journey):
        yield from inside(where, path)
    yield from _whens(journey)


def _whens(journey: Journey) -> Placed[Condition]:
    for path, step in steps(journey):
        for number, way in enumerate(step.branch if isinstance(step, Branch) else ()):
            if isinstance(way, Case):
                yield from inside(way.when, (*path, "branch", number, "when"))


def inside(condition: Condition, path: Path) -> Placed[Condition]:
    """The condition and those that it joins; not those in its `where`."""
    yield path, condition
    match condition:
        case All(all=parts):
            for number, part in enumerate(parts):
                yield from inside(part, (*path, "all", number))
        case AnyOf(any=parts):
            for number, part in enumerate(parts):
                yield from inside(part, (*path, "any", number))
        case Not(not_=part):
            yield from inside(part, (*path, "not"))
        case TraitIs() | PropertyIs() | EventHappened():
            pass
        case _:
            assert_never(condition)
