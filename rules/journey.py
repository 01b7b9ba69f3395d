"""A journey as its author writes it: what starts it, what ends it, and a tree of steps."""

import re
from collections.abc import Iterator
from datetime import time
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Discriminator, Field, Tag, model_validator

from rules.conditions import Condition, Scalar
from rules.definition import Definition, EventName, Same, Slug, told_by
from rules.durations import Duration

MessageClass = Literal["marketing", "transactional"]
Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


def _listed(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


def _matched(value: Any) -> Any:
    return [{"event": item} if isinstance(item, str) else item for item in _listed(value)]


EventNames = Annotated[tuple[EventName, ...], BeforeValidator(_listed), Field(min_length=1)]


class EventMatch(Definition):
    """Events that count here: any of the names, passing `where`, and of the same order as the run's if `same` asks."""

    event: EventNames
    where: Condition | None = None
    same: Same = None


EventMatches = Annotated[tuple[EventMatch, ...], BeforeValidator(_matched)]


class OnEvent(Definition):
    """An event starts the journey."""

    event: EventNames
    where: Condition | None = None


class OnRequest(Definition):
    """A call of the API starts the journey."""

    api: Literal[True]


TRIGGER_KEYS = ("event", "api")
Trigger = Annotated[
    Annotated[OnEvent, Tag("event")] | Annotated[OnRequest, Tag("api")], Discriminator(told_by(TRIGGER_KEYS))
]


class ReEntry(Definition):
    """Whether a contact may come again: `never`, `always`, or `after` a time since the last run began."""

    allowed: bool
    after: Duration | None = None


def _re_entry(value: Any) -> Any:
    if value in ("never", "always"):
        return {"allowed": value == "always"}
    if isinstance(value, str) and value.startswith("after "):
        return {"allowed": True, "after": value.removeprefix("after ").strip()}
    if isinstance(value, ReEntry | dict):
        return value
    raise ValueError(f"{value!r} is no rule of re-entry; write never, always or 'after 7d'")


class Goal(EventMatch):
    """What the journey is for. Reaching it is recorded, also after the run has ended."""

    within: Duration


class Step(Definition):
    """One step. Its id is given, or derived from what the step says."""

    id: Slug | None = None


class Send(Step):
    """Send a letter. After `ttl` it is stale and no longer sent."""

    send: Slug
    class_: MessageClass | None = Field(default=None, alias="class")
    topic: Slug | None = None
    ttl: Duration | None = None


class Wait(Step):
    """Wait a while; an event of `restart_on` begins the while anew."""

    wait: Duration
    restart_on: EventMatches = ()


def _clock(value: Any) -> time:
    if isinstance(value, time) and value.tzinfo is None:
        return value
    if isinstance(value, str) and re.fullmatch(r"([01]?\d|2[0-3])(:[0-5]\d){1,2}", value, re.ASCII):
        return time.fromisoformat(f"0{value}" if value[1] == ":" else value)
    raise ValueError(f"{value!r} is no time of day; write hours and minutes, such as '09:30'")


class LocalTime(Definition):
    """A time of day, on these weekdays, in the contact's time zone (or the shop's, or `zone`)."""

    time: Annotated[time, BeforeValidator(_clock)]
    weekday: Annotated[tuple[Weekday, ...], BeforeValidator(_listed)] = ()
    zone: str | None = None


class WaitUntil(Step):
    """Wait until the clock where the contact lives shows a time."""

    wait_until: LocalTime


class WaitFor(Step):
    """Wait for an event. When `timeout` is over first, the steps of `otherwise` come before what follows."""

    wait_for: EventMatch
    timeout: Duration | None = None
    otherwise: tuple["AnyStep", ...] = ()


class Case(Definition):
    """One way of a branch: its steps are taken when the condition holds."""

    when: Condition
    then: tuple["AnyStep", ...] = ()


class Otherwise(Definition):
    """The way of a branch that is taken when no case holds."""

    otherwise: tuple["AnyStep", ...]


Way = Annotated[
    Annotated[Case, Tag("when")] | Annotated[Otherwise, Tag("otherwise")], Discriminator(told_by(("when", "otherwise")))
]


class Branch(Step):
    """Take the first way whose condition holds; conditions are looked at when the run arrives here."""

    branch: tuple[Way, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _otherwise_is_last(self) -> Self:
        if any(isinstance(way, Otherwise) for way in self.branch[:-1]):
            raise ValueError("'otherwise' must be the last way of a branch; what follows it is never taken")
        return self


class Change(Definition):
    """New values of traits, and of subscriptions to topics."""

    traits: dict[str, Scalar | None] = Field(default_factory=dict)
    topics: dict[Slug, bool] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _changes(self) -> Self:
        if not self.traits and not self.topics:
            raise ValueError("nothing is set; add traits or topics")
        return self


class Set(Step):
    """Set traits and topics of the contact."""

    set: Change


class Exit(Step):
    """End the run here, with a reason."""

    exit: str = Field(min_length=1, max_length=100)


STEP_KEYS = ("send", "wait", "wait_until", "wait_for", "branch", "set", "exit")
AnyStep = Annotated[
    Annotated[Send, Tag("send")]
    | Annotated[Wait, Tag("wait")]
    | Annotated[WaitUntil, Tag("wait_until")]
    | Annotated[WaitFor, Tag("wait_for")]
    | Annotated[Branch, Tag("branch")]
    | Annotated[Set, Tag("set")]
    | Annotated[Exit, Tag("exit")],
    Discriminator(told_by(STEP_KEYS)),
]


class Journey(Definition):
    """A journey: one file of `journeys/`."""

    journey: Slug
    title: str = Field(min_length=1, max_length=120)
    class_: MessageClass = Field(alias="class")
    topic: Slug | None = None
    trigger: Annotated[tuple[Trigger, ...], BeforeValidator(_listed), Field(min_length=1)]
    key: str | None = Field(default=None, pattern=r"^properties\.[A-Za-z0-9_.]+$")
    re_entry: Annotated[ReEntry, BeforeValidator(_re_entry)] = ReEntry(allowed=False)
    exit_on: EventMatches = ()
    goal: Goal | None = None
    steps: tuple[AnyStep, ...] = Field(min_length=1)


def ways(step: AnyStep) -> Iterator[tuple[AnyStep, ...]]:
    """The lists of steps inside a step."""
    match step:
        case Branch(branch=branch):
            yield from (way.then if isinstance(way, Case) else way.otherwise for way in branch)
        case WaitFor(otherwise=otherwise):
            yield otherwise
        case _:
            return


def walk(steps: tuple[AnyStep, ...]) -> Iterator[AnyStep]:
    """Every step, also those inside others, in the order of the file."""
    for step in steps:
        yield step
        for way in ways(step):
            yield from walk(way)


for _model in (WaitFor, Case, Otherwise, Branch, Journey):
    _model.model_rebuild()
