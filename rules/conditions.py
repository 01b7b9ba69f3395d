"""The conditions that a rule may ask: pure data, no evaluation, no I/O. Their meaning is in `holds.py`."""

from functools import cached_property
from typing import Annotated, Any, Literal, Self

from pydantic import (
    BeforeValidator,
    Discriminator,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    Tag,
    model_validator,
)

from rules.definition import Definition, EventName, OneOrMany, Same, Slug, told_by
from rules.durations import Duration
from rules.instants import When

Scalar = StrictBool | StrictInt | StrictFloat | StrictStr
"""A value that an author compares with. Strict: `"5"` stays text, `5` stays a number, `true` stays a boolean."""


class Comparison(Definition):
    """What a value is compared with. Every comparison that is written must hold."""

    is_: Scalar | None = Field(default=None, alias="is")
    in_: tuple[Scalar, ...] | None = Field(default=None, alias="in", min_length=1)
    gt: StrictFloat | None = None
    gte: StrictFloat | None = None
    lt: StrictFloat | None = None
    lte: StrictFloat | None = None
    contains: Scalar | None = None
    starts_with: str | None = None
    matches: str | None = None
    exists: bool | None = None
    before: When | None = None
    after: When | None = None

    @model_validator(mode="after")
    def _compares(self) -> Self:
        if all(getattr(self, name) is None for name in Comparison.model_fields):
            names = ", ".join(field.alias or name for name, field in Comparison.model_fields.items())
            raise ValueError(f"nothing is compared; add one of: {names}")
        return self

    @cached_property
    def written(self) -> tuple[tuple[str, Any], ...]:
        """The comparisons that are written, `exists` aside: the name of each and what is compared with."""
        asked = ((name, getattr(self, name)) for name in Comparison.model_fields if name != "exists")
        return tuple((name, wanted) for name, wanted in asked if wanted is not None)


class TraitIs(Comparison):
    """A trait of the contact compares; dots reach into nested objects, as in `address.city`."""

    trait: str = Field(min_length=1)


class PropertyIs(Comparison):
    """A property compares: inside `where` of that event, elsewhere of the event that started the run."""

    property: str = Field(min_length=1)


class Times(Definition):
    """How often something happened."""

    at_least: int | None = Field(default=None, ge=1)
    at_most: int | None = Field(default=None, ge=0)
    exactly: int | None = Field(default=None, ge=0)

    @model_validator(mode="after")
    def _counts(self) -> Self:
        if self.at_least is None and self.at_most is None and self.exactly is None:
            raise ValueError("nothing is counted; add one of: at_least, at_most, exactly")
        return self


class Measure(Comparison):
    """A figure made of one property of all events that count, and what it is compared with.

    Numbers alone count in `sum`, `avg`, `min` and `max`; `first` and `last` are what the earliest and the latest event
    has there, of whatever type. The sum of nothing is 0; every other figure of nothing is missing.
    """

    property: str = Field(min_length=1)


MEASURES = ("sum", "avg", "min", "max", "first", "last")


class EventHappened(Definition):
    """The contact did an event, as often as `times` says (else at least once), and its figures compare.

    `within` counts back from now, or since the enrolment; `after` and `before` bound the moments of the events.
    """

    event: EventName
    where: "Condition | None" = None
    same: Same = None
    times: Times | None = None
    within: Duration | Literal["enrolment"] | None = None
    after: When | None = None
    before: When | None = None
    sum: Measure | None = None
    avg: Measure | None = None
    min: Measure | None = None
    max: Measure | None = None
    first: Measure | None = None
    last: Measure | None = None

    @cached_property
    def measures(self) -> tuple[tuple[str, Measure], ...]:
        """The figures that are asked for, by their names."""
        return tuple((name, measure) for name in MEASURES if (measure := getattr(self, name)) is not None)

    @cached_property
    def frequency(self) -> Times | None:
        """How often it must have happened; None: only its figures count."""
        return self.times or (None if self.measures else Times(at_least=1))

    @cached_property
    def once(self) -> bool:
        """Whether it is enough that it happened at all: then one event tells, and the others need not be looked at."""
        return self.frequency == Times(at_least=1) and not self.measures


class SegmentIs(Definition):
    """The contact is in a segment: its condition holds at this moment, whatever the kept membership says."""

    segment: Slug


class TopicIs(Definition):
    """The contact's latest word about the topic was yes (`subscribed: false`: was no, or there was none)."""

    topic: Slug
    subscribed: StrictBool = True


def _several(value: Any) -> Any:
    return value if isinstance(value, list | tuple) else [value]


class StageIs(Definition):
    """The contact is at one of these stages of the lifecycle, computed at this moment."""

    stage: Annotated[tuple[Slug, ...], BeforeValidator(_several), Field(min_length=1), OneOrMany()]


class InJourney(Definition):
    """The contact is inside a journey now, or (`ever`) was it at any time, or entered it `within` a while."""

    in_journey: Slug
    ever: StrictBool = False
    within: Duration | None = None


class LetterWas(Definition):
    """The contact received, opened or clicked a letter, ever or `within` a while, as often as `times` says."""

    letter: Slug
    was: Literal["received", "opened", "clicked"] = "received"
    times: Times = Times(at_least=1)
    within: Duration | None = None

    @property
    def event(self) -> str | None:
        """The event that tells of it, whose property `letter` names the letter; None: the ledger tells."""
        return {"received": None, "opened": "Email Opened", "clicked": "Email Link Clicked"}[self.was]


class All(Definition):
    """Every condition holds."""

    all: tuple["Condition", ...] = Field(min_length=1)


class AnyOf(Definition):
    """At least one condition holds."""

    any: tuple["Condition", ...] = Field(min_length=1)


class Not(Definition):
    """The condition does not hold."""

    not_: "Condition" = Field(alias="not")


CONDITION_KEYS = (
    "all",
    "any",
    "not",
    "trait",
    "property",
    "event",
    "segment",
    "topic",
    "stage",
    "in_journey",
    "letter",
)

Condition = Annotated[
    Annotated[All, Tag("all")]
    | Annotated[AnyOf, Tag("any")]
    | Annotated[Not, Tag("not")]
    | Annotated[TraitIs, Tag("trait")]
    | Annotated[PropertyIs, Tag("property")]
    | Annotated[EventHappened, Tag("event")]
    | Annotated[SegmentIs, Tag("segment")]
    | Annotated[TopicIs, Tag("topic")]
    | Annotated[StageIs, Tag("stage")]
    | Annotated[InJourney, Tag("in_journey")]
    | Annotated[LetterWas, Tag("letter")],
    Discriminator(told_by(CONDITION_KEYS)),
]
"""One tree of conditions."""

for _model in (EventHappened, All, AnyOf, Not):
    _model.model_rebuild()
