"""The steps of a journey, as authors write them: a tree."""

from collections.abc import Iterator
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Discriminator, Field, HttpUrl, Tag, TypeAdapter, model_validator

from rules.clocks import Moment
from rules.conditions import Condition, Scalar
from rules.definition import Definition, OneOrMany, Slug, told_by
from rules.durations import Duration
from rules.matches import EventMatch, EventMatches, named

MessageClass = Literal["marketing", "transactional"]


class Step(Definition):
    """One step. Its id is given, or derived from what the step says."""

    id: Slug | None = None


class Send(Step):
    """Send a letter. After `ttl` it is stale and no longer sent. `coupon` gives the contact a code of that coupon."""

    send: Slug
    class_: MessageClass | None = Field(default=None, alias="class")
    topic: Slug | None = None
    ttl: Duration | None = None
    coupon: Slug | None = None


class Wait(Step):
    """Wait a while; an event of `restart_on` begins the while anew."""

    wait: Duration
    restart_on: EventMatches = ()


class WaitUntil(Step):
    """Wait until the clock where the contact lives shows a time, or until a date of a trait or of the first event."""

    wait_until: Moment


class Becomes(Definition):
    """A condition becomes true, or is true already."""

    condition: Condition


Awaited = Annotated[
    Annotated[Becomes, Tag("condition")] | Annotated[EventMatch, Tag("event")],
    Discriminator(told_by(("condition", "event"))),
]
AnyAwaited = Annotated[tuple[Awaited, ...], BeforeValidator(named), Field(min_length=1), OneOrMany(text=True)]
"""What ends a wait: any one of these."""


class WaitFor(Step):
    """Wait for any of several events or conditions. When `timeout` is over first, `otherwise` comes before the rest."""

    wait_for: AnyAwaited
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


class Variant(Definition):
    """One way of a split, taken by so large a `share` of the contacts (out of all shares together)."""

    share: int = Field(ge=1, le=1000)
    name: Slug
    then: tuple["AnyStep", ...] = ()


class Holdout(Definition):
    """The share of contacts for whom the run ends here; their goal is still measured."""

    holdout: int = Field(ge=1, le=1000)


Chance = Annotated[
    Annotated[Variant, Tag("share")] | Annotated[Holdout, Tag("holdout")], Discriminator(told_by(("share", "holdout")))
]


class Split(Step):
    """Share the contacts out by chance. A contact takes the same way in every run and every version."""

    split: tuple[Chance, ...] = Field(min_length=2)

    @model_validator(mode="after")
    def _names_differ(self) -> Self:
        names = [chance.name if isinstance(chance, Variant) else "holdout" for chance in self.split]
        if len(set(names)) < len(names):
            raise ValueError("two ways of a split have one name; each is measured under its own")
        return self


class Rounds(Definition):
    """The steps of a repeat: one round begins `every` so often, `at_most` so often, `until` a condition holds."""

    every: Duration
    at_most: int | None = Field(default=None, ge=1, le=1000)
    until: Condition | None = None
    steps: tuple["AnyStep", ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _ends(self) -> Self:
        if self.at_most is None and self.until is None:
            raise ValueError("this repeats for ever; add 'at_most' or 'until'")
        return self


class Repeat(Step):
    """Do the steps again and again. Whether it goes on is looked at before each round."""

    repeat: Rounds


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
    """Set traits and topics of the contact.

    A run of a marketing journey that takes away its own topic ends there, as if the contact had unsubscribed.
    """

    set: Change


_URL: TypeAdapter[HttpUrl] = TypeAdapter(HttpUrl)


def _address(value: Any) -> Any:
    if isinstance(value, str):
        _URL.validate_python(value)
    return value


class Call(Definition):
    """A webhook: its address, and the traits and properties of the first event that it is told."""

    url: Annotated[str, BeforeValidator(_address, json_schema_input_type=HttpUrl)]
    traits: tuple[str, ...] = ()
    properties: tuple[str, ...] = ()


def _called(value: Any) -> Any:
    return {"url": value} if isinstance(value, str) else value


class Webhook(Step):
    """Call another system, signed by the Standard Webhooks scheme. After `ttl` it is not tried any more."""

    webhook: Annotated[Call, BeforeValidator(_called, json_schema_input_type=HttpUrl | Call)]
    ttl: Duration | None = None


class Notify(Step):
    """Send a letter about the contact to the shop's own staff, by the name that the settings give an address."""

    notify: Slug
    letter: Slug
    ttl: Duration | None = None


class Enrol(Step):
    """Have the contact enter another journey, whose trigger is `api: true`."""

    enrol: Slug


class Exit(Step):
    """End the run here, with a reason."""

    exit: str = Field(min_length=1, max_length=100)


STEP_KEYS = (
    *("send", "wait", "wait_until", "wait_for", "branch", "split", "repeat"),
    *("set", "webhook", "notify", "enrol", "exit"),
)
AnyStep = Annotated[
    Annotated[Send, Tag("send")]
    | Annotated[Wait, Tag("wait")]
    | Annotated[WaitUntil, Tag("wait_until")]
    | Annotated[WaitFor, Tag("wait_for")]
    | Annotated[Branch, Tag("branch")]
    | Annotated[Split, Tag("split")]
    | Annotated[Repeat, Tag("repeat")]
    | Annotated[Set, Tag("set")]
    | Annotated[Webhook, Tag("webhook")]
    | Annotated[Notify, Tag("notify")]
    | Annotated[Enrol, Tag("enrol")]
    | Annotated[Exit, Tag("exit")],
    Discriminator(told_by(STEP_KEYS)),
]


def ways(step: AnyStep) -> Iterator[tuple[AnyStep, ...]]:
    """The lists of steps inside a step."""
    match step:
        case Branch(branch=branch):
            yield from (way.then if isinstance(way, Case) else way.otherwise for way in branch)
        case Split(split=split):
            yield from (chance.then for chance in split if isinstance(chance, Variant))
        case Repeat(repeat=rounds):
            yield rounds.steps
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


for _model in (WaitFor, Case, Otherwise, Branch, Variant, Split, Rounds, Repeat):
    _model.model_rebuild()
