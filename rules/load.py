"""How many marketing letters a contact gets in a week at the worst: by the plan, each wait as short as it can be."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import timedelta

from rules.journey import Journey
from rules.laid import Laid
from rules.paths import NOTHING, earliest, open_from
from rules.plan import PlannedRepeat, PlannedSend
from rules.policies import Pacing
from rules.steps import Repeat, walk

WEEK = timedelta(days=7)
NO_CAP = 10**6
LETTERS_A_WEEK = 7
"""More marketing letters in a week, out of one journey, are told as a warning."""

MOST = 100
"""No more are counted."""

_PLACES = 5_000
_RUN = ""


@dataclass(frozen=True)
class _Round:
    """A repeat (or the run itself) under way: how many rounds have begun, and when the last of them did."""

    step: str
    begun: int
    at: timedelta


@dataclass(frozen=True)
class _Place:
    """Where a contact is, some time after the first letter of the week. The innermost round is the last."""

    step: str
    at: timedelta
    rounds: tuple[_Round, ...]


def weekly(laid: Laid) -> int:
    """The most marketing letters of this journey that a contact gets within seven days; `MOST` means as many or more.

    Runs that follow each other by `re_entry: after` are counted together. What begins whenever the shop tells of an
    event (`re_entry: always`, or a key) is counted as one run.
    """
    week = _Week(laid)
    return max((week.count(first) for first in week.beginnings()), default=0)


@dataclass(frozen=True)
class Week:
    """The most marketing letters that a contact gets within seven days.

    Of all journeys, once the caps are kept, and of each journey by itself.
    """

    at_most: int
    journeys: dict[str, int]

    def __str__(self) -> str:
        letters = f"{self.at_most} marketing letter{'s' * (self.at_most != 1)}"
        planned = sum(self.journeys.values())
        held = f"; without caps, {planned}" if planned > self.at_most else ""
        return f"A contact gets {letters} in a week at the worst{held}."


def worst_week(journeys: Iterable[Journey], pacing: Pacing | None) -> Week:
    """The most marketing letters of all these journeys within seven days."""
    counts = {journey.journey: count for journey in journeys if (count := weekly(Laid(journey)))}
    return Week(min(sum(counts.values()), capped(pacing)), counts)


def capped(pacing: Pacing | None) -> int:
    """The most marketing letters that the caps let through within seven days."""
    caps = [cap for cap in (pacing.caps if pacing is not None else ()) if cap.topic is None]
    return min((cap.at_most * -(-WEEK // cap.per) for cap in caps), default=NO_CAP)


class _Week:
    """Counts letters over all paths through a journey. Contacts who are at one place at one moment are counted once."""

    def __init__(self, laid: Laid) -> None:
        self._laid = laid
        self._plan = laid.plan
        self._again = laid.whole.re_entry.after if laid.whole.key is None else None
        self._around = _repeats_around(laid)

    def beginnings(self) -> Iterator[_Place]:
        """Every marketing letter that a run can come to, as the first of a week."""
        came = self._laid.earliest
        for name in filter(self._is_letter, came):
            rounds = [_Round(_RUN, 1, -came[name])]
            for repeat in self._around[name]:
                step = self._plan.steps[repeat]
                assert isinstance(step, PlannedRepeat)
                since = earliest(self._plan, step.repeat.body, avoiding=repeat)[name]
                rounds.append(_Round(repeat, 1, -since))
            yield _Place(name, NOTHING, tuple(rounds))

    def count(self, first: _Place) -> int:
        """The most letters of a week that begins at this place."""
        best = {first: 0}
        ahead = [first]
        most = 0
        while ahead and len(best) < _PLACES and most < MOST:
            here = ahead.pop()
            count = best[here] + self._is_letter(here.step)
            most = max(most, count)
            for place in self._onwards(here):
                if place.at < WEEK and count > best.get(place, -1):
                    best[place] = count
                    ahead.append(place)
        return most

    def _is_letter(self, name: str) -> bool:
        step = self._plan.steps[name]
        return isinstance(step, PlannedSend) and step.class_ == "marketing"

    def _onwards(self, here: _Place) -> Iterator[_Place]:
        for passage in open_from(self._plan, here.step):
            yield from self._arrive(passage.to, here.at + passage.least, here.rounds)

    def _arrive(self, name: str | None, at: timedelta, rounds: tuple[_Round, ...]) -> Iterator[_Place]:
        if name is None:
            if self._again is not None:
                start = max(at, rounds[0].at + self._again)
                yield from self._arrive(self._plan.first, start, (_Round(_RUN, 1, start),))
            return
        step = self._plan.steps[name]
        if not isinstance(step, PlannedRepeat):
            yield _Place(name, at, rounds)
            return
        *outer, inner = rounds
        back = inner.step == name
        around, begun = (tuple(outer), inner.begun) if back else (rounds, 0)
        done = step.repeat.at_most is not None and begun >= step.repeat.at_most
        if not done:
            start = max(at, inner.at + step.repeat.every) if back else at
            yield from self._arrive(step.repeat.body, start, (*around, _Round(name, begun + 1, start)))
        if done or step.repeat.until is not None:
            yield from self._arrive(step.next, at, around)


def _repeats_around(laid: Laid) -> dict[str, tuple[str, ...]]:
    """Of every step the repeats that it is in, the outermost first."""
    around: dict[str, tuple[str, ...]] = dict.fromkeys(laid.plan.steps, ())
    for _, step in laid.of(Repeat):
        for inner in walk(step.repeat.steps):
            around[laid.name(inner)] += (laid.name(step),)
    return around
