"""Move a run to another version of its journey."""

from collections.abc import Mapping

from rules.plan import (
    Plan,
    PlannedBranch,
    PlannedRepeat,
    PlannedSplit,
    PlannedStep,
    PlannedWaitFor,
)
from rules.state import State

# MigrationRefused
# ├── OtherJourney   the version is not one of the run's journey
# └── StepGone       the step at which the run stands is not in the other version, and nothing is named for it


class MigrationRefused(Exception):
    """The run cannot go on with the other version; it goes on with its own."""


class OtherJourney(MigrationRefused):
    """The version is not one of the run's journey."""

    def __init__(self, journey: str) -> None:
        super().__init__(f"the plan is one of {journey}")


class StepGone(MigrationRefused):
    """The step at which the run stands is not in the other version, and nothing is named for it."""

    def __init__(self, step: str, version: int) -> None:
        super().__init__(f"version {version} has no step '{step}', and nothing is named for it")


def move(state: State, plan: Plan, mapping: Mapping[str, str]) -> str:
    """Stand at the same step of the other version, or at the one that is named for it; that step's id.

    Its wait is computed anew, from when it began. Raises StepGone, and then nothing is changed.
    """
    assert state.at is not None
    to = mapping.get(state.at, state.at)
    if to not in plan.steps:
        raise StepGone(to, plan.version)
    if to != state.at:
        state.visits[to] = state.visits.get(to, 0) + 1
    state.at = to
    state.begin_wait()
    state.rounds = {at: last for at, last in state.rounds.items() if to == at or to in _inside(plan, at)}
    return to


def _inside(plan: Plan, repeat: str) -> set[str]:
    """The steps of a repeat's rounds: those that can be reached from its first one without coming back to it."""
    step = plan.steps.get(repeat)
    if not isinstance(step, PlannedRepeat):
        return set()
    found, open_ = set[str](), [step.repeat.body]
    while open_:
        at = open_.pop()
        if at not in found and at != repeat:
            found.add(at)
            open_ += onward(plan.steps[at])
    return found


def onward(step: PlannedStep) -> list[str]:
    """The steps at which a run can go on from this one."""
    match step:
        case PlannedBranch(branch=cases, next=after):
            ways = [*(case.to for case in cases), after]
        case PlannedSplit(split=chances):
            ways = [chance.to for chance in chances]
        case PlannedWaitFor(late=late, next=after):
            ways = [after, late]
        case PlannedRepeat(repeat=rounds, next=after):
            ways = [rounds.body, after]
        case _:
            ways = [getattr(step, "next", None)]
    return [to for to in ways if to is not None]
