"""Contacts, their histories and the conditions asked of them, out of few values that lie at each other's bounds."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone
from random import Random
from typing import Any

from hypothesis import strategies as st
from pydantic import TypeAdapter

from rules.conditions import Condition
from rules.facts import Facts, Happening, Named, Received, Stay
from rules.policies import Lifecycle
from tests.rules.oddities import HUGE, PATTERNS, STRANGE, TEXTS, UNSTORABLE

# So many cases each property is tried in.
EXAMPLES = int(os.environ.get("KUNDRESA_EXAMPLES", "2000"))
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)
_ASK: TypeAdapter[Condition] = TypeAdapter(Condition)

# Every moment is one of these before or after now, so that it falls on the bound of a window, or a tick beside it.
_DISTANCES = [timedelta(minutes=minutes) for minutes in (0, 1, 30, 30, 60, 60, 61, 90, 1_440, 43_200)]
DURATIONS = ["0s", "1m", "30m", "30m", "1h", "1h", "61m", "1d", "30d"]
RELATIVE = ["now", "now", *(f"{each} ago" for each in DURATIONS), *(f"in {each}" for each in DURATIONS)]
NUMBERS: list[int | float] = [0, 1, 1.0, -1, 3, 2.5, 1042]
SUMS = [0.0, 1.0, 2.0, 2.5, 0.3, 0.6, 4.0, 1043.0]
TIMES = [{"at_least": 1}, {"at_least": 2}, {"at_most": 0}, {"at_most": 1}, {"exactly": 0}, {"exactly": 2}]
STAGES, TOPICS = ["new", "known", "rest"], ["o", "p"]
JOURNEYS, LETTERS, EVENTS = ["i", "j"], ["l", "m"], ["A", "A", "B"]

# Each trait or property holds mostly values of one type, under a name that tells it: n for plain numbers, h for huge
# and tiny ones, t for texts, d for dates, l for lists, o for an object. The rest are mismatches.
_ORDER, _EQUAL, _TIME = ["gt", "gte", "lt", "lte"], ["is", "in", "exists"], ["before", "after"]
FITTING = {
    "n": [*_ORDER, *_EQUAL],
    "h": [*_ORDER, *_EQUAL],
    "t": [*_EQUAL, "contains", "starts_with", "matches", "matches"],
    "d": [*_TIME, *_TIME, "exists"],
    "l": ["contains", "contains", "exists"],
    "o.n": [*_ORDER, "is"],
    "o.t": ["is", "contains", "matches"],
}
ANY_PATH = [*FITTING, "o", "o.0", "l.0", "t.n", "nothing", "\x00"]
ANY_COMPARISON = sorted({each for some in FITTING.values() for each in some})


@dataclass(frozen=True)
class History:
    """All that is known of a contact."""

    traits: dict[str, Any]
    events: list[tuple[str, datetime, dict[str, Any]]]
    said: list[tuple[str, bool]]
    stays: list[tuple[str, datetime, datetime | None]]
    letters: list[tuple[str, datetime]]
    start: dict[str, Any]

    def facts(self, named: Named, now: datetime = NOW) -> Facts:
        """The same in memory, asked by a run that began an hour ago."""
        return Facts(
            now=now,
            traits=self.traits,
            events=[Happening(*event, seq) for seq, event in enumerate(self.events, 1)],
            topics=dict(self.said),
            stays=[Stay(*stay) for stay in self.stays],
            letters=[Received(*letter) for letter in self.letters],
            start=self.start,
            entered=NOW - timedelta(hours=1),
            named=named,
        )


class World:
    """Makes all of it, by chance."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def _one(self, several: Any) -> Any:
        return self._random.choice(several)

    def _often(self, percent: int) -> bool:
        return self._random.randrange(100) < percent

    def moment(self) -> datetime:
        distance: timedelta = self._one(_DISTANCES)
        side: int = self._one([-1, -1, 1])
        tick: int = self._one([0, 0, -1, 1])
        return NOW + side * distance + tick * TICK

    def date(self) -> str:
        """A moment as shops write it."""
        moment, form = self.moment(), self._random.randrange(6)
        return [
            moment.isoformat().replace("+00:00", "Z"),
            moment.astimezone(timezone(timedelta(hours=5, minutes=45))).isoformat(),
            moment.replace(tzinfo=None).isoformat(" "),
            moment.astimezone(timezone(-timedelta(hours=3))).strftime("%Y-%m-%dT%H:%M%z"),
            moment.isoformat(timespec="microseconds").replace("+00:00", "999Z"),
            moment.date().isoformat(),
        ][form]

    def _kind(self, kind: str) -> Any:
        match kind:
            case "n":
                return self._one(NUMBERS if self._often(50) else NUMBERS[:4])
            case "h":
                return self._one(HUGE if self._often(50) else HUGE[:4])
            case "t":
                return self._one(TEXTS if self._often(30) else TEXTS[:5])
            case "d":
                return self.date()
            case "l":
                return self._one([[], [[1], {"n": "gold"}], [self._kind(self._one("nthd")) for _ in range(3)]])
            case _:
                return {"n": self._one(NUMBERS), "t": self._one(TEXTS), "0": 1}

    def _any(self) -> Any:
        return self._one([None, self._often(50), self._one(STRANGE), self._kind(self._one("nhtdlo"))])

    def _value(self, kind: str) -> Any:
        return self._kind(kind) if self._often(88) else self._any()

    def object(self) -> dict[str, Any]:
        """Traits, or the properties of an event."""
        return {kind: self._value(kind) for kind in "nhtdlo" if self._often(85)}

    def _wanted(self, comparison: str, kind: str) -> Any:
        match comparison:
            case "gt" | "gte" | "lt" | "lte":
                return float(self._one(HUGE if kind == "h" else NUMBERS))
            case "exists":
                return self._often(50)
            case "before" | "after":
                return self._one([self._one(RELATIVE)] * 5 + [self.moment().isoformat(), "2026-11-21"])
            case "matches":
                return self._one(PATTERNS)
            case "starts_with":
                return self._one([*TEXTS, *UNSTORABLE])
            case "in":
                return [self._scalar(kind) for _ in range(self._random.randrange(1, 4))]
            case _:
                return self._scalar(kind)

    def _scalar(self, kind: str) -> Any:
        if self._often(15):
            return self._one([*STRANGE, *UNSTORABLE, True, False, self._one(HUGE)])
        return self._kind(kind if kind in "nhtd" else self._one("nt"))

    def comparing(self, key: str) -> dict[str, Any]:
        """A comparison of a trait or property: mostly one that fits."""
        path, names = self._one(ANY_PATH), ANY_COMPARISON
        if self._often(85):
            path = self._one([*FITTING, "d", "d"])
            names = FITTING[path]
        these = {self._one(names) for _ in range(self._one([1, 1, 1, 2]))}
        return {key: path, **{name: self._wanted(name, path[-1]) for name in sorted(these)}}

    def _figure(self) -> dict[str, Any]:
        if self._often(20):
            return self.comparing("property")
        return {"property": self._one("nnh"), self._one([*_ORDER, "is"]): self._one(SUMS)}

    def happened(self, depth: int, within: "Reach") -> dict[str, Any]:
        """An event, with up to two of the things that narrow it: what asks for more is hardly ever true."""
        narrowed: dict[str, Callable[[], Any]] = {
            "where": lambda: self.condition(depth - 1, Reach(within.segments, stages=within.stages, inside=True)),
            "same": lambda: self._one(["n", "t", "o.t", "h"]),
            "times": lambda: self._one(TIMES),
            "within": lambda: self._one([*DURATIONS, "enrolment"]),
            "before": lambda: self._wanted("before", "d"),
            "after": lambda: self._wanted("after", "d"),
            **dict.fromkeys(("sum", "avg", "min", "max"), self._figure),
            **dict.fromkeys(("first", "last"), lambda: self.comparing("property")),
        }
        if depth <= 0:
            del narrowed["where"]
        if not within.inside:
            # Outside of an event hardly anything shares an order: segments have none.
            narrowed["within"] = lambda: self._one(DURATIONS)
            del narrowed["same"]
        likely = [*narrowed, "within", "within", *(["where"] * 3 if depth > 0 else [])]
        these = {self._one(likely) for _ in range(self._one([1, 1, 2]))}
        return {"event": self._one(EVENTS), **{name: narrowed[name]() for name in sorted(these)}}

    def _referring(self, within: "Reach") -> dict[str, Any]:
        forms: list[dict[str, Any]] = [
            {"topic": self._one(TOPICS), "subscribed": self._often(50)},
            {"in_journey": self._one(JOURNEYS), **self._one([{}, {"ever": True}, {"within": self._one(DURATIONS)}])},
            {
                "letter": self._one(LETTERS),
                "was": self._one(["received", "opened", "clicked"]),
                **self._one([{}, {"times": self._one(TIMES)}]),
                **self._one([{}, {"within": self._one(DURATIONS)}]),
            },
            *({"segment": name} for name in within.segments),
            *([{"stage": self._one([*STAGES, ["new", "rest"]])}] if within.stages else []),
        ]
        form: dict[str, Any] = self._one(forms)
        return form

    def condition(self, depth: int, within: "Reach") -> Any:
        """A condition as authors write it."""
        chance = self._random.randrange(100)
        if depth > 0 and chance < 30:
            parts = [self.condition(depth - 1, within) for _ in range(self._one([1, 2, 2, 3]))]
            return self._one([{"all": parts}, {"any": parts}, {"any": parts}, {"not": parts[0]}])
        if chance < 55:
            return self.comparing("property" if within.inside and self._often(80) else "trait")
        return self.happened(depth, within) if chance < 80 else self._referring(within)

    def anything(self) -> Condition:
        """A condition of any form."""
        return parsed(self.condition(3, Reach(("one", "two"), stages=True)))

    def timely(self) -> Condition:
        """A condition in which something moves with the clock; hardly ever none."""
        tried = [self.condition(3, Reach(("one", "two"), stages=True)) for _ in range(20)]
        moving = (each for each in tried if any(word in repr(each) for word in ("within", " ago'", "'in ", "'now'")))
        return parsed(next(moving, tried[-1]))

    def named(self) -> Named:
        """Two segments, of which one may look into the other, and stages that may look into both."""
        one, two = self.condition(1, Reach()), self.condition(1, Reach(("one",)))
        rules = [self.condition(1, Reach(("one", "two"))) for _ in range(2)]
        stages = [
            {"stage": "new", "title": "New", "when": rules[0]},
            {"stage": "known", "title": "Known", "when": rules[1]},
            {"stage": "rest", "title": "Others"},
        ]
        return Named({"one": parsed(one), "two": parsed(two)}, Lifecycle.model_validate({"stages": stages}).stages)

    def history(self) -> History:
        """A contact."""
        several = range(self._random.randrange(6))
        return History(
            traits=self.object(),
            events=self._events(len(several)),
            said=[(self._one([*TOPICS, *TOPICS, "*"]), self._often(50)) for _ in several[:3]],
            stays=[(self._one(JOURNEYS), self.moment(), self._one([None, self.moment()])) for _ in several[:2]],
            letters=[(self._one(LETTERS), self.moment()) for _ in several[:2]],
            start=self.object(),
        )

    def _events(self, count: int) -> list[tuple[str, datetime, dict[str, Any]]]:
        """Of which some happened at the same moment."""
        events = [self._event() for _ in range(count)]
        return [(name, events[0][1] if self._often(30) else at, told) for name, at, told in events]

    def _event(self) -> tuple[str, datetime, dict[str, Any]]:
        if self._often(25):
            name = self._one(["Email Opened", "Email Link Clicked"])
            return name, self.moment(), {"letter": self._one([*LETTERS, *LETTERS, 1, None])}
        return self._one(EVENTS), self.moment(), self.object()


@dataclass(frozen=True)
class Reach:
    """What a condition may refer to; `inside`: it stands in the `where` of an event."""

    segments: tuple[str, ...] = ()
    stages: bool = False
    inside: bool = False


def parsed(written: Any) -> Condition:
    """The condition that is written so."""
    return _ASK.validate_python(written)


worlds = st.integers(0, 2**64 - 1).map(lambda seed: World(Random(seed)))
"""One seed tells a whole example, so that no two examples are one."""
