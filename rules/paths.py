"""The paths through a plan: what can follow each step, how soon, and where a run can come at all."""

import heapq
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta

from rules.conditions import Condition
from rules.plan import (
    Plan,
    PlannedBranch,
    PlannedExit,
    PlannedRepeat,
    PlannedSplit,
    PlannedStep,
    PlannedWait,
    PlannedWaitFor,
)
from rules.ways import ways_of

NOTHING = timedelta(0)


@dataclass(frozen=True)
class Passage:
    """A way from one step on to another (None: the end). It takes no less than `least`, and `given` held on it."""

    to: str | None
    least: timedelta = NOTHING
    given: Condition | None = None


def passages(step: PlannedStep) -> Iterator[Passage]:
    """The ways on from a step; those that are never taken are left out."""
    match step:
        case PlannedExit():
            return
        case PlannedWait(wait=duration, next=after):
            yield Passage(after, duration)
        case PlannedWaitFor(timeout=timeout, late=late, next=after):
            yield Passage(after)
            if timeout is not None:
                yield Passage(late, timeout)
        case PlannedBranch(branch=cases, next=others):
            found = ways_of([case.when for case in cases])
            yield from (
                Passage(case.to, given=case.when) for case, why in zip(cases, found.dead, strict=True) if why is None
            )
            if not found.exhausted:
                yield Passage(others)
        case PlannedSplit(split=chances):
            yield from (Passage(chance.to) for chance in chances if not chance.holdout)
        case PlannedRepeat(repeat=rounds, next=after):
            yield Passage(rounds.body)
            yield Passage(after)
        case _:
            yield Passage(step.next)


def earliest(plan: Plan, first: str | None = None, avoiding: str | None = None) -> Mapping[str, timedelta]:
    """Of every step that a run can come to, how long after the beginning (or `first`) that is at the earliest.

    It does not go on from the step to be avoided.
    """
    found: dict[str, timedelta] = {}
    ahead = [(NOTHING, first or plan.first)]
    while ahead:
        at, name = heapq.heappop(ahead)
        if name in found:
            continue
        found[name] = at
        for passage in open_from(plan, name) if name != avoiding else ():
            if passage.to is not None:
                heapq.heappush(ahead, (at + passage.least, passage.to))
    return found


def open_from(plan: Plan, name: str) -> list[Passage]:
    """The ways on from a step of the plan."""
    step = plan.steps[name]
    found = list(passages(step))
    if isinstance(step, PlannedRepeat) and step.repeat.until is None and round_of(plan, name) is None:
        # Past a repeat that only counts its rounds comes who has done a whole one.
        return found[:1]
    return found


def round_of(plan: Plan, name: str) -> timedelta | None:
    """How long the steps of a repeat take at the least; None: nobody comes back to it from them."""
    step = plan.steps[name]
    assert isinstance(step, PlannedRepeat)
    return earliest(plan, step.repeat.body, avoiding=name).get(name)
