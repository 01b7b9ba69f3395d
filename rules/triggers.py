"""What starts a journey."""

from datetime import time, timedelta
from typing import Annotated, Literal

from pydantic import Discriminator, Field, Tag

from rules.clocks import Clock
from rules.conditions import Condition
from rules.definition import Definition, Slug, told_by
from rules.durations import Duration, Offset
from rules.matches import EventNames


class OnEvent(Definition):
    """An event starts the journey.

    Late ones (their `timestamp` is further back than an hour when they arrive, or they were imported with `backfill`)
    start it only when they are no older than `late` says.
    """

    event: EventNames
    where: Condition | None = None
    late: Duration | None = None


class OnSegment(Definition):
    """Entering a segment, or leaving it, starts the journey. Who was in it from its beginning does not enter it."""

    segment: Slug
    on: Literal["entered", "left"] = "entered"


class OnDate(Definition):
    """A date in a trait (or each date of a list, as in `children.birthday`) starts the journey, `yearly` or once.

    It starts on that day, `offset` before or after it, at `time` where the contact lives. In years that have none, the
    29th of February is kept on the 28th.
    """

    date: str = Field(min_length=1)
    offset: Offset = timedelta(0)
    yearly: bool = False
    time: Clock = time(9)
    zone: str | None = None


class OnSchedule(Definition):
    """A time of the calendar (a cron line in `zone`, else the shop's) starts the journey for everybody in a segment.

    `per_second` bounds how many people enter in a second.
    """

    schedule: str = Field(min_length=1, max_length=100)
    segment: Slug
    zone: str | None = None
    per_second: int = Field(default=50, ge=1, le=1000)


class OnRequest(Definition):
    """A call of the API starts the journey."""

    api: Literal[True]


TRIGGER_KEYS = ("event", "schedule", "segment", "date", "api")
Trigger = Annotated[
    Annotated[OnEvent, Tag("event")]
    | Annotated[OnSegment, Tag("segment")]
    | Annotated[OnDate, Tag("date")]
    | Annotated[OnSchedule, Tag("schedule")]
    | Annotated[OnRequest, Tag("api")],
    Discriminator(told_by(TRIGGER_KEYS)),
]
