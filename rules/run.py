"""The meaning of a journey as a pure machine: a state and what happened give the next move. No I/O, no clock.

A driver (the workflow, a backtest, a test) asks `next` for a move, makes it, and tells the machine the result. Events
are told by `hear` at any time. After each wake the machine decides from its state, never from what woke it.
"""

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, assert_never

from rules.clocks import LocalTime
from rules.conditions import Condition
from rules.durations import spell
from rules.facts import Happening
from rules.holds import counts
from rules.matches import EventMatch
from rules.plan import (
    Plan,
    PlannedBranch,
    PlannedExit,
    PlannedSend,
    PlannedSet,
    PlannedStep,
    PlannedWait,
    PlannedWaitFor,
    PlannedWaitUntil,
)
from rules.steps import Change

_SEEN_MAX = 64
_HEARD_MAX = 20

COMPLETED = "completed"


@dataclass
class State:
    """All that a run must remember, also through continue-as-new. `at` None: the run is over, for the reason `over`."""

    entered: datetime
    arrived: datetime
    at: str | None
    start: dict[str, Any] = field(default_factory=dict)
    until: datetime | None = None
    over: str | None = None
    paused: bool = False
    held: bool = False
    visits: dict[str, int] = field(default_factory=dict)
    done: dict[str, str] = field(default_factory=dict)
    heard: list[Happening] = field(default_factory=list)
    seen: list[int] = field(default_factory=list)


@dataclass(frozen=True)
class Sleep:
    """Nothing to do before `until` (None: before somebody resumes the run, or an event comes)."""

    until: datetime | None


@dataclass(frozen=True)
class Ask:
    """Find the first of the conditions that holds now; answer with `decided`."""

    step: str
    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class Locate:
    """Find the next instant at which the contact's clock shows the time; answer with `located`."""

    step: str
    local: LocalTime


@dataclass(frozen=True)
class Deliver:
    """Send the letter, once for this step and iteration; answer with `delivered`."""

    step: str
    send: PlannedSend
    iteration: int


@dataclass(frozen=True)
class Apply:
    """Set traits and topics; answer with `applied`."""

    step: str
    change: Change


@dataclass(frozen=True)
class Finish:
    """The run is over."""

    reason: str


Move = Sleep | Ask | Locate | Deliver | Apply | Finish


def begin(plan: Plan, entered: datetime, start: dict[str, Any]) -> State:
    """The state of a run that has just entered. `start` holds the properties of its event that matches compare with."""
    return State(entered=entered, arrived=entered, at=plan.first, start=start, visits={plan.first: 1})


class Run:
    """One run: a plan, and the state that this machine alone changes."""

    def __init__(self, plan: Plan, state: State) -> None:
        self.plan = plan
        self.state = state

    @property
    def step(self) -> PlannedStep | None:
        """The step at which the run stands."""
        return self.plan.steps[self.state.at] if self.state.at is not None else None

    def next(self, now: datetime) -> Move:
        """What to do now."""
        state = self.state
        while state.over is None:
            if state.paused or state.held:
                return Sleep(None)
            move = self._move(now)
            if move is not None:
                return move
        return Finish(state.over)

    def _move(self, now: datetime) -> Move | None:
        """The move of the step at which the run stands; None: it has just gone on to another step."""
        at, step = self.state.at, self.step
        assert at is not None
        assert step is not None
        match step:
            case PlannedSend():
                return Deliver(at, step, self.state.visits[at])
            case PlannedWait(wait=duration, next=after):
                return self._until(
                    self.state.until or self.state.arrived + duration, now, f"{spell(duration)} over", after
                )
            case PlannedWaitUntil(wait_until=local, next=after):
                if self.state.until is None:
                    return Locate(at, local)
                return self._until(self.state.until, now, "the time has come", after)
            case PlannedWaitFor():
                return self._listen(step, now)
            case PlannedBranch(branch=cases):
                return Ask(at, tuple(case.when for case in cases))
            case PlannedSet(set=change):
                return Apply(at, change)
            case PlannedExit(exit=reason):
                self._end(reason)
                return None
            case _:
                assert_never(step)

    def _until(self, until: datetime, now: datetime, told: str, after: str | None) -> Sleep | None:
        self.state.until = until
        if now < until:
            return Sleep(until)
        self._go(after, told, now)
        return None

    def _listen(self, step: PlannedWaitFor, now: datetime) -> Sleep | None:
        # Only on arrival: what is heard later was either taken at once, or came too late.
        heard = self.state.heard if self.state.until is None else []
        early = next(
            (
                event
                for event in heard
                if any(self._counts(each, event) for each in step.wait_for if isinstance(each, EventMatch))
            ),
            None,
        )
        if early is not None:
            self._go(step.next, early.name, now)
            return None
        if step.timeout is None:
            return Sleep(None)
        return self._until(
            self.state.until or self.state.arrived + step.timeout, now, f"nothing in {spell(step.timeout)}", step.late
        )

    def hear(self, event: Happening, now: datetime) -> None:
        """An event of the contact. One that was heard before (by its `seq`) changes nothing."""
        state = self.state
        if state.over is not None or (event.seq and event.seq in state.seen):
            return
        if event.seq:
            state.seen = [*state.seen, event.seq][-_SEEN_MAX:]
        if any(self._counts(match, event) for match in self.plan.exit_on):
            self._end(event.name)
        elif not self._takes(event, now):
            # A click may come while its letter's step is still being finished: the next wait looks back at these.
            state.heard = [*state.heard, event][-_HEARD_MAX:]

    def _takes(self, event: Happening, now: datetime) -> bool:
        """Whether the step at which the run stands makes use of the event."""
        state = self.state
        in_time = state.until is None or event.at <= state.until
        match self.step:
            case PlannedWait(wait=duration, restart_on=matches) if in_time:
                if any(self._counts(match, event) for match in matches):
                    # From the run's own now: time skipping sets a run ahead of the moments that events bear.
                    state.until = now + duration
                    return True
            case PlannedWaitFor(wait_for=awaited, next=after) if in_time and any(
                self._counts(each, event) for each in awaited if isinstance(each, EventMatch)
            ):
                self._go(after, event.name, now)
                return True
        return False

    def _counts(self, match: EventMatch, event: Happening) -> bool:
        return counts(match, event, self.state.start)

    def decided(self, case: int | None, now: datetime) -> None:
        """The branch was evaluated: the number of the case that holds, or None."""
        step = self.step
        assert isinstance(step, PlannedBranch)
        if case is None:
            self._go(step.next, "no case held", now)
        else:
            self._go(step.branch[case].to, f"case {case + 1} held", now)

    def located(self, until: datetime) -> None:
        """The local time was found."""
        self.state.until = until

    def delivered(self, outcome: str, reason: str | None, now: datetime) -> None:
        """The letter's fate is settled. `cancelled`: the run must end, for `reason`."""
        step = self.step
        assert isinstance(step, PlannedSend)
        if outcome == "cancelled":
            self._end(reason or outcome)
        else:
            self._go(step.next, outcome if reason is None else f"{outcome}: {reason}", now)

    def applied(self, now: datetime) -> None:
        """Traits and topics were set."""
        step = self.step
        assert isinstance(step, PlannedSet)
        self._go(step.next, "set", now)

    def hold(self) -> None:
        """The journey is paused: stay here until `resume`."""
        self.state.held = True

    def pause(self) -> None:
        """An operator holds this run. Deadlines stay; what is due happens after `resume`."""
        self.state.paused = True

    def resume(self) -> None:
        """Go on."""
        self.state.paused = self.state.held = False

    def end(self, reason: str) -> None:
        """An operator ends the run."""
        self._end(reason)

    def _end(self, reason: str) -> None:
        self.state.over = self.state.over or reason  # the first reason is the one that counts

    def _go(self, to: str | None, told: str, now: datetime) -> None:
        """Leave the step with what came of it, and arrive at the next one."""
        state = self.state
        assert state.at is not None
        state.done[state.at] = told
        if isinstance(self.step, PlannedWait | PlannedWaitUntil | PlannedWaitFor):
            state.heard = []
        state.at, state.until, state.arrived = to, None, now
        if to is None:
            self._end(COMPLETED)
        else:
            state.visits[to] = state.visits.get(to, 0) + 1
