"""Names inside a journey: ids of steps, signals of events, and what tells runs apart."""

from collections.abc import Iterator

from rules.advice import one_of
from rules.conditions import EventHappened
from rules.entering import occasions
from rules.journey import Journey
from rules.mistakes import Fault, Path
from rules.names import CARRIED, UNSUBSCRIBED
from rules.places import Places
from rules.signals import RESERVED, signal_name
from rules.triggers import OnEvent, OnRequest


def ids_are_unique(places: Places[Journey]) -> Iterator[Fault]:
    """An id names one step."""
    seen: set[str] = set()
    for path, step in places.steps():
        if step.id in seen:
            yield Fault((*path, "id"), f"another step is called '{step.id}' already; an id names one step")
        if step.id is not None:
            seen.add(step.id)


def signals_are_distinct(places: Places[Journey]) -> Iterator[Fault]:
    """A run hears of every event under a signal of its own."""
    heard = {signal_name(UNSUBSCRIBED): UNSUBSCRIBED}
    for path, match in places.matches():
        for number, event in enumerate(match.event):
            place = (*path, "event", number)
            signal = signal_name(event)
            if not signal or signal in RESERVED:
                yield Fault(place, f"no event may be called {event!r}; that name steers runs")
            elif heard.setdefault(signal, event) != event:
                yield Fault(place, f"{event!r} and {heard[signal]!r} would be one signal, '{signal}'; write both alike")


def same_can_be_told(places: Places[Journey]) -> Iterator[Fault]:
    """Only an event of the shop's has properties that a later event can share."""
    other = next((trigger for trigger in places.whole.trigger if not isinstance(trigger, OnEvent)), None)
    for path, same in _sames(places):
        if same and other is not None:
            how = _BEGUN[type(other).__name__]
            yield Fault((*path, "same"), f"a run that {how} starts has no '{same}' to compare with; leave 'same' out")


_BEGUN = {
    "OnRequest": "the API",
    "OnSegment": "a segment",
    "OnDate": "a date",
    "OnSchedule": "a schedule",
}


def _sames(places: Places[Journey]) -> Iterator[tuple[Path, str | None]]:
    yield from ((path, match.same) for path, match in places.matches())
    yield from ((path, condition.same) for path, condition in places.of(EventHappened))


def keys_come_with_every_trigger(places: Places[Journey]) -> Iterator[Fault]:
    """A key is a property of the event that starts the run: of the shop's, or one that ours carry."""
    if places.whole.key is None:
        return
    own = places.whole.key.removeprefix("properties.")
    for number, trigger in enumerate(places.whole.trigger):
        if isinstance(trigger, OnEvent | OnRequest):
            continue
        (occasion,) = occasions(trigger)
        carried = CARRIED[occasion]
        if own not in carried:
            how, has = _BEGUN[type(trigger).__name__], one_of(sorted(carried), "and")
            advice = f"it has {has}; take one of them, or leave 'key' out"
            yield Fault(("trigger", number), f"what {how} starts has no property '{own}' for a key; {advice}")


def keyed_runs_hear_their_own(places: Places[Journey]) -> Iterator[Fault]:
    """Where runs are told apart, a match says whose events it means."""
    if places.whole.key is None:
        return
    own = places.whole.key.removeprefix("properties.")
    for path, match in places.matches():
        if match.same is None:
            yield Fault(
                path,
                f"runs of this journey are told apart by '{own}'; add 'same: {own}' to hear this run's events alone,"
                " or 'same: false' to hear them all",
            )
