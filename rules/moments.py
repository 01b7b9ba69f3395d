"""Local times: the next instant at which a clock in a zone shows a time, on a day that counts."""

from datetime import UTC, datetime, timedelta, tzinfo

from rules.clocks import LocalTime

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
        moment = _instant(datetime.combine(day, local.time), zone)
        if moment > now:
            return moment
    raise AssertionError("a week has every weekday")


def _instant(wall: datetime, zone: tzinfo) -> datetime:
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
