from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as some

from rules.clocks import LocalTime
from rules.moments import next_moment

# Zone, now (UTC), time, weekdays, expected (UTC). The reasons stand beside the lines.
MOMENTS = [
    ("America/Los_Angeles", "2026-11-20T12:00", "18:00", ["fri"], "2026-11-21T02:00"),  # Friday evening there
    ("America/Los_Angeles", "2026-11-21T02:00", "18:00", ["fri"], "2026-11-28T02:00"),  # just now: in a week
    ("Asia/Tokyo", "2026-11-21T12:00", "08:00", ["mon"], "2026-11-22T23:00"),  # Monday there is Sunday in UTC
    ("Asia/Kathmandu", "2026-11-21T12:00", "09:00", [], "2026-11-22T03:15"),  # an offset of 5:45
    ("Europe/Helsinki", "2026-03-28T12:00", "09:00", [], "2026-03-29T06:00"),  # the day of 23 hours
    ("Europe/Helsinki", "2026-03-28T12:00", "03:30", [], "2026-03-29T01:00"),  # skipped: when the clock jumps
    ("Europe/Helsinki", "2026-10-24T12:00", "03:30", [], "2026-10-25T00:30"),  # shown twice: the first time
    ("Europe/Helsinki", "2026-10-25T00:30", "03:30", [], "2026-10-26T01:30"),  # not a second time an hour later
    ("Australia/Lord_Howe", "2026-10-03T10:00", "02:15", [], "2026-10-03T15:30"),  # a jump of half an hour
    ("Australia/Lord_Howe", "2026-04-04T10:00", "01:45", [], "2026-04-04T14:45"),  # shown twice, half an hour apart
    ("Pacific/Apia", "2011-12-29T12:00", "12:00", ["fri"], "2011-12-30T10:00"),  # the Friday that Samoa skipped
    ("UTC", "2026-11-21T12:00", "12:00", [], "2026-11-22T12:00"),  # now does not count
]


@pytest.mark.parametrize(("zone", "now", "clock", "weekdays", "expected"), MOMENTS)
def test_the_next_moment_is_right(zone: str, now: str, clock: str, weekdays: list[str], expected: str) -> None:
    local = LocalTime.model_validate({"time": clock, "weekday": weekdays})
    moment = next_moment(local, datetime.fromisoformat(now).replace(tzinfo=UTC), ZoneInfo(zone))
    assert moment == datetime.fromisoformat(expected).replace(tzinfo=UTC)


ZONES = ["Europe/Helsinki", "America/Los_Angeles", "Asia/Tokyo", "Asia/Kathmandu", "Australia/Lord_Howe"]


@given(
    some.sampled_from(ZONES),
    some.datetimes(datetime(2024, 1, 1), datetime(2028, 1, 1)),  # noqa: DTZ001  (made aware below)
    some.integers(0, 1439),
)
def test_the_moment_is_the_first_at_which_the_clock_shows_at_least_the_time(
    zone: str, naive: datetime, minutes: int
) -> None:
    now = naive.replace(tzinfo=UTC, microsecond=0)
    local = LocalTime.model_validate({"time": f"{minutes // 60:02}:{minutes % 60:02}"})
    moment = next_moment(local, now, ZoneInfo(zone))
    assert now < moment <= now + timedelta(hours=26)
    shown = moment.astimezone(ZoneInfo(zone))
    assert shown.time() >= local.time
    # The second before it, the clock had not come to the time yet (or it was still the day before).
    before = (moment - timedelta(seconds=1)).astimezone(ZoneInfo(zone))
    assert before.time() < local.time or before.date() != shown.date()
