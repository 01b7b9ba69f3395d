"""Times as authors write them: a time of day, weekdays, a zone, and dates that stand on the contact or on an event."""

import re
from datetime import time, timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from rules.definition import Definition, OneOrMany, told_by
from rules.durations import Offset
from rules.matches import listed

Weekday = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]


_CLOCK = r"([01]?[0-9]|2[0-3])(:[0-5][0-9]){1,2}"


def _clock(value: Any) -> time:
    if isinstance(value, time) and value.tzinfo is None:
        return value
    if isinstance(value, str) and re.fullmatch(_CLOCK, value):
        return time.fromisoformat(f"0{value}" if value[1] == ":" else value)
    raise ValueError(f"{value!r} is no time of day; write hours and minutes, such as '09:30'")


Clock = Annotated[time, BeforeValidator(_clock, json_schema_input_type=Annotated[str, Field(pattern=f"^{_CLOCK}$")])]
"""A time of day, on the clock where somebody lives."""

Weekdays = Annotated[tuple[Weekday, ...], BeforeValidator(listed), OneOrMany()]


class LocalTime(Definition):
    """A time of day, on these weekdays, in the contact's time zone (or the shop's, or `zone`)."""

    time: Clock
    weekday: Weekdays = ()
    zone: str | None = None


class _Dated(Definition):
    """So long after a date, or before it; with `time` at that time of its day, where the contact lives."""

    offset: Offset = timedelta(0)
    time: Clock | None = None
    zone: str | None = None


class TraitDate(_Dated):
    """A date that stands in a trait. The moment moves when the trait changes; without a date nobody waits."""

    trait: str = Field(min_length=1)


class PropertyDate(_Dated):
    """A date that stands in a property of the event that began the run. Without a date nobody waits."""

    property: str = Field(min_length=1)


MOMENT_KEYS = ("trait", "property", "time")
Moment = Annotated[
    Annotated[TraitDate, Tag("trait")] | Annotated[PropertyDate, Tag("property")] | Annotated[LocalTime, Tag("time")],
    Discriminator(told_by(MOMENT_KEYS)),
]
"""What a run waits until."""
