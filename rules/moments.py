"""Local times: the next instant at which a clock in a zone shows a time, on a day that counts; and kept dates."""

from collections.abc import Mapping
from datetime import UTC, datetime, time, timedelta, tzinfo
from typing import Any

from rules.clocks import LocalTime, Moment, PropertyDate, TraitDate
from rules.instants import instant
from rules.values import reach

_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def next_moment(local: LocalTime, now: datetime, zone: tzinfo) -> datetime:
    """The first instant after `now` at which the clock shows the time, in UTC.

    Computed anew for each candidate day, since days have 23 to 25 hours. A time that the clock skips on a day counts
    as the moment when it jumps past it; a time that it shows twice counts when it is shown first.
    """
    today = now.astimezone(zone).date()
    for offset in range(9):
        day = today + timedelta(days=offset)
        if local.weekday and _DAYS[day.weekday()] not in local.weekday:
            continue
        moment = on_the_clock(datetime.combine(day, local.time), zone)
        if moment > now:
            return moment
    raise AssertionError("a week has every weekday")


def settled(
    until: Moment, now: datetime, zone: tzinfo, traits: Mapping[str, Any], start: Mapping[str, Any]
) -> datetime | None:
    """The instant that is meant, in UTC; of a date it may be in the past. None: there is no date."""
    match until:
        case LocalTime():
            return next_moment(until, now, zone)
        case TraitDate(trait=path, offset=offset, time=clock):
            return dated(reach(traits, path), offset, clock, zone)
        case PropertyDate(property=path, offset=offset, time=clock):
            return dated(reach(start, path), offset, clock, zone)


def dated(value: object, offset: timedelta, clock: time | None, zone: tzinfo) -> datetime | None:
    """So long after a date or a moment (before it, if negative); with `clock` when it shows this on that day.

    A date is a whole day in the zone, and counts from its beginning. Days are counted on the calendar, so that three
    days before the 30th is the 27th also when the clock changes in between. None: the value is no date, or its day
    lies beyond the calendar.
    """
    moment = instant(value)
    try:
        if moment is None or (not is_day(moment) and clock is None):
            return None if moment is None else (moment + offset).astimezone(UTC)
        wall = (moment if is_day(moment) else moment.astimezone(zone)).replace(tzinfo=None) + offset
        return on_the_clock(datetime.combine(wall.date(), clock) if clock is not None else wall, zone)
    except OverflowError:
        return None


def is_day(moment: datetime) -> bool:
    """Whether a whole day is meant: midnight in UTC is what programs make of a bare date."""
    return moment.utcoffset() == timedelta(0) and moment.timetz().replace(tzinfo=None) == time.min


def on_the_clock(wall: datetime, zone: tzinfo) -> datetime:
    """The instant at which the clock of the zone shows this time, in UTC; skipped times count as the jump past them."""
    moment = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if moment.astimezone(zone).replace(tzinfo=None) == wall:
        return moment
    # In the gap of a clock change, fold=0 counts with the offset from before, and lands as far behind the jump as the
    # wall time stands behind the gap's begin. The jump itself is where the offset changes.
    before, after = (wall.replace(tzinfo=zone, fold=fold).utcoffset() for fold in (0, 1))
    assert before is not None
    assert after is not None
    return _jump(moment - abs(after - before), moment, zone)


def _jump(low: datetime, high: datetime, zone: tzinfo) -> datetime:
    """The instant between `low` and `high` at which the offset changes, to the second."""
    offset = low.astimezone(zone).utcoffset()
    while high - low > timedelta(seconds=1):
        middle = low + (high - low) / 2
        low, high = (middle, high) if middle.astimezone(zone).utcoffset() == offset else (low, middle)
    return high.replace(microsecond=0)
