"""The story of a run so far, in Markdown: it is what operators read in the Temporal UI. All words are the plan's."""

from datetime import datetime

from rules.plan import Plan
from rules.state import State
from rules.wording import events, label, purpose


def _standing(plan: Plan, state: State) -> str:
    if state.over is not None:
        return f"**Ended:** {state.over}."
    assert state.at is not None
    until = f" Until **{state.until:%a %Y-%m-%d %H:%M:%S} UTC**." if state.until else ""
    until += f" Looks again **{_moment(state.look)}**." if state.look else ""
    paused = " **Paused** by an operator: what is due waits for `resume`." if state.paused else ""
    held = " **Held:** the journey is paused; the run goes on from here when it is resumed." if state.held else ""
    return f"**Now:** {purpose(plan, state.at)}.{until}{paused}{held}"


def _line(plan: Plan, state: State, at: str) -> str:
    words = label(plan.steps[at]) + (f" (round {state.rounds[at].number})" if at in state.rounds else "")
    if at == state.at and state.over is None:
        return f"- → **{words}**"
    if at in state.done:
        return f"- ✓ {words} — {state.done[at]}"
    return f"- · {words}"


def story(plan: Plan, state: State) -> str:
    """What the run waits for, until when and why; every step and what came of it; what ends the run."""
    exits = ", ".join(map(events, plan.exit_on))
    limit = f" Ends at the latest {_moment(state.entered + plan.limit)}." if plan.limit is not None else ""
    return "\n".join(
        [
            f"### {plan.journey} v{plan.version}",
            "",
            _standing(plan, state),
            "",
            f"Entered {_moment(state.entered)}.{limit}" + (f" Ends at once on: {exits}." if exits else ""),
            "",
            *(_line(plan, state, at) for at in plan.steps),
        ]
    )


def _moment(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M:%S} UTC"
