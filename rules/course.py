"""Where a run stands in its plan, and how it goes on: every way out of a step leads through here."""

from datetime import datetime

from rules.decisions import Kind
from rules.facts import Happening
from rules.holds import counts
from rules.matches import EventMatch
from rules.plan import (
    Plan,
    PlannedRepeat,
    PlannedStep,
    PlannedWait,
    PlannedWaitFor,
    PlannedWaitUntil,
)
from rules.state import State

COMPLETED = "completed"


class Course:
    """A plan, and the state of one run that follows it."""

    def __init__(self, plan: Plan, state: State) -> None:
        self.plan = plan
        self.state = state

    @property
    def at(self) -> str:
        """The id of the step at which the run stands; only to be asked while it is not over."""
        assert self.state.at is not None
        return self.state.at

    @property
    def step(self) -> PlannedStep | None:
        """The step at which the run stands."""
        return self.plan.steps[self.state.at] if self.state.at is not None else None

    @property
    def iteration(self) -> int:
        """How often the run has come to this step."""
        return self.state.visits[self.at]

    def counts(self, match: EventMatch, event: Happening) -> bool:
        """Whether the event counts for this run."""
        return counts(match, event, self.state.start)

    def awaits(self, step: PlannedWaitFor, event: Happening) -> bool:
        """Whether the event is one that ends the wait."""
        return any(self.counts(each, event) for each in step.wait_for if isinstance(each, EventMatch))

    def go(self, to: str | None, told: str, now: datetime) -> None:
        """Leave the step with what came of it, and arrive at the next one."""
        state = self.state
        state.done[self.at] = told
        if self._has_waited():
            state.heard = []
        if to is not None:
            state.arrive(to, now)
        else:
            self.end(COMPLETED, now)
            state.begin_wait()
            state.at = None

    def decide(self, kind: Kind, verdict: str, to: str | None, told: str, now: datetime) -> None:
        """Go on by a verdict of the run's own, which is to be recorded."""
        self.state.say(kind, verdict, now, told)
        self.go(to, told, now)

    def end(self, reason: str, now: datetime) -> None:
        """The run is over. The first reason is the one that counts."""
        if self.state.over is None:
            self.state.say("ended", reason, now)
            self.state.over = reason

    def _has_waited(self) -> bool:
        """Whether time went by at this step: what was heard in it does not count for later waits."""
        match self.step:
            case PlannedWait() | PlannedWaitFor():
                return True
            case PlannedWaitUntil() | PlannedRepeat():
                return self.state.until is not None
            case _:
                return False
