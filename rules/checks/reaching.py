"""Steps that no run comes to, ways that nobody takes, and rounds without a pause."""

from collections.abc import Iterator
from datetime import timedelta

from rules.durations import spell
from rules.laid import Laid
from rules.mistakes import Fault, Path, warning
from rules.paths import NOTHING, round_of
from rules.places import Places
from rules.policies import Lifecycle
from rules.steps import Branch, Case, Repeat, Wait, WaitFor
from rules.ways import CONTRADICTION, ways_of

SHORTEST_ROUND = timedelta(minutes=1)


def every_step_is_reached(laid: Laid) -> Iterator[Fault]:
    """The step before one may be followed by nothing. What stands behind a dead way is told there."""
    reached = {path for path, step in laid.steps() if laid.name(step) in laid.earliest}
    for path, _ in laid.steps():
        *before, number = path
        if path not in reached and isinstance(number, int) and (*before, number - 1) in reached:
            yield Fault(path, "this is never reached: the step before it always ends the run")


def ways_are_taken(laid: Laid) -> Iterator[Fault]:
    """Every way of a branch may be taken by somebody."""
    for path, step in laid.of(Branch):
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


def waits_fit_the_limit(laid: Laid) -> Iterator[Fault]:
    """A wait ends before the run does."""
    if (limit := laid.whole.limit) is None:
        return
    for path, step in laid.steps():
        came = laid.earliest.get(laid.name(step), limit)
        if came >= limit:
            continue
        match step:
            case Wait(wait=duration) if came + duration >= limit:
                yield Fault((*path, "wait"), _too_late(came + duration, limit))
            case WaitFor(timeout=timedelta() as duration) if came + duration >= limit:
                yield Fault((*path, "timeout"), _too_late(came + duration, limit))
            case Repeat(repeat=rounds) if rounds.at_most != 1 and came + rounds.every >= limit:
                yield warning((*path, "repeat", "every"), _no_second(came + rounds.every, limit))
            case _:
                pass


def _too_late(end: timedelta, limit: timedelta) -> str:
    return f"this ends {spell(end)} after the beginning at the earliest; 'limit' ends the run after {spell(limit)}"


def _no_second(begins: timedelta, limit: timedelta) -> str:
    begin = f"it would begin {spell(begins)} after the beginning"
    return f"there is never a second round: {begin}, and 'limit' ends the run after {spell(limit)}"


def rounds_take_time(laid: Laid) -> Iterator[Fault]:
    """Rounds follow each other with a pause."""
    for path, step in laid.of(Repeat):
        body = round_of(laid.plan, laid.name(step))
        place: Path = (*path, "repeat", "every")
        if body is None:
            yield warning(place, "there is never a second round: the steps always end the run")
        elif max(step.repeat.every, body) == NOTHING:
            yield Fault(place, "this repeats without a pause; write how often a round begins, such as 'every: 1d'")
        elif max(step.repeat.every, body) < SHORTEST_ROUND:
            yield warning(place, f"a round every {spell(step.repeat.every)} keeps a run busy; is 'every: 1d' meant?")
