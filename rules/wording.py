"""What operators read of a run: names of waits, stages, and the story so far. Every word comes from the plan."""

from datetime import datetime
from typing import assert_never

from rules.clocks import LocalTime
from rules.durations import spell
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
from rules.run import State


def _events(match: EventMatch) -> str:
    return " or ".join(match.event)


def _clock(local: LocalTime) -> str:
    days = f" on {', '.join(local.weekday)}" if local.weekday else ""
    return f"{local.time:%H:%M}{days}"


def label(step: PlannedStep) -> str:
    """The step in a few words."""
    match step:
        case PlannedSend(send=letter):
            return f"Send {letter}"
        case PlannedWait(wait=duration):
            return f"Wait {spell(duration)}"
        case PlannedWaitUntil(wait_until=local):
            return f"Wait until {_clock(local)}"
        case PlannedWaitFor(wait_for=match, timeout=timeout):
            return f"Wait for {_events(match)}" + (f", at most {spell(timeout)}" if timeout is not None else "")
        case PlannedBranch(branch=cases):
            return f"Branch ({len(cases) + 1} ways)"
        case PlannedSet(set=change):
            return "Set " + ", ".join((*change.traits, *(f"topic {topic}" for topic in change.topics)))
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
        case PlannedWaitFor(wait_for=match, timeout=timeout, late=late, next=after) if timeout is not None:
            return f"Wait {spell(timeout)} for {_events(match)}, then {_after(plan, after)}, else {_after(plan, late)}"
        case PlannedWait(next=after) | PlannedWaitUntil(next=after) | PlannedWaitFor(next=after):
            return f"{label(step)}, then {_after(plan, after)}"
        case _:
            return label(step)


def place(plan: Plan, at: str) -> str:
    """Where the step stands in the journey, such as `2/5`."""
    return f"{list(plan.steps).index(at) + 1}/{len(plan.steps)}"


def stage(plan: Plan, at: str) -> str:
    """The stage shown in the list of runs: the place and the step."""
    return f"{place(plan, at)} {label(plan.steps[at])}"


def _standing(plan: Plan, state: State) -> str:
    if state.over is not None:
        return f"**Ended:** {state.over}."
    assert state.at is not None
    until = f" Until **{state.until:%a %Y-%m-%d %H:%M:%S} UTC**." if state.until else ""
    paused = " **Paused** by an operator: what is due waits for `resume`." if state.paused else ""
    held = " **Held:** the journey is paused; the run goes on from here when it is resumed." if state.held else ""
    return f"**Now:** {purpose(plan, state.at)}.{until}{paused}{held}"


def _line(plan: Plan, state: State, at: str) -> str:
    words = label(plan.steps[at])
    if at == state.at and state.over is None:
        return f"- → **{words}**"
    if at in state.done:
        return f"- ✓ {words} — {state.done[at]}"
    return f"- · {words}"


def story(plan: Plan, state: State) -> str:
    """Markdown: what the run waits for, until when and why; every step and what came of it; what ends the run."""
    exits = ", ".join(_events(match) for match in plan.exit_on)
    return "\n".join(
        [
            f"### {plan.journey} v{plan.version}",
            "",
            _standing(plan, state),
            "",
            f"Entered {_moment(state.entered)}." + (f" Ends at once on: {exits}." if exits else ""),
            "",
            *(_line(plan, state, at) for at in plan.steps),
        ]
    )


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
