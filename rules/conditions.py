"""The conditions that a rule may ask: pure data, no evaluation, no I/O. Their meaning is in `holds.py`."""

from typing import Annotated, Literal, Self

from pydantic import (
    Discriminator,
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    Tag,
    model_validator,
)

from rules.definition import Definition, EventName, Same, told_by
from rules.durations import Duration
from rules.instants import Instant

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
    before: Instant | None = None
    after: Instant | None = None

    @model_validator(mode="after")
    def _compares(self) -> Self:
        if all(getattr(self, name) is None for name in Comparison.model_fields):
            names = ", ".join(field.alias or name for name, field in Comparison.model_fields.items())
            raise ValueError(f"nothing is compared; add one of: {names}")
        return self


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


class EventHappened(Definition):
    """The contact did an event, at least once or as often as `times` says, ever or `within` a time."""

    event: EventName
    where: "Condition | None" = None
    same: Same = None
    times: Times = Times(at_least=1)
    within: Duration | Literal["enrolment"] | None = None


class All(Definition):
    """Every condition holds."""

    all: tuple["Condition", ...] = Field(min_length=1)


class AnyOf(Definition):
    """At least one condition holds."""

    any: tuple["Condition", ...] = Field(min_length=1)


class Not(Definition):
    """The condition does not hold."""

    not_: "Condition" = Field(alias="not")


CONDITION_KEYS = ("all", "any", "not", "trait", "property", "event")

Condition = Annotated[
    Annotated[All, Tag("all")]
    | Annotated[AnyOf, Tag("any")]
    | Annotated[Not, Tag("not")]
    | Annotated[TraitIs, Tag("trait")]
    | Annotated[PropertyIs, Tag("property")]
    | Annotated[EventHappened, Tag("event")],
    Discriminator(told_by(CONDITION_KEYS)),
]
"""One tree of conditions."""

for _model in (EventHappened, All, AnyOf, Not):
    _model.model_rebuild()
