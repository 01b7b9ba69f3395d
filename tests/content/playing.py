"""Play a shipped journey over a script: the machine of runs, a virtual clock, and a contact to whom things happen."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from rules.arrivals import Arrival, version
from rules.coupon import as_context, valid_until
from rules.entering import Start, enter, occasions
from rules.facts import Facts, Happening
from rules.files import Folders
from rules.holds import holds
from rules.layout import lay_out
from rules.matches import EventMatch
from rules.moments import settled
from rules.moves import Apply, Ask, Deliver, Finish, Inform, Locate, Sleep
from rules.plan import (
    Plan,
    PlannedBranch,
    PlannedExit,
    PlannedNotify,
    PlannedRepeat,
    PlannedSend,
    PlannedSet,
    PlannedSplit,
    PlannedStep,
    PlannedWait,
    PlannedWaitFor,
    PlannedWaitUntil,
)
from rules.reading import Reading, read_all
from rules.run import Run
from rules.state import begin
from rules.steps import Change
from tests.content.contexts import TEMPLATES

ZONE = ZoneInfo("Europe/Mariehamn")
MONDAY = datetime(2026, 11, 23, 9, 0, tzinfo=ZONE)
SHIPPED: Reading = read_all(Folders.under(TEMPLATES.parent))


@dataclass(frozen=True)
class Later:
    """So long after the beginning an event happens; with it these traits change."""

    after: timedelta
    event: str
    properties: Mapping[str, Any] = field(default_factory=dict)
    traits: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Script:
    """What happens to a contact in a journey, and what must come of it: letters by the day after the beginning.

    `before` are events by how many days before the beginning they happened. `lot` decides splits.
    """

    told: str
    journey: str
    letters: tuple[tuple[int, str], ...]
    start: Mapping[str, Any] = field(default_factory=dict)
    event: str = ""
    traits: Mapping[str, Any] = field(default_factory=dict)
    topics: tuple[str, ...] = ()
    before: tuple[tuple[int, str], ...] = ()
    later: tuple[Later, ...] = ()
    lot: str = "anna"
    ends: str = "completed"

    @property
    def plan(self) -> Plan:
        """The plan of the journey as it ships."""
        return lay_out(SHIPPED.journeys[self.journey], 1)

    @property
    def first(self) -> Happening:
        """The event that begins the run."""
        name = self.event or occasions(SHIPPED.journeys[self.journey].trigger[0])[0]
        return Happening(name, MONDAY, {"journey": self.journey, **self.start}, seq=1)

    def entering(self) -> Start:
        """How the run begins; the journey's own trigger must let it in."""
        arrival = Arrival(self.first, MONDAY, MONDAY)
        start = enter(arrival, version(SHIPPED.journeys[self.journey], self.plan), [])
        assert isinstance(start, Start), f"{self.journey} does not begin: {start}"
        return start


@dataclass
class Sent:
    """A letter that left, with what it could read."""

    letter: str
    staff: str | None
    at: datetime
    context: dict[str, Any]


class Playing:
    """One script that is played to its end. `ways` are the ways taken: the id of a step, and what came of it."""

    def __init__(self, script: Script) -> None:
        self.script = script
        self.now = MONDAY
        self.traits: dict[str, Any] = {"email": "anna.lund@example.org", "first_name": "Anna", **script.traits}
        self.topics = dict.fromkeys(script.topics, True)
        past = [Happening(name, MONDAY - timedelta(days=days)) for days, name in script.before]
        self.events = [*past, script.first]
        self.run = Run(script.plan, begin(script.plan, MONDAY, script.entering().start, script.lot))
        self.sent: list[Sent] = []
        self.ways: set[tuple[str, str]] = set()
        self._coming = sorted(script.later, key=lambda each: each.after)

    @property
    def letters(self) -> tuple[tuple[int, str], ...]:
        """The letters, by the day on which they left."""
        return tuple(((sent.at.astimezone(ZONE).date() - MONDAY.date()).days, sent.letter) for sent in self.sent)

    def to_its_end(self) -> "Playing":
        """Play until the run is over."""
        while not isinstance(move := self.run.next(self.now), Finish):
            self._make(move)
        for verdict in self.run.state.verdicts:
            way = verdict.reason if verdict.verdict == "heard" else verdict.verdict
            self.ways.add((verdict.step, way or ""))
        return self

    def _make(self, move: object) -> None:
        match move:
            case Sleep(until=until):
                self._sleep(until)
            case Ask(step=step, conditions=conditions):
                case = next((number for number, each in enumerate(conditions) if holds(each, self.facts)), None)
                self.ways.add((step, "otherwise" if case is None else f"case {case + 1}"))
                self.run.decided(case, self.now)
            case Locate(moment=moment):
                until = settled(moment, self.now, ZONE, self.traits, self.script.first.properties)
                self.run.located(until, self.now)
            case Deliver(step=step, send=send):
                self._send(step, send.send, None, send)
            case Inform(step=step, notify=notify):
                self._send(step, notify.letter, notify.notify, None)
            case Apply(step=step, change=change):
                self._apply(step, change)
            case _:
                raise AssertionError(f"no shipped journey does {move}")

    @property
    def facts(self) -> Facts:
        """What is known of the contact now."""
        return Facts(
            self.now,
            self.traits,
            self.events,
            self.script.first.properties,
            entered=MONDAY,
            topics=self.topics,
            named=SHIPPED.named,
        )

    def _sleep(self, until: datetime | None) -> None:
        if not self._coming or (until is not None and until < MONDAY + self._coming[0].after):
            assert until is not None, f"{self.script.journey} sleeps for ever"
            self.now = until
            return
        later = self._coming.pop(0)
        self.now = max(self.now, MONDAY + later.after)
        self.traits |= later.traits
        event = Happening(later.event, self.now, later.properties, seq=len(self.events) + 1)
        self.events.append(event)
        at, until = self.run.state.at, self.run.state.until
        self.run.hear(event, self.now, tuple(later.traits))
        if isinstance(self.run.step, PlannedWait) and (at, until) != (self.run.state.at, self.run.state.until):
            self.ways.add((at or "", "begun anew"))

    def _send(self, step: str, letter: str, staff: str | None, send: PlannedSend | None) -> None:
        self.ways.add((step, "sent"))
        coupon = SHIPPED.coupons[send.coupon] if send is not None and send.coupon is not None else None
        given = as_context(coupon, "OAK-9MKT4R", valid_until(coupon, self.now)) if coupon is not None else None
        topic = send.topic if send is not None else None
        happened = [event for event in self.events if event.seq]
        facts = {"traits": self.traits, "events": happened, "topic": topic, "coupon": given}
        self.sent.append(Sent(letter, staff, self.now, {**facts, "start": self.script.first.properties}))
        self.run.delivered("sent", None, self.now)

    def _apply(self, step: str, change: Change) -> None:
        self.ways.add((step, "applied"))
        self.traits |= change.traits
        self.topics |= change.topics
        self.run.applied("done", self.now)


def ways(plan: Plan) -> Iterator[tuple[str, str]]:
    """Every way that a run of this plan can take, by the id of its step."""
    for at, step in plan.steps.items():
        yield from ((at, way) for way in _ways(step))


def _ways(step: PlannedStep) -> Iterator[str]:
    match step:
        case PlannedSend() | PlannedNotify():
            yield "sent"
        case PlannedWait(restart_on=restarts):
            yield from ("over", "begun anew") if restarts else ("over",)
        case PlannedWaitUntil():
            yield "over"
        case PlannedWaitFor(wait_for=wanted, timeout=timeout):
            yield from (name for each in wanted if isinstance(each, EventMatch) for name in each.event)
            yield from ("timed out",) if timeout is not None else ()
        case PlannedBranch(branch=cases):
            yield from (*(f"case {number}" for number in range(1, len(cases) + 1)), "otherwise")
        case PlannedSplit(split=chances):
            yield from (chance.name for chance in chances)
        case PlannedRepeat():
            yield from ("again", "left")
        case PlannedSet():
            yield "applied"
        case PlannedExit(exit=reason):
            yield reason
        case _:
            raise AssertionError(f"no shipped journey has a {step}")
