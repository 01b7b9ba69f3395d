"""The meaning of a journey as a pure machine: a state and what happened give the next move. No I/O, no clock.

A driver (the workflow, a backtest, a test) asks `next` for a move, makes it, and tells the machine the result. Events
are told by `hear` at any time. After each wake the machine decides from its state, never from what woke it.
"""

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import assert_never

from rules import phrases, waits
from rules.chance import drawn
from rules.course import Course
from rules.facts import Happening
from rules.moves import Admit, Apply, Ask, Call, Deliver, Finish, Inform, Move, Sleep
from rules.moving import OtherJourney, move
from rules.plan import (
    Plan,
    PlannedBranch,
    PlannedEnrol,
    PlannedExit,
    PlannedNotify,
    PlannedRepeat,
    PlannedSend,
    PlannedSet,
    PlannedSplit,
    PlannedStep,
    PlannedWait,
    PlannedWaitFor,
    PlannedWaitUntil,
    PlannedWebhook,
    awaited,
)
from rules.state import State

_SEEN_MAX = 64
_HEARD_MAX = 20

HOLDOUT = "holdout"
LIMIT = "limit"


class Run:
    """One run: a plan, and the state that this machine alone changes."""

    def __init__(self, plan: Plan, state: State) -> None:
        self._course = Course(plan, state)

    @property
    def plan(self) -> Plan:
        """The version that the run follows."""
        return self._course.plan

    @property
    def state(self) -> State:
        """All that the run remembers."""
        return self._course.state

    @property
    def step(self) -> PlannedStep | None:
        """The step at which the run stands."""
        return self._course.step

    def next(self, now: datetime) -> Move:
        """What to do now."""
        state = self.state
        latest = state.entered + self.plan.limit if self.plan.limit is not None else None
        while (reason := state.over) is None:
            if state.paused or state.held:
                return Sleep(None)
            if latest is not None and now >= latest:
                self._course.end(LIMIT, now)
                continue
            match self._move(now):
                case None:
                    continue
                case Sleep(until=until):
                    return Sleep(waits.earliest(until, latest))
                case made:
                    state.stale = False
                    return made
        return Finish(reason)

    def _move(self, now: datetime) -> Move | None:
        """The move of the step at which the run stands; None: it has just gone on to another step, or it is over."""
        course, step = self._course, self.step
        assert step is not None
        match step:
            case PlannedSend():
                return Deliver(course.at, step, course.iteration)
            case PlannedNotify():
                return Inform(course.at, step, course.iteration)
            case PlannedWebhook():
                return Call(course.at, step, course.iteration)
            case PlannedSet(set=change):
                return Apply(course.at, change, course.iteration)
            case PlannedEnrol(enrol=journey):
                return Admit(course.at, journey, course.iteration)
            case PlannedBranch(branch=cases):
                return Ask(course.at, tuple(case.when for case in cases), course.iteration)
            case PlannedSplit():
                self._draw(step, now)
                return None
            case PlannedExit(exit=reason):
                course.end(reason, now)
                return None
            case PlannedWait() | PlannedWaitUntil() | PlannedWaitFor() | PlannedRepeat():
                return waits.wait(course, step, now)
            case _:
                assert_never(step)

    def _draw(self, step: PlannedSplit, now: datetime) -> None:
        course = self._course
        way = drawn(step.split, self.state.lot, f"{self.plan.journey}/{course.at}")
        if way.holdout:
            self.state.say("split", way.name, now)
            course.end(HOLDOUT, now)
        else:
            course.decide("split", way.name, way.to, way.name, now)

    def hear(self, event: Happening, now: datetime, traits: Collection[str] = ()) -> None:
        """An event of the contact, and the traits that changed with it. One heard before (by `seq`) changes nothing."""
        state = self.state
        if state.over is not None or (event.seq and event.seq in state.seen):
            return
        if event.seq:
            state.seen = [*state.seen, event.seq][-_SEEN_MAX:]
        if any(self._course.counts(match, event) for match in self.plan.exit_on):
            self._course.end(event.name, now)
        elif not waits.takes(self._course, event, now, traits):
            # A click may come while its letter's step is still being finished: the next wait looks back at these.
            state.heard = [*state.heard, event][-_HEARD_MAX:]

    def decided(self, case: int | None, now: datetime, look: datetime | None = None) -> None:
        """What was asked is answered: the number of the condition that holds, or None.

        None may become another answer by time alone at `look`. An answer that something has overtaken is of no use.
        """
        course, state = self._course, self.state
        if state.stale:
            return
        match self.step:
            case PlannedBranch(branch=cases, next=otherwise):
                if case is None:
                    course.go(otherwise, "no case held", now)
                else:
                    course.go(cases[case].to, f"case {case + 1} held", now)
            case PlannedWaitFor(next=after) as step:
                if case is not None:
                    course.decide("wait", "true", after, phrases.words(awaited(step)[case]), now)
                else:
                    state.asked = True
                    state.look = max(look, now + waits.BREATH) if look is not None else None
            case PlannedRepeat() as step:
                assert step.repeat.until is not None
                if case is None:
                    waits.begin_round(course, step, now)
                else:
                    waits.leave(course, step, phrases.words(step.repeat.until), now)

    def located(self, until: datetime | None, now: datetime) -> None:
        """The moment was found; None: there is no date, and nobody waits."""
        step = self.step
        if not isinstance(step, PlannedWaitUntil) or self.state.stale:
            return
        if until is not None:
            self.state.until = until
        else:
            self._course.decide("wait", "no date", step.next, "no date", now)

    def delivered(self, outcome: str, reason: str | None, now: datetime) -> None:
        """The fate of a letter or a call is settled. `cancelled`: the run must end, for `reason`."""
        step = self.step
        assert isinstance(step, PlannedSend | PlannedNotify | PlannedWebhook)
        if outcome == "cancelled":
            self._course.end(reason or outcome, now)
        else:
            self._course.go(step.next, outcome if reason is None else f"{outcome}: {reason}", now)

    def applied(self, told: str, now: datetime) -> None:
        """What the step does to the contact is done."""
        step = self.step
        assert isinstance(step, PlannedSet | PlannedEnrol)
        self._course.go(step.next, told, now)

    def migrate(self, plan: Plan, mapping: Mapping[str, str], now: datetime) -> None:
        """Go on with another version: at the same step, or at the one that `mapping` names for it.

        Raises MigrationRefused, and then nothing is changed.
        """
        if plan.journey != self.plan.journey:
            raise OtherJourney(plan.journey)
        if self.state.over is None:
            before = self.plan.version
            at = move(self.state, plan, mapping)
            self.state.say("migrated", f"version {before} to {plan.version}", now, f"at {at}")
        self._course.plan = plan

    def hold(self) -> None:
        """The journey is paused: stay here until `resume`."""
        self.state.held = True

    def pause(self) -> None:
        """An operator holds this run. Deadlines stay; what is due happens after `resume`."""
        self.state.paused = True

    def resume(self) -> None:
        """Go on."""
        self.state.paused = self.state.held = False

    def end(self, reason: str, now: datetime) -> None:
        """An operator ends the run."""
        self._course.end(reason, now)
