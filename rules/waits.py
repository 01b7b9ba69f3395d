"""What a run does at a step that takes time: sleep, ask, listen, and go on when it is over."""

from collections.abc import Collection
from datetime import datetime, timedelta

from rules.course import Course
from rules.durations import spell
from rules.facts import Happening
from rules.moves import Ask, Locate, Move, Sleep
from rules.plan import (
    PlannedRepeat,
    PlannedWait,
    PlannedWaitFor,
    PlannedWaitUntil,
    awaited,
    rests_on,
    stirring,
    tells_of,
)
from rules.state import Round

Waiting = PlannedWait | PlannedWaitUntil | PlannedWaitFor | PlannedRepeat

# The shortest sleep there is: a round that takes no time is never followed at once by another.
BREATH = timedelta(seconds=1)


def wait(course: Course, step: Waiting, now: datetime) -> Move | None:
    """The next move of a run that waits; None: it has just gone on to another step."""
    state = course.state
    match step:
        case PlannedWait(wait=duration, next=after):
            state.until = state.until or state.arrived + duration
            return _sleep_or_go(course, after, f"{spell(duration)} over", now)
        case PlannedWaitUntil(wait_until=moment, next=after):
            if state.until is None:
                return Locate(course.at, moment)
            return _sleep_or_go(course, after, "the time has come", now)
        case PlannedWaitFor():
            return _listen(course, step, now)
        case PlannedRepeat():
            return _round(course, step, now)


def _sleep_or_go(course: Course, after: str | None, told: str, now: datetime) -> Sleep | None:
    if (sleep := _sleep(course, now)) is None:
        course.decide("wait", "over", after, told, now)
    return sleep


def _sleep(course: Course, now: datetime) -> Sleep | None:
    """Sleep until the wait is over, or until time alone may change the answer to what was asked."""
    until = course.state.until
    return None if until is not None and now >= until else Sleep(earliest(until, course.state.look))


def earliest(*moments: datetime | None) -> datetime | None:
    """The earliest of these moments that there are."""
    return min((moment for moment in moments if moment is not None), default=None)


def _listen(course: Course, step: PlannedWaitFor, now: datetime) -> Move | None:
    state = course.state
    # Only on arrival: what is heard later was either taken at once, or came too late.
    heard = state.heard if state.until is None else []
    if (early := next((event for event in heard if course.awaits(step, event)), None)) is not None:
        course.decide("wait", "heard", step.next, early.name, now)
        return None
    if step.timeout is not None:
        state.until = state.until or state.arrived + step.timeout
    if (conditions := awaited(step)) and _must_ask(course, now):
        return Ask(course.at, conditions, course.iteration, "wait")
    sleep = _sleep(course, now)
    if sleep is None and step.timeout is not None:
        course.decide("wait", "timed out", step.late, f"nothing in {spell(step.timeout)}", now)
    return sleep


def _must_ask(course: Course, now: datetime) -> bool:
    state = course.state
    if not state.asked:
        return True
    in_time = state.until is None or state.look is None or state.look <= state.until
    return state.look is not None and now >= state.look and in_time


def _round(course: Course, step: PlannedRepeat, now: datetime) -> Move | None:
    """Leave the repeat, wait for the next round's time, ask whether there is one, or begin it."""
    state, rounds = course.state, step.repeat
    if (last := state.rounds.get(course.at)) is not None:
        if rounds.at_most is not None and last.number >= rounds.at_most:
            leave(course, step, f"{last.number} round{'s' * (last.number != 1)}", now)
            return None
        state.until = last.begun + max(rounds.every, BREATH)
        if (sleep := _sleep(course, now)) is not None:
            return sleep
    if rounds.until is None:
        begin_round(course, step, now)
        return None
    return Ask(course.at, (rounds.until,), course.iteration, "repeat")


def begin_round(course: Course, step: PlannedRepeat, now: datetime) -> None:
    """Begin another round of a repeat."""
    last = course.state.rounds.get(course.at)
    number = last.number + 1 if last is not None else 1
    course.state.rounds[course.at] = Round(number, now)
    course.decide("repeat", "again", step.repeat.body, f"round {number}", now)


def leave(course: Course, step: PlannedRepeat, told: str, now: datetime) -> None:
    """Leave a repeat; who comes to it again begins to count anew."""
    course.state.rounds.pop(course.at, None)
    course.decide("repeat", "left", step.next, told, now)


def takes(course: Course, event: Happening, now: datetime, traits: Collection[str]) -> bool:
    """Whether the step at which the run stands makes use of an event, with which these traits have changed."""
    state, step = course.state, course.step
    if step is None or (state.until is not None and event.at > state.until):
        return False
    changed = tells_of(rests_on(step), event, traits)
    match step:
        case PlannedWait(wait=duration, restart_on=matches) if any(course.counts(match, event) for match in matches):
            # From the run's own now: time skipping sets a run ahead of the moments that events bear.
            state.arrived, state.until = now, now + duration
            return True
        case PlannedWaitUntil() if changed:
            state.begin_wait()
            return True
        case PlannedWaitFor(next=after):
            if course.awaits(step, event):
                course.decide("wait", "heard", after, event.name, now)
                return True
            if changed or any(event.name in stirring(condition) for condition in awaited(step)):
                state.asked, state.stale = False, True
    return False
