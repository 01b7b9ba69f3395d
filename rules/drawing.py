"""A journey as a picture: a Mermaid flowchart, and a tree of text for the terminal."""

from collections.abc import Iterator
from typing import assert_never

from rules import phrases
from rules.conditions import Condition
from rules.durations import spell, spell_offset
from rules.journey import Journey
from rules.layout import ids, lay_out
from rules.matches import EventMatch
from rules.names import UNSUBSCRIBED
from rules.plan import (
    Plan,
    PlannedBranch,
    PlannedExit,
    PlannedRepeat,
    PlannedSplit,
    PlannedStep,
    PlannedWait,
    PlannedWaitFor,
    PlannedWaitUntil,
)
from rules.steps import AnyAwaited, AnyStep, Branch, Case, Repeat, Split, Variant, Wait, WaitFor
from rules.triggers import OnDate, OnEvent, OnRequest, OnSchedule, OnSegment, Trigger
from rules.wording import label

_END = "finish"
_ENTITIES = {"#": "#35;", "&": "#amp;", '"': "#quot;", "<": "#lt;", ">": "#gt;", "`": "#96;", "\\": "#92;"}
Branches = list[tuple[str, "Branches"]]
"""A tree of text: every line with the lines under it."""


def mermaid(journey: Journey) -> str:
    """The journey as the text of a Mermaid flowchart."""
    plan = lay_out(journey, version=1)
    names = {at: f"step{number}" for number, at in enumerate(plan.steps, 1)}
    lines = [
        "flowchart TD",
        f'start(["{_escaped(_triggers(journey))}"]) --> {names[plan.first]}',
        *(_shape(names[at], step) for at, step in plan.steps.items()),
        *(_arrow(names, at, told, to) for at, step in plan.steps.items() for told, to in _ways_on(step)),
        f'{_END}(["End"])',
        *_asides(journey, plan),
    ]
    return "\n    ".join(lines) + "\n"


def _shape(name: str, step: PlannedStep) -> str:
    text = _escaped(label(step))
    match step:
        case PlannedBranch() | PlannedSplit():
            return f'{name}{{"{text}"}}'
        case PlannedWait() | PlannedWaitUntil() | PlannedWaitFor() | PlannedRepeat():
            return f'{name}(["{text}"])'
        case _:
            return f'{name}["{text}"]'


def _ways_on(step: PlannedStep) -> Iterator[tuple[str, str | None]]:
    """Where a run can go from here (None: it ends), and in which case."""
    match step:
        case PlannedBranch(branch=cases, next=after):
            yield from ((phrases.words(case.when), case.to) for case in cases)
            yield "otherwise", after
        case PlannedSplit(split=chances):
            yield from ((f"{chance.name} {chance.share}", chance.to) for chance in chances)
        case PlannedWaitFor(wait_for=wanted, timeout=timeout, late=late, next=after):
            yield _awaited(wanted), after
            if timeout is not None:
                yield f"after {spell(timeout)}", late
        case PlannedRepeat(repeat=rounds, next=after):
            yield "another round", rounds.body
            yield _round_end(rounds.at_most, rounds.until), after
        case PlannedExit():
            yield "", None
        case _:
            yield "", step.next


def _awaited(wanted: AnyAwaited) -> str:
    return "; ".join(
        phrases.matched(each) if isinstance(each, EventMatch) else phrases.words(each.condition) for each in wanted
    )


def _round_end(at_most: int | None, until: Condition | None) -> str:
    ends = [] if at_most is None else [f"after {at_most} round{'s' * (at_most != 1)}"]
    return " or ".join(ends + ([] if until is None else [f"once {phrases.words(until)}"]))


def _arrow(names: dict[str, str], at: str, told: str, to: str | None) -> str:
    on_condition = f'|"{_escaped(told)}"|' if told else ""
    return f"{names[at]} -->{on_condition} {names[to] if to is not None else _END}"


def _asides(journey: Journey, plan: Plan) -> Iterator[str]:
    exits = _exits(journey, plan)
    if exits:
        text = _escaped(f"Ends at once on: {'; '.join(exits)}")
        yield f'exits{{{{"{text}"}}}} -.-> {_END}'
    if journey.limit is not None:
        yield f'limit{{{{"{_escaped(f"Ends at the latest after {spell(journey.limit)}")}"}}}} -.-> {_END}'
    if journey.goal is not None:
        yield f'goal[["{_escaped(_goal(journey))}"]]'


def _exits(journey: Journey, plan: Plan) -> list[str]:
    written = [phrases.matched(match) for match in journey.exit_on]
    # The plan adds one to those of the author: who leaves the topic leaves the journey.
    return [*written, f"{UNSUBSCRIBED} from {journey.topic}"] if len(plan.exit_on) > len(written) else written


def _escaped(text: str) -> str:
    """The text as a quoted label of Mermaid, where some signs have to be written as its entities."""
    return "".join(_ENTITIES.get(letter, letter) for letter in _one_line(text))


def _one_line(text: str) -> str:
    return " ".join(text.splitlines())


def _triggers(journey: Journey) -> str:
    return "; ".join(map(_trigger, journey.trigger))


def _trigger(trigger: Trigger) -> str:
    match trigger:
        case OnEvent(event=events, where=where):
            return phrases.listed(events) + (f" ({phrases.words(where)})" if where is not None else "")
        case OnSegment(segment=segment, on=on):
            return f"{'entering' if on == 'entered' else 'leaving'} the segment {segment}"
        case OnDate(date=path, time=clock):
            far = f"{spell_offset(trigger.offset)} " if trigger.offset else ""
            return f"{far}{path}{' of every year' if trigger.yearly else ''}, at {clock:%H:%M}"
        case OnSchedule(schedule=line, segment=segment, zone=zone):
            return f"the schedule {line}{f' in {zone}' if zone else ''}, for everybody in the segment {segment}"
        case OnRequest():
            return "a request to the API"
        case _:
            assert_never(trigger)


def _goal(journey: Journey) -> str:
    assert journey.goal is not None
    return f"Goal: {phrases.matched(journey.goal)} within {spell(journey.goal.within)}"


def tree(journey: Journey) -> list[str]:
    """The journey as the lines of a tree."""
    plan = lay_out(journey, version=1)
    names = ids(journey.steps)
    steps = [_drawn(step, plan, names) for step in journey.steps]
    topic = f", topic {journey.topic}" if journey.topic else ""
    facts: Branches = [
        (f"Starts on {_triggers(journey)}", Branches()),
        (f"A contact enters {phrases.re_entry(journey.re_entry)}{f', per {journey.key}' if journey.key else ''}", []),
        *((f"Ends at once on {told}", Branches()) for told in _exits(journey, plan)),
        *([(f"Ends at the latest after {spell(journey.limit)}", Branches())] if journey.limit is not None else []),
        *([(_goal(journey), Branches())] if journey.goal is not None else []),
        ("Steps", steps),
    ]
    return [f"{journey.journey}: {_one_line(journey.title)} ({journey.class_}{topic})", *_lines(facts)]


def _drawn(step: AnyStep, plan: Plan, names: dict[int, str]) -> tuple[str, Branches]:
    text = label(plan.steps[names[id(step)]])
    match step:
        case Branch(branch=branch):
            ways = [
                (f"when {phrases.words(way.when)}", way.then) if isinstance(way, Case) else ("otherwise", way.otherwise)
                for way in branch
            ]
            return text, [(told, [_drawn(inner, plan, names) for inner in way]) for told, way in ways]
        case Split(split=chances):
            return text, [
                (f"{chance.name} {chance.share}", [_drawn(inner, plan, names) for inner in chance.then])
                if isinstance(chance, Variant)
                else (f"holdout {chance.holdout}", [("Exit: holdout", Branches())])
                for chance in chances
            ]
        case Repeat(repeat=rounds):
            told = f"{text}, until {phrases.words(rounds.until)}" if rounds.until is not None else text
            return told, [_drawn(inner, plan, names) for inner in rounds.steps]
        case WaitFor(otherwise=otherwise) if otherwise:
            return text, [("otherwise", [_drawn(inner, plan, names) for inner in otherwise])]
        case Wait(restart_on=matches) if matches:
            return f"{text}, begun anew by {'; '.join(map(phrases.matched, matches))}", []
        case _:
            return text, []


def _lines(branches: Branches) -> Iterator[str]:
    for number, (text, inner) in enumerate(branches, 1):
        is_last = number == len(branches)
        yield f"{'└─' if is_last else '├─'} {_one_line(text)}"
        yield from (f"{'  ' if is_last else '│ '} {line}" for line in _lines(inner))
