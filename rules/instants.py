"""Moments as authors, traits and events write them: ISO 8601, with or without a time, with or without an offset.

Authors may also write moments that move with the clock: `now`, `30d ago`, `in 7d`.
"""

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Annotated, Any, Final

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer

from rules.durations import WRITTEN, parse, render

TEXT: Final = (
    r"^[1-9][0-9]{3}-[0-9]{2}-[0-9]{2}"
    r"([T ]([01][0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9](\.[0-9]{1,9})?)?"
    r"(Z|[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?)?)?$"
)
"""Texts that tell a moment, if there is such a day: a part of ISO 8601 that Python and PostgreSQL read alike.

Bare digits would be dates to ISO 8601 too, but in a shop they are order numbers and postcodes.
"""

_TEXT = re.compile(TEXT.removesuffix("$") + r"\Z")
_FINER = re.compile(r"(\.\d{6})\d+", re.ASCII)


def instant(value: object) -> datetime | None:
    """The moment that a value tells, or None. A date is its midnight; what names no offset is in UTC."""
    if isinstance(value, str):
        return instant(_parsed(value))
    if isinstance(value, datetime):
        return value if value.utcoffset() is not None else value.replace(tzinfo=UTC)
    if isinstance(value, date):
        return datetime.combine(value, time.min, UTC)
    return None


def _parsed(text: str) -> datetime | None:
    if _TEXT.match(text) is None:
        return None
    try:
        return datetime.fromisoformat(_FINER.sub(r"\1", text))
    except ValueError:
        return None


class Relative(BaseModel):
    """A moment that moves with the clock: so long after now, or before it."""

    model_config = ConfigDict(frozen=True)

    offset: timedelta

    def __str__(self) -> str:
        if not self.offset:
            return "now"
        return f"in {render(self.offset)}" if self.offset > timedelta(0) else f"{render(-self.offset)} ago"


def _relative(text: str) -> Relative | None:
    if text == "now":
        return Relative(offset=timedelta(0))
    if text.startswith("in "):
        return Relative(offset=parse(text.removeprefix("in ").strip()))
    if text.endswith(" ago"):
        return Relative(offset=-parse(text.removesuffix(" ago").strip()))
    return None


def _written(value: Any) -> datetime | Relative:
    if isinstance(value, Relative):
        return value
    moment = (_relative(value) if isinstance(value, str) else None) or instant(value)
    if moment is None:
        raise ValueError(
            f"{value!r} is no date; write one such as '2026-12-24' or '2026-12-24T18:00:00+02:00',"
            " or one that moves with the clock, such as '30d ago', 'in 7d' or 'now'"
        )
    return moment


def _serialized(value: datetime | Relative) -> str:
    return str(value) if isinstance(value, Relative) else value.isoformat().replace("+00:00", "Z")


_DAY = r"[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])"
_TIME = r"[T ][0-9]{2}(:?[0-9]{2}){0,2}([.,][0-9]+)?(Z|[+-][0-9]{2}(:?[0-9]{2}){0,2})?"
_PATTERN = rf"^(now|in +{WRITTEN}|{WRITTEN} +ago|{_DAY}({_TIME})?)$"

When = Annotated[
    datetime | Relative,
    BeforeValidator(_written, json_schema_input_type=Annotated[str, Field(pattern=_PATTERN)]),
    PlainSerializer(_serialized, return_type=str),
]
"""A moment that an author writes: fixed (with an offset once it is read), or moving with the clock."""


def settled(when: datetime | Relative, now: datetime) -> datetime:
    """The moment that is meant when it is asked for now."""
    return now + when.offset if isinstance(when, Relative) else when
