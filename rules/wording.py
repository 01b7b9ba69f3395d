"""What operators read of a step: a few words for each, what a wait is for, and the stage in the list of runs."""

from typing import assert_never
from urllib.parse import urlsplit

from rules import phrases
from rules.clocks import LocalTime, Moment, PropertyDate, TraitDate
from rules.durations import spell, spell_offset
from rules.matches import EventMatch
from rules.plan import (
    Plan,
    PlannedBranch,
    PlannedEnrol,
    PlannedExit,
    PlannedNotify,
    PlannedRepeat,
    PlannedRounds,
    PlannedSend,
    PlannedSet,
    PlannedSplit,
    PlannedStep,
    PlannedWait,
    PlannedWaitFor,
    PlannedWaitUntil,
    PlannedWebhook,
)
from rules.steps import AnyAwaited, Awaited


def events(match: EventMatch) -> str:
    """The names of the events that count."""
    return " or ".join(match.event)


def awaited(each: Awaited) -> str:
    """What a wait is for."""
    return events(each) if isinstance(each, EventMatch) else phrases.words(each.condition)


def _any_of(each: AnyAwaited) -> str:
    return " or ".join(map(awaited, each))


def moment(until: Moment) -> str:
    """The moment in words, such as `09:30 on mon, tue` or `3 days before birthday, at 09:00`."""
    match until:
        case LocalTime(time=clock, weekday=weekday):
            return f"{clock:%H:%M}" + (f" on {', '.join(weekday)}" if weekday else "")
        case TraitDate(trait=path) | PropertyDate(property=path):
            far = f"{spell_offset(until.offset)} " if until.offset else ""
            return far + path + (f", at {until.time:%H:%M}" if until.time is not None else "")
        case _:
            assert_never(until)


def _rounds(rounds: PlannedRounds) -> str:
    most = f", at most {rounds.at_most} time{'s' * (rounds.at_most != 1)}" if rounds.at_most is not None else ""
    return f"every {spell(rounds.every)}{most}"


def label(step: PlannedStep) -> str:
    """The step in a few words."""
    match step:
        case PlannedSend(send=letter):
            return f"Send {letter}"
        case PlannedWait(wait=duration):
            return f"Wait {spell(duration)}"
        case PlannedWaitUntil(wait_until=until):
            return f"Wait until {moment(until)}"
        case PlannedWaitFor(wait_for=wanted, timeout=timeout):
            return f"Wait for {_any_of(wanted)}" + (f", at most {spell(timeout)}" if timeout is not None else "")
        case PlannedBranch(branch=cases):
            return f"Branch ({len(cases) + 1} ways)"
        case PlannedSplit(split=chances):
            return "Split: " + ", ".join(f"{chance.name} {chance.share}" for chance in chances)
        case PlannedRepeat(repeat=rounds):
            return f"Repeat {_rounds(rounds)}"
        case _:
            return _deed(step)


def _deed(
    step: PlannedSet | PlannedWebhook | PlannedNotify | PlannedEnrol | PlannedExit,
) -> str:
    match step:
        case PlannedSet(set=change):
            return "Set " + ", ".join((*change.traits, *(f"topic {topic}" for topic in change.topics)))
        case PlannedWebhook(webhook=call):
            # Not the whole address: it may end in a token.
            return f"Call {urlsplit(call.url).hostname}"
        case PlannedNotify(notify=staff, letter=letter):
            return f"Notify {staff}: {letter}"
        case PlannedEnrol(enrol=journey):
            return f"Enrol in {journey}"
        case PlannedExit(exit=reason):
            return f"Exit: {reason}"
        case _:
            assert_never(step)


def _after(plan: Plan, to: str | None) -> str:
    if to is None:
        return "end"
    words = label(plan.steps[to])
    return words[0].lower() + words[1:]


def purpose(plan: Plan, at: str) -> str:
    """Why the run waits at this step: how long, and what then. It is the label of the timer in the Temporal UI."""
    step = plan.steps[at]
    match step:
        case PlannedWaitFor(wait_for=wanted, timeout=timeout, late=late, next=after) if timeout is not None:
            return f"Wait {spell(timeout)} for {_any_of(wanted)}, then {_after(plan, after)}, else {_after(plan, late)}"
        case PlannedWait(next=after) | PlannedWaitUntil(next=after) | PlannedWaitFor(next=after):
            return f"{label(step)}, then {_after(plan, after)}"
        case PlannedRepeat(repeat=rounds, next=after):
            return f"{label(step)}: {_after(plan, rounds.body)}, at last {_after(plan, after)}"
        case _:
            return label(step)


def place(plan: Plan, at: str) -> str:
    """Where the step stands in the journey, such as `2/5`."""
    return f"{list(plan.steps).index(at) + 1}/{len(plan.steps)}"


def stage(plan: Plan, at: str) -> str:
    """The stage shown in the list of runs: the place and the step."""
    return f"{place(plan, at)} {label(plan.steps[at])}"
