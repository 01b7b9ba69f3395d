"""The second look at a journey: whether what is written makes sense, in the file and beside the rest of the library."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from functools import cache
from typing import TypeAlias
from warnings import catch_warnings
from zoneinfo import available_timezones

from rules import places
from rules.advice import meant
from rules.conditions import All, AnyOf, Comparison, EventHappened, Not, PropertyIs
from rules.durations import spell
from rules.journey import Journey
from rules.mistakes import Fault, Path
from rules.names import UNSUBSCRIBED
from rules.privacy import personal_data_stays_out
from rules.signals import RESERVED, signal_name
from rules.steps import AnyStep, Branch, Exit, Otherwise, Send, Wait, WaitFor, WaitUntil, ways
from rules.triggers import OnEvent

LONGEST_WAIT = timedelta(days=731)
LONGEST_PATTERN = 200

Faults: TypeAlias = Iterator[Fault]


@dataclass(frozen=True)
class Library:
    """What a journey may refer to, by name."""

    letters: frozenset[str]


def check(journey: Journey) -> list[Fault]:
    """Everything in the journey that makes no sense."""
    return [fault for rule in _RULES for fault in rule(journey)]


def refer(journey: Journey, library: Library) -> list[Fault]:
    """Everything that the journey names and that is not there."""
    return [
        Fault((*path, "send"), f"there is no letter '{step.send}'{meant(step.send, library.letters)}")
        for path, step in places.steps(journey)
        if isinstance(step, Send) and step.send not in library.letters
    ]


def _ids_are_unique(journey: Journey) -> Faults:
    seen: set[str] = set()
    for path, step in places.steps(journey):
        if step.id in seen:
            yield Fault((*path, "id"), f"another step is called '{step.id}' already; an id names one step")
        if step.id is not None:
            seen.add(step.id)


def _marketing_has_a_topic(journey: Journey) -> Faults:
    bare = [(path, step) for path, step in places.steps(journey) if isinstance(step, Send) and _lacks(step, journey)]
    # Where the journey says the class, the topic is missing once, and not once a letter.
    where = dict.fromkeys(("class",) if step.class_ is None else (*path, "class") for path, step in bare)
    for path in where:
        yield Fault(
            path, "every marketing letter belongs to a topic that people can leave; add one, as 'topic: offers'"
        )


def _lacks(step: Send, journey: Journey) -> bool:
    return (step.class_ or journey.class_) == "marketing" and (step.topic or journey.topic) is None


def _signals_are_distinct(journey: Journey) -> Faults:
    heard = {signal_name(UNSUBSCRIBED): UNSUBSCRIBED}
    for path, match in places.matches(journey):
        for number, event in enumerate(match.event):
            place = (*path, "event", number)
            signal = signal_name(event)
            if not signal or signal in RESERVED:
                yield Fault(place, f"no event may be called {event!r}; that name steers runs")
            elif heard.setdefault(signal, event) != event:
                yield Fault(place, f"{event!r} and {heard[signal]!r} would be one signal, '{signal}'; write both alike")


def _same_can_be_told(journey: Journey) -> Faults:
    only_events = all(isinstance(trigger, OnEvent) for trigger in journey.trigger)
    for path, same in _sames(journey):
        if same and not only_events:
            yield Fault((*path, "same"), f"a run that the API starts has no '{same}' to compare with; leave 'same' out")


def _sames(journey: Journey) -> Iterator[tuple[Path, str | None]]:
    yield from ((path, match.same) for path, match in places.matches(journey))
    for path, condition in places.conditions(journey):
        if isinstance(condition, EventHappened):
            yield path, condition.same


def _keyed_runs_hear_their_own(journey: Journey) -> Faults:
    if journey.key is None:
        return
    own = journey.key.removeprefix("properties.")
    for path, match in places.matches(journey):
        if match.same is None:
            yield Fault(
                path,
                f"runs of this journey are told apart by '{own}'; add 'same: {own}' to hear this run's events alone,"
                " or 'same: false' to hear them all",
            )


def _where_asks_properties(journey: Journey) -> Faults:
    for path, where in places.wheres(journey):
        for inner, condition in places.inside(where, path):
            if not isinstance(condition, PropertyIs | All | AnyOf | Not):
                yield Fault(inner, "'where' asks for properties of the event; ask for the rest in a branch")


def _patterns_are_regexes(journey: Journey) -> Faults:
    for path, condition in places.conditions(journey):
        if isinstance(condition, Comparison) and condition.matches is not None:
            yield from (Fault((*path, "matches"), why) for why in _wrong_with(condition.matches))


def _wrong_with(pattern: str) -> Iterator[str]:
    if len(pattern) > LONGEST_PATTERN:
        yield f"the pattern is longer than {LONGEST_PATTERN} characters"
        return
    try:
        with catch_warnings(action="error"):  # what Python is going to read in another way
            re.compile(pattern)
    except (re.error, OverflowError, RecursionError, Warning) as error:
        yield f"{pattern!r} is no regular expression: {error}"
    # (a+)+ and its kin take time without bound on texts that almost fit.
    if re.search(r"(?<!\\)([+*]|,\})\??\)([+*]|\{\d*,\})", pattern):
        yield f"{pattern!r} repeats a repetition, which can take for ever; write it without"


def _otherwise_has_a_timeout(journey: Journey) -> Faults:
    for path, step in places.steps(journey):
        if isinstance(step, WaitFor) and step.otherwise and step.timeout is None:
            yield Fault(
                (*path, "otherwise"), "without a 'timeout' this is never reached; add one, such as 'timeout: 1d'"
            )


def _waits_end(journey: Journey) -> Faults:
    for path, step in places.steps(journey):
        match step:
            case Wait(wait=duration):
                yield from _too_long((*path, "wait"), duration)
            case WaitFor(timeout=timedelta() as duration):
                yield from _too_long((*path, "timeout"), duration)
            case _:
                pass


def _too_long(path: Path, duration: timedelta) -> Faults:
    if duration > LONGEST_WAIT:
        yield Fault(path, f"{spell(duration)} is too long; a wait lasts two years at most")


def _every_step_is_reached(journey: Journey) -> Faults:
    for path, listed in places.step_lists(journey):
        last = next((number for number, step in enumerate(listed) if _ends(step)), len(listed))
        if last + 1 < len(listed):
            yield Fault((*path, last + 1), "this is never reached: the step before it always ends the run")


def _ends(step: AnyStep) -> bool:
    """Whether no run goes on after the step."""
    match step:
        case Exit():
            return True
        case Branch(branch=branch):
            closed = any(isinstance(way, Otherwise) for way in branch)
            return closed and all(any(map(_ends, way)) for way in ways(step))
        case _:
            return False


def _zones_exist(journey: Journey) -> Faults:
    for path, step in places.steps(journey):
        if isinstance(step, WaitUntil) and step.wait_until.zone not in {None, *_zones()}:
            zone = step.wait_until.zone
            advice = meant(zone, _zones()) or "; write one such as 'Europe/Helsinki'"
            yield Fault((*path, "wait_until", "zone"), f"there is no time zone {zone!r}{advice}")


@cache
def _zones() -> frozenset[str]:
    return frozenset(available_timezones())


_RULES: tuple[Callable[[Journey], Faults], ...] = (
    _ids_are_unique,
    _marketing_has_a_topic,
    _signals_are_distinct,
    _same_can_be_told,
    _keyed_runs_hear_their_own,
    _where_asks_properties,
    _patterns_are_regexes,
    _otherwise_has_a_timeout,
    _waits_end,
    _every_step_is_reached,
    _zones_exist,
    personal_data_stays_out,
)
