"""A journey laid out flat: every step by its id, with the id that follows. A run needs no more than this and one id."""

from collections.abc import Collection, Iterator
from typing import Annotated

from pydantic import Discriminator, Field, Tag

from rules.clocks import LocalTime, Moment, PropertyDate, TraitDate
from rules.conditions import Condition
from rules.definition import Definition, Slug, told_by
from rules.durations import Duration
from rules.facts import Happening
from rules.journey import Manner
from rules.matches import EventMatch, EventMatches
from rules.names import SEGMENT_ENTERED, SEGMENT_LEFT, STAGE_CHANGED, SUBSCRIBED, TRAITS_CHANGED, UNSUBSCRIBED
from rules.needs import needs, refers
from rules.steps import STEP_KEYS, AnyAwaited, Becomes, Call, Change, MessageClass


class PlannedSend(Definition):
    """Send a letter, then go on."""

    send: Slug
    class_: MessageClass = Field(alias="class")
    topic: Slug | None = None
    ttl: Duration
    coupon: Slug | None = None
    next: str | None = None


class PlannedWait(Definition):
    """Wait a while, then go on."""

    wait: Duration
    restart_on: EventMatches = ()
    next: str | None = None


class PlannedWaitUntil(Definition):
    """Wait for a local time or a date, then go on."""

    wait_until: Moment
    next: str | None = None


class PlannedWaitFor(Definition):
    """Wait for any of these events and conditions, then go on; when the time is over first, go on at `late`."""

    wait_for: AnyAwaited
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


class PlannedChance(Definition):
    """One way of a split: its share, its name, and where it goes on. `holdout`: the run ends."""

    share: int
    name: Slug
    to: str | None = None
    holdout: bool = False


class PlannedSplit(Definition):
    """Go on at the way that chance gives this contact."""

    split: tuple[PlannedChance, ...]


class PlannedRounds(Definition):
    """The rounds of a repeat; each begins at `body`, whose last step comes back to the repeat."""

    every: Duration
    at_most: int | None = None
    until: Condition | None = None
    body: str


class PlannedRepeat(Definition):
    """Begin another round, or go on at `next`."""

    repeat: PlannedRounds
    next: str | None = None


class PlannedSet(Definition):
    """Set traits and topics, then go on."""

    set: Change
    next: str | None = None


class PlannedWebhook(Definition):
    """Call another system, then go on."""

    webhook: Call
    ttl: Duration
    next: str | None = None


class PlannedNotify(Definition):
    """Send a letter to the shop's own staff, then go on."""

    notify: Slug
    letter: Slug
    ttl: Duration
    next: str | None = None


class PlannedEnrol(Definition):
    """Have the contact enter another journey, then go on."""

    enrol: Slug
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
    | Annotated[PlannedSplit, Tag("split")]
    | Annotated[PlannedRepeat, Tag("repeat")]
    | Annotated[PlannedSet, Tag("set")]
    | Annotated[PlannedWebhook, Tag("webhook")]
    | Annotated[PlannedNotify, Tag("notify")]
    | Annotated[PlannedEnrol, Tag("enrol")]
    | Annotated[PlannedExit, Tag("exit")],
    Discriminator(told_by(STEP_KEYS)),
]


class Plan(Definition):
    """One version of a journey, as a run follows it. Steps stand in the order of the author's file."""

    journey: Slug
    version: int
    first: str
    steps: dict[str, PlannedStep]
    exit_on: EventMatches = ()
    limit: Duration | None = None
    priority: int = 50
    when_capped: Manner = "defer"
    in_quiet_hours: Manner = "defer"
    sender: Slug | None = None


ZONE = "timezone"
"""The trait that tells in which time zone the contact lives."""


def matches(plan: Plan) -> Iterator[EventMatch]:
    """Every match by which a run of this plan listens."""
    yield from plan.exit_on
    for step in plan.steps.values():
        match step:
            case PlannedWait(restart_on=restart_on):
                yield from restart_on
            case PlannedWaitFor(wait_for=wait_for):
                yield from (each for each in wait_for if isinstance(each, EventMatch))
            case _:
                pass


def awaited(step: PlannedWaitFor) -> tuple[Condition, ...]:
    """The conditions that end the wait when one becomes true."""
    return tuple(each.condition for each in step.wait_for if isinstance(each, Becomes))


def stirring(condition: Condition) -> frozenset[str]:
    """The events after which the truth of the condition may be another one, besides changes of traits."""
    asked = needs(condition)
    topics = {SUBSCRIBED, UNSUBSCRIBED} if asked.topics else set()
    # What segments and stages rest on is looked after elsewhere, and told by these.
    named = {SEGMENT_ENTERED, SEGMENT_LEFT, STAGE_CHANGED} if refers(condition) else set()
    return asked.events | topics | named


def rests_on(step: PlannedStep) -> frozenset[str]:
    """The traits whose change may move the end of this wait."""
    match step:
        case PlannedWaitUntil(wait_until=moment):
            return _dated_by(moment)
        case PlannedWaitFor():
            return frozenset[str]().union(*(needs(condition).traits for condition in awaited(step)))
        case _:
            return frozenset()


def _dated_by(moment: Moment) -> frozenset[str]:
    zone = frozenset({ZONE}) if moment.zone is None else frozenset[str]()
    match moment:
        case TraitDate(trait=path):
            return zone | {path.split(".")[0]}
        case PropertyDate() | LocalTime():
            return zone


def watches(plan: Plan) -> frozenset[str]:
    """The traits whose change a run of this plan must hear of."""
    return frozenset[str]().union(*map(rests_on, plan.steps.values()))


def listens(plan: Plan) -> frozenset[str]:
    """The names of all events that can move a run of this plan."""
    named = frozenset(name for match in matches(plan) for name in match.event)
    waits = (step for step in plan.steps.values() if isinstance(step, PlannedWaitFor))
    stirred = frozenset[str]().union(*(stirring(condition) for wait in waits for condition in awaited(wait)))
    return named | stirred | ({TRAITS_CHANGED} if watches(plan) else set())


def tells_of(watched: Collection[str], event: Happening, traits: Collection[str]) -> bool:
    """Whether the event came with a change of one of these traits; a change that names none may be of any."""
    if event.name == TRAITS_CHANGED and not traits:
        named = event.properties.get("traits")
        return bool(watched) if not isinstance(named, list) else not set(watched).isdisjoint(named)
    return not set(watched).isdisjoint(traits)
