"""Moments as authors, traits and events write them: ISO 8601, with or without a time, with or without an offset."""

from datetime import UTC, date, datetime, time
from typing import Annotated, Any

from pydantic import BeforeValidator


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
    # Bare digits would be dates to ISO 8601 too, but in a shop they are order numbers and postcodes.
    if text[4:5] != "-":
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def _written(value: Any) -> datetime:
    moment = instant(value)
    if moment is None:
        raise ValueError(f"{value!r} is no date; write one such as '2026-12-24' or '2026-12-24T18:00:00+02:00'")
    return moment


Instant = Annotated[datetime, BeforeValidator(_written, json_schema_input_type=str)]
"""A moment that an author writes; always with an offset once it is read."""
