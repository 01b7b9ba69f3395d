"""Steps that no run comes to, ways that nobody takes, and rounds without a pause."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from rules.durations import spell
from rules.journey import Journey
from rules.layout import ids, lay_out
from rules.mistakes import Fault, Path, warning
from rules.paths import NOTHING, earliest, round_of
from rules.places import Places
from rules.plan import Plan
from rules.policies import Lifecycle
from rules.steps import Branch, Case, Repeat, Step, Wait, WaitFor, walk
from rules.ways import CONTRADICTION, ways_of

SHORTEST_ROUND = timedelta(minutes=1)


class Way:
    """A journey laid out, with the name in the plan of every step of the file."""

    def __init__(self, journey: Journey) -> None:
        names = ids(journey.steps)
        # While two steps have one id, a plan of the given ids would lose one of them.
        laid = journey if len(set(names.values())) == len(names) else _nameless(journey)
        self.plan: Plan = lay_out(laid, 1)
        self.earliest = earliest(self.plan)
        named = ids(laid.steps)
        pairs = zip(walk(journey.steps), walk(laid.steps), strict=True)
        self._names = {id(step): named[id(twin)] for step, twin in pairs}

    def name(self, step: Step) -> str:
        """The name of the step in the plan."""
        return self._names[id(step)]


def _nameless(journey: Journey) -> Journey:
    """The journey without the ids that its author gave."""
    return Journey.model_validate(_without_ids(journey.model_dump(mode="json", by_alias=True, exclude_defaults=True)))


def _without_ids(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_ids(item) for item in value]
    if isinstance(value, dict):
        return {key: inner if key == "set" else _without_ids(inner) for key, inner in value.items() if key != "id"}
    return value


def every_step_is_reached(places: Places[Journey]) -> Iterator[Fault]:
    """The step before one may be followed by nothing. What stands behind a dead way is told there."""
    way = Way(places.whole)
    reached = {path for path, step in places.steps() if way.name(step) in way.earliest}
    for path, _ in places.steps():
        *before, number = path
        if path not in reached and isinstance(number, int) and (*before, number - 1) in reached:
            yield Fault(path, "this is never reached: the step before it always ends the run")


def ways_are_taken(places: Places[Journey]) -> Iterator[Fault]:
    """Every way of a branch may be taken by somebody."""
    for path, step in places.of(Branch):
        cases = [way.when for way in step.branch if isinstance(way, Case)]
        found = ways_of(cases)
        for number, why in enumerate(found.dead):
            if why not in (None, CONTRADICTION):  # told of every condition
                yield Fault((*path, "branch", number, "when"), why)
        if found.exhausted and len(cases) < len(step.branch):
            place = (*path, "branch", len(cases), "otherwise")
            yield Fault(place, "this never comes about: one of the ways before it always is taken")


def stages_are_taken(places: Places[Lifecycle]) -> Iterator[Fault]:
    """Every stage may be somebody's."""
    asked = [stage.when for stage in places.whole.stages if stage.when is not None]
    found = ways_of(asked)
    for number, why in enumerate(found.dead):
        if why not in (None, CONTRADICTION):
            yield Fault(("stages", number, "when"), why)
    if found.exhausted:
        yield Fault(("stages", len(asked)), "nobody is at this stage: one of those before it always is taken")


def waits_fit_the_limit(places: Places[Journey]) -> Iterator[Fault]:
    """A wait ends before the run does."""
    if (limit := places.whole.limit) is None:
        return
    way = Way(places.whole)
    for path, step in places.steps():
        came = way.earliest.get(way.name(step), limit)
        if came >= limit:
            continue
        match step:
            case Wait(wait=duration) if came + duration >= limit:
                yield Fault((*path, "wait"), _too_late(came + duration, limit))
            case WaitFor(timeout=timedelta() as duration) if came + duration >= limit:
                yield Fault((*path, "timeout"), _too_late(came + duration, limit))
            case _:
                pass


def _too_late(end: timedelta, limit: timedelta) -> str:
    return f"this ends {spell(end)} after the beginning at the earliest; 'limit' ends the run after {spell(limit)}"


def rounds_take_time(places: Places[Journey]) -> Iterator[Fault]:
    """Rounds follow each other with a pause."""
    way = Way(places.whole)
    for path, step in places.of(Repeat):
        body = round_of(way.plan, way.name(step))
        place: Path = (*path, "repeat", "every")
        if body is None:
            yield warning(place, "there is never a second round: the steps always end the run")
        elif max(step.repeat.every, body) == NOTHING:
            yield Fault(place, "this repeats without a pause; write how often a round begins, such as 'every: 1d'")
        elif max(step.repeat.every, body) < SHORTEST_ROUND:
            yield warning(place, f"a round every {spell(step.repeat.every)} keeps a run busy; is 'every: 1d' meant?")
