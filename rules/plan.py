"""Lay a journey out flat: every step by its id, with the id that follows. A run needs no more than this and one id."""

from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, assert_never

from pydantic import Discriminator, Field, Tag

from rules.conditions import AnyOf, Condition, Not, PropertyIs
from rules.definition import Definition, Slug, told_by
from rules.durations import Duration, render
from rules.journey import (
    AnyStep,
    Branch,
    Case,
    Change,
    EventMatch,
    EventMatches,
    Exit,
    Journey,
    LocalTime,
    MessageClass,
    Otherwise,
    Send,
    Set,
    Wait,
    WaitFor,
    WaitUntil,
    walk,
    ways,
)

UNSUBSCRIBED = "Unsubscribed"
# A stale letter is worse than none: marketing grows old in a day, an order confirmation is still useful after three.
_TTL: dict[MessageClass, timedelta] = {"marketing": timedelta(hours=24), "transactional": timedelta(hours=72)}


class PlannedSend(Definition):
    """Send a letter, then go on."""

    send: Slug
    class_: MessageClass = Field(alias="class")
    topic: Slug | None = None
    ttl: Duration
    next: str | None = None


class PlannedWait(Definition):
    """Wait a while, then go on."""

    wait: Duration
    restart_on: EventMatches = ()
    next: str | None = None


class PlannedWaitUntil(Definition):
    """Wait for a local time, then go on."""

    wait_until: LocalTime
    next: str | None = None


class PlannedWaitFor(Definition):
    """Wait for an event, then go on; when the time is over first, go on at `late`."""

    wait_for: EventMatch
    timeout: Duration | None = None
    late: str | None = None
    next: str | None = None


class PlannedCase(Definition):
    """When the condition holds, go on at `to`."""

    when: Condition
    to: str | None = None


class PlannedBranch(Definition):
    """Go on at the first case that holds, else at `next`."""

    branch: tuple[PlannedCase, ...]
    next: str | None = None


class PlannedSet(Definition):
    """Set traits and topics, then go on."""

    set: Change
    next: str | None = None


class PlannedExit(Definition):
    """End the run."""

    exit: str


PlannedStep = Annotated[
    Annotated[PlannedSend, Tag("send")]
    | Annotated[PlannedWait, Tag("wait")]
    | Annotated[PlannedWaitUntil, Tag("wait_until")]
    | Annotated[PlannedWaitFor, Tag("wait_for")]
    | Annotated[PlannedBranch, Tag("branch")]
    | Annotated[PlannedSet, Tag("set")]
    | Annotated[PlannedExit, Tag("exit")],
    Discriminator(told_by(("send", "wait", "wait_until", "wait_for", "branch", "set", "exit"))),
]


class Plan(Definition):
    """One version of a journey, as a run follows it. Steps stand in the order of the author's file."""

    journey: Slug
    version: int
    first: str
    steps: dict[str, PlannedStep]
    exit_on: EventMatches = ()


def ids(steps: tuple[AnyStep, ...]) -> dict[int, str]:
    """The id of every step, by the step's identity in memory: the given one, else one derived from its content.

    Equal contents are numbered in the order of the file, so that inserting a different step changes no id.
    """
    taken: Counter[str] = Counter(step.id for step in walk(steps) if step.id)
    names: dict[int, str] = {}
    for step in walk(steps):
        name = step.id or _free(_content(step), taken)
        taken[name] += 1
        names[id(step)] = name
    return names


def _free(name: str, taken: "Counter[str]") -> str:
    numbered = (name if number == 1 else f"{name}-{number}" for number in range(1, len(taken) + 2))
    return next(candidate for candidate in numbered if not taken[candidate])


def _content(step: AnyStep) -> str:
    match step:
        case Send(send=letter):
            return letter
        case Wait(wait=duration):
            return f"wait-{render(duration)}"
        case WaitUntil(wait_until=local):
            return f"until-{local.time:%H%M}" + "".join(f"-{day}" for day in local.weekday)
        case WaitFor(wait_for=match):
            return f"for-{_slug(match.event[0])}"
        case Branch():
            return "branch"
        case Set():
            return "set"
        case Exit():
            return "exit"


def _slug(name: str) -> str:
    return "-".join("".join(c if c.isalnum() else " " for c in name.lower()).split())


def _following(steps: tuple[AnyStep, ...], names: dict[int, str], then: str | None) -> Iterator[tuple[int, str | None]]:
    """Of every step what follows it; the last step of a way is followed by what follows the step around it."""
    for place, step in enumerate(steps, start=1):
        after = names[id(steps[place])] if place < len(steps) else then
        yield id(step), after
        for way in ways(step):
            yield from _following(way, names, after)


def _planned(step: AnyStep, journey: Journey, names: dict[int, str], after: str | None) -> PlannedStep:
    def start(way: tuple[AnyStep, ...]) -> str | None:
        return names[id(way[0])] if way else after

    match step:
        case Send(send=letter, class_=given, topic=topic, ttl=ttl):
            class_ = given or journey.class_
            topic = (topic or journey.topic) if class_ == "marketing" else None
            return PlannedSend(send=letter, class_=class_, topic=topic, ttl=ttl or _TTL[class_], next=after)
        case Wait(wait=duration, restart_on=matches):
            return PlannedWait(wait=duration, restart_on=matches, next=after)
        case WaitUntil(wait_until=local):
            return PlannedWaitUntil(wait_until=local, next=after)
        case WaitFor(wait_for=match, timeout=timeout, otherwise=otherwise):
            return PlannedWaitFor(wait_for=match, timeout=timeout, late=start(otherwise), next=after)
        case Branch(branch=branch):
            cases = tuple(PlannedCase(when=way.when, to=start(way.then)) for way in branch if isinstance(way, Case))
            others = [start(way.otherwise) for way in branch if isinstance(way, Otherwise)]
            return PlannedBranch(branch=cases, next=others[0] if others else after)
        case Set(set=change):
            return PlannedSet(set=change, next=after)
        case Exit(exit=reason):
            return PlannedExit(exit=reason)
        case _:
            assert_never(step)


def _leaving(journey: Journey) -> Iterator[EventMatch]:
    """Who unsubscribes from the topic, or from all, leaves a marketing journey at once."""
    if journey.class_ == "marketing" and journey.topic is not None:
        named = PropertyIs(property="topic", in_=(journey.topic, "*"))
        listed = tuple(PropertyIs(property="topics", contains=topic) for topic in (journey.topic, "*"))
        told = (PropertyIs(property=name, exists=True) for name in ("topic", "topics"))
        unnamed = Not(not_=AnyOf(any=tuple(told)))
        where = AnyOf(any=(named, *listed, unnamed))
        yield EventMatch(event=(UNSUBSCRIBED,), where=where)


def lay_out(journey: Journey, version: int) -> Plan:
    """The plan of a journey. A step at the end of a way is followed by what follows the step around the way."""
    names = ids(journey.steps)
    after = dict(_following(journey.steps, names, None))
    return Plan(
        journey=journey.journey,
        version=version,
        first=names[id(journey.steps[0])],
        steps={names[id(step)]: _planned(step, journey, names, after[id(step)]) for step in walk(journey.steps)},
        exit_on=(*journey.exit_on, *_leaving(journey)),
    )


def matches(plan: Plan) -> Iterator[EventMatch]:
    """Every match by which a run of this plan listens."""
    yield from plan.exit_on
    for step in plan.steps.values():
        match step:
            case PlannedWait(restart_on=restart_on):
                yield from restart_on
            case PlannedWaitFor(wait_for=wait_for):
                yield wait_for
            case _:
                pass


def listens(plan: Plan) -> frozenset[str]:
    """The names of all events that can move a run of this plan."""
    return frozenset(name for match in matches(plan) for name in match.event)
