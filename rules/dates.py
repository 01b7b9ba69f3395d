"""Dates that start journeys: when the next one comes, of those that stand in a contact's traits. Pure."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from rules.instants import instant
from rules.moments import on_the_clock
from rules.triggers import OnDate

_LEAP_YEAR = 2000
"""The year that a birthday without one is given: it has every day."""


@dataclass(frozen=True)
class Occurrence:
    """A date comes round: `day` is the date itself, and `at` the instant at which it starts the journey."""

    at: datetime
    day: date


def next_occurrence(trigger: OnDate, traits: Mapping[str, Any], now: datetime, zone: tzinfo) -> Occurrence | None:
    """The first occurrence after `now`, of any of the dates in the trait; None: there will be none.

    `zone` is the contact's, or the shop's; a zone of the trigger's own goes before it. What is no date is passed over.
    """
    zone = _own_zone(trigger) or zone
    coming = [
        occurrence
        for day in set(dates_at(traits, trigger.date, zone))
        for occurrence in _occurrences(trigger, day, now, zone)
        if occurrence.at > now
    ]
    return min(coming, key=lambda occurrence: occurrence.at, default=None)


def _own_zone(trigger: OnDate) -> tzinfo | None:
    """The trigger's zone. One that this machine does not know (its table may be older) counts as none."""
    try:
        return ZoneInfo(trigger.zone) if trigger.zone else None
    except (LookupError, OSError, ValueError):
        return None


def dates_at(traits: Mapping[str, Any], path: str, zone: tzinfo) -> Iterator[date]:
    """The dates at a path such as `children.birthday`, which leads through objects and through all members of lists."""
    for value in _reached(traits, path.split(".")):
        if (day := day_of(value, zone)) is not None:
            yield day


def _reached(value: object, keys: Sequence[str]) -> Iterator[object]:
    if isinstance(value, list | tuple):
        for each in value:
            yield from _reached(each, keys)
    elif not keys:
        yield value
    elif isinstance(value, Mapping):
        yield from _reached(value.get(keys[0]), keys[1:])


def day_of(value: object, zone: tzinfo) -> date | None:
    """The date that a value tells, in a zone, or None.

    Midnight in UTC is what programs make of a bare date, so it is that date everywhere. A birthday may lack its year
    (`--05-17`, as in ISO 8601 of old and in vCards).
    """
    if isinstance(value, str) and re.fullmatch(r"--\d\d-?\d\d", value, re.ASCII):
        value = f"{_LEAP_YEAR}-{value[2:4]}-{value[-2:]}"
    moment = instant(value)
    if moment is None:
        return None
    if moment.utcoffset() == timedelta(0) and moment.timetz().replace(tzinfo=None) == time.min:
        return moment.date()
    try:
        return moment.astimezone(zone).date()
    except OverflowError:
        return None


def _occurrences(trigger: OnDate, day: date, now: datetime, zone: tzinfo) -> Iterator[Occurrence]:
    """Those of a date that may be the next: around this year, or in the first year in which there is one."""
    for each in _round(day, (now - trigger.offset).astimezone(UTC).year) if trigger.yearly else (day,):
        try:
            wall = datetime.combine(each, trigger.time) + trigger.offset
            yield Occurrence(on_the_clock(wall, zone), each)
        except OverflowError:
            continue  # it lies beyond the calendar


def _round(day: date, year: int) -> set[date]:
    # Where the 1st of January begins while it is still December in UTC, the next one is two years away from that.
    return {_in_year(day, max(day.year, near)) for near in range(year - 1, year + 3)}


def _in_year(day: date, year: int) -> date:
    """The date in another year; the 29th of February is kept on the 28th when there is none."""
    try:
        return day.replace(year=year)
    except ValueError:
        return day.replace(year=year, day=28)
