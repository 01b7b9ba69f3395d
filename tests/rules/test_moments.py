from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from pydantic import TypeAdapter

from rules.clocks import LocalTime, Moment
from rules.durations import parse_offset
from rules.moments import dated, next_moment, settled
from tests.rules.worlds import EXAMPLES

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


@settings(max_examples=EXAMPLES)
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


# Zone, value, offset, time of day, expected (UTC). The reasons stand beside the lines.
DATES = [
    ("Europe/Helsinki", "2026-12-10", "0s", None, "2026-12-09T22:00"),  # a day begins at midnight there
    ("America/Los_Angeles", "2026-12-10", "0s", None, "2026-12-10T08:00"),
    ("Asia/Kathmandu", "2026-12-10", "0s", "09:00", "2026-12-10T03:15"),
    ("Asia/Tokyo", "2026-12-10", "-3d", "08:00", "2026-12-06T23:00"),
    ("Europe/Helsinki", "2026-10-26", "-3d", None, "2026-10-22T21:00"),  # three days on the calendar are 73 hours
    ("Europe/Helsinki", "2026-10-26", "-3d", "09:00", "2026-10-23T06:00"),
    ("America/Los_Angeles", "2026-03-07", "2d", "09:00", "2026-03-09T16:00"),  # summer time began on the 8th
    ("Europe/Helsinki", "2026-03-28", "1d3h30m", None, "2026-03-29T01:00"),  # 03:30 was skipped: when the clock jumps
    ("Australia/Lord_Howe", "2026-10-03", "1d", "02:15", "2026-10-03T15:30"),  # a jump of half an hour
    ("Australia/Lord_Howe", "2026-04-04", "1d", "01:45", "2026-04-04T14:45"),  # shown twice: the first time
    ("Africa/Cairo", "2026-04-24", "0s", None, "2026-04-23T22:00"),  # its midnight is skipped: when the clock jumps
    ("Asia/Tokyo", "2026-12-10T00:00:00Z", "0s", "09:00", "2026-12-10T00:00"),  # midnight in UTC is a bare date
    ("Asia/Tokyo", "2026-12-10T18:00:00+02:00", "0s", None, "2026-12-10T16:00"),  # a moment is the same everywhere
    ("Asia/Tokyo", "2026-12-10T18:00:00+02:00", "-1d12h", None, "2026-12-09T04:00"),
    ("Asia/Tokyo", "2026-12-10T18:00:00+02:00", "0s", "09:00", "2026-12-11T00:00"),  # it is the 11th there by then
    ("Europe/Helsinki", "2026-10-24T12:00:00Z", "1d", None, "2026-10-25T12:00"),  # from a moment on, a day is 24 hours
    ("UTC", "2020-01-01", "0s", None, "2020-01-01T00:00"),  # past is past
    ("UTC", "2024-02-29", "365d", "12:00", "2025-02-28T12:00"),
]


@pytest.mark.parametrize(("zone", "value", "offset", "clock", "expected"), DATES)
def test_a_date_is_counted_where_the_contact_lives(
    zone: str, value: str, offset: str, clock: str | None, expected: str
) -> None:
    at = dated(value, parse_offset(offset), time.fromisoformat(clock) if clock else None, ZoneInfo(zone))
    assert at == datetime.fromisoformat(expected).replace(tzinfo=UTC)


@pytest.mark.parametrize("value", [None, "", "soon", 20261210, True, "2026-02-30", ["2026-12-10"], {"a": 1}])
def test_what_is_no_date_is_none(value: object) -> None:
    assert dated(value, timedelta(0), None, UTC) is None


def test_a_day_beyond_the_calendar_is_none() -> None:
    assert dated("9999-12-31", timedelta(days=30), None, UTC) is None
    assert dated("9999-12-31T12:00:00Z", timedelta(days=30), None, UTC) is None


MOMENT: TypeAdapter[Moment] = TypeAdapter(Moment)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"time": "09:00"}, "2026-11-22T07:00"),
        ({"trait": "trial.ends", "offset": "-1d"}, "2026-12-08T22:00"),
        ({"property": "departs"}, "2027-01-01T06:30"),
        ({"trait": "trial"}, None),
        ({"property": "no"}, None),
    ],
)
def test_a_moment_stands_on_the_clock_on_the_contact_or_on_the_first_event(
    written: object, expected: str | None
) -> None:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC)
    traits, start = {"trial": {"ends": "2026-12-10"}}, {"departs": "2027-01-01T06:30Z"}
    at = settled(MOMENT.validate_python(written), now, ZoneInfo("Europe/Helsinki"), traits, start)
    assert at == (datetime.fromisoformat(expected).replace(tzinfo=UTC) if expected else None)
