"""When the dates in a contact's traits come round: leap years, zones, clock changes, lists, and what is no date."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from rules.dates import Occurrence, dates_at, next_occurrence
from rules.triggers import OnDate
from tests.rules.worlds import EXAMPLES

HELSINKI, LOS_ANGELES, TOKYO = ZoneInfo("Europe/Helsinki"), ZoneInfo("America/Los_Angeles"), ZoneInfo("Asia/Tokyo")
KATHMANDU, LORD_HOWE = ZoneInfo("Asia/Kathmandu"), ZoneInfo("Australia/Lord_Howe")
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def trigger(path: str = "birthday", **more: Any) -> OnDate:
    return OnDate.model_validate({"date": path, "yearly": True} | more)


def comes(asked: OnDate, value: object, now: datetime = NOW, zone: ZoneInfo = HELSINKI) -> tuple[str, str] | None:
    """The instant in UTC and the day, as text."""
    found = next_occurrence(asked, {"birthday": value}, now, zone)
    return None if found is None else (f"{found.at:%Y-%m-%d %H:%M}", str(found.day))


YEARLY, ONCE = trigger(), trigger(yearly=False)


@pytest.mark.parametrize(
    ("asked", "value", "expected"),
    [
        # Yearly: this year, next year, today before and after its time, and not before the date itself.
        (YEARLY, "1990-12-01", ("2026-12-01 07:00", "2026-12-01")),
        (YEARLY, "1990-05-01", ("2027-05-01 06:00", "2027-05-01")),
        (trigger(time="15:00"), "1990-11-21", ("2026-11-21 13:00", "2026-11-21")),
        (YEARLY, "1990-11-21", ("2027-11-21 07:00", "2027-11-21")),
        (YEARLY, "2031-05-01", ("2031-05-01 06:00", "2031-05-01")),
        # Before and after, over the turn of the year too.
        (trigger(offset="-7d"), "1990-11-29", ("2026-11-22 07:00", "2026-11-29")),
        (trigger(offset="-7d"), "1990-01-03", ("2026-12-27 07:00", "2027-01-03")),
        (trigger(offset="14d"), "1990-11-10", ("2026-11-24 07:00", "2026-11-10")),
        (trigger(offset="14d"), "1990-12-25", ("2027-01-08 07:00", "2026-12-25")),
        (trigger(offset="400d"), "1990-11-01", ("2026-12-06 07:00", "2025-11-01")),
        (trigger(offset="-6h"), "1990-11-23", ("2026-11-23 01:00", "2026-11-23")),
        # The 29th of February.
        (YEARLY, "1992-02-29", ("2027-02-28 07:00", "2027-02-28")),
        (trigger(offset="1d"), "1992-02-29", ("2027-03-01 07:00", "2027-02-28")),
        # Once: in the future, and never again.
        (ONCE, "2026-12-01", ("2026-12-01 07:00", "2026-12-01")),
        (ONCE, "2026-11-20", None),
        (trigger(yearly=False, offset="-3d"), "2026-11-30", ("2026-11-27 07:00", "2026-11-30")),
        (trigger(yearly=False, offset="-3d"), "2026-11-23", None),
        (trigger(yearly=False, offset="30d"), "2026-11-01", ("2026-12-01 07:00", "2026-11-01")),
        # A birthday without its year.
        (YEARLY, "--12-01", ("2026-12-01 07:00", "2026-12-01")),
        (YEARLY, "--0229", ("2027-02-28 07:00", "2027-02-28")),
        (ONCE, "--12-01", None),
    ],
)
def test_a_date_comes_round(asked: OnDate, value: str, expected: tuple[str, str] | None) -> None:
    assert comes(asked, value) == expected


def test_the_29th_of_february_is_kept_on_its_day_in_leap_years() -> None:
    at = datetime(2028, 1, 1, tzinfo=UTC)
    assert comes(YEARLY, "1992-02-29", at) == ("2028-02-29 07:00", "2028-02-29")
    assert comes(YEARLY, "1992-02-28", at) == ("2028-02-28 07:00", "2028-02-28")
    assert comes(YEARLY, "1992-02-29", datetime(2099, 6, 1, tzinfo=UTC)) == ("2100-02-28 07:00", "2100-02-28")


@pytest.mark.parametrize(
    ("zone", "expected"),
    [
        (LOS_ANGELES, "2026-12-01 17:00"),
        (TOKYO, "2026-12-01 00:00"),
        (KATHMANDU, "2026-12-01 03:15"),
        (LORD_HOWE, "2026-11-30 22:00"),
        (HELSINKI, "2026-12-01 07:00"),
    ],
)
def test_it_is_the_contact_s_own_clock_that_counts(zone: ZoneInfo, expected: str) -> None:
    assert comes(YEARLY, "1990-12-01", zone=zone) == (expected, "2026-12-01")
    assert comes(trigger(zone="Asia/Tokyo"), "1990-12-01", zone=zone) == ("2026-12-01 00:00", "2026-12-01")


@pytest.mark.parametrize("unknown", ["Atlantis/Capital", "../etc", "", "Europe"])
def test_a_zone_that_nobody_knows_counts_as_none(unknown: str) -> None:
    assert comes(trigger(zone=unknown), "1990-12-01", zone=TOKYO) == ("2026-12-01 00:00", "2026-12-01")


@pytest.mark.parametrize(
    ("zone", "day", "time", "now", "expected"),
    [
        # Spring: the clock of Los Angeles jumps from 2:00 to 3:00, that of Lord Howe from 2:00 to 2:30.
        (LOS_ANGELES, "--03-14", "02:30", datetime(2027, 3, 1, tzinfo=UTC), "2027-03-14 10:00"),
        (LORD_HOWE, "--10-04", "02:15", datetime(2026, 10, 1, tzinfo=UTC), "2026-10-03 15:30"),
        # Autumn: 1:30 comes twice, and counts the first time.
        (LOS_ANGELES, "--11-01", "01:30", datetime(2026, 10, 1, tzinfo=UTC), "2026-11-01 08:30"),
        # The day before and after a change keep their own offsets.
        (HELSINKI, "--03-27", "09:00", datetime(2027, 3, 1, tzinfo=UTC), "2027-03-27 07:00"),
        (HELSINKI, "--03-28", "09:00", datetime(2027, 3, 1, tzinfo=UTC), "2027-03-28 06:00"),
    ],
)
def test_dates_keep_their_time_when_clocks_change(
    zone: ZoneInfo, day: str, time: str, now: datetime, expected: str
) -> None:
    found = comes(trigger(time=time), day, now, zone)
    assert found is not None
    assert found[0] == expected


@pytest.mark.parametrize(
    ("value", "day"),
    [
        ("1990-05-17", date(1990, 5, 17)),
        ("1990-05-17T00:00:00Z", date(1990, 5, 17)),
        ("1990-05-17T00:00:00.000+00:00", date(1990, 5, 17)),
        ("1990-05-17T00:00:00", date(1990, 5, 17)),
        ("1990-05-17T00:00:00-07:00", date(1990, 5, 17)),
        ("1990-05-17T23:30:00-07:00", date(1990, 5, 17)),
        ("1990-05-17T04:00:00Z", date(1990, 5, 16)),
    ],
)
def test_midnight_in_utc_is_a_bare_date_and_every_other_moment_is_the_day_where_the_contact_lives(
    value: str, day: date
) -> None:
    assert list(dates_at({"birthday": value}, "birthday", LOS_ANGELES)) == [day]


@pytest.mark.parametrize(
    "value", [None, "", "soon", "1990-13-01", "1990-02-30", "--13-01", "--02-30", "19900517", 640915200, True, {}, []]
)
def test_what_is_no_date_is_passed_over(value: object) -> None:
    assert comes(YEARLY, value) is None
    assert comes(YEARLY, [value, "1990-12-01"]) == ("2026-12-01 07:00", "2026-12-01")


@pytest.mark.parametrize(
    "value", ["9999-12-31", "0001-01-01", "9999-12-31T23:59:59-11:00", "0001-01-01T00:00:00+11:00"]
)
@pytest.mark.parametrize("offset", ["-400d", "400d"])
def test_dates_at_the_ends_of_the_calendar_do_no_harm(value: str, offset: str) -> None:
    found = next_occurrence(trigger(yearly=False, offset=offset), {"birthday": value}, NOW, LORD_HOWE)
    assert found is None or found.day.year in (9998, 9999)
    yearly = next_occurrence(trigger(offset=offset), {"birthday": value}, NOW, LORD_HOWE)
    assert yearly is None or yearly.at > NOW


CHILDREN = {
    "children": [{"name": "A", "birthday": "2019-12-24"}, {"birthday": "2021-11-30"}, {"name": "C"}, "nobody"],
    "children_birthdays": ["2019-12-24", None, "2021-11-30", "2021-11-30"],
    "family": {"children": [[{"birthday": "2021-11-30"}]]},
}


@pytest.mark.parametrize("path", ["children.birthday", "children_birthdays", "family.children.birthday"])
def test_of_several_dates_the_next_one_comes_first(path: str) -> None:
    found = next_occurrence(trigger(path), CHILDREN, NOW, HELSINKI)
    assert found == Occurrence(datetime(2026, 11, 30, 7, tzinfo=UTC), date(2026, 11, 30))


def test_one_after_the_other_every_date_comes_once_a_year_and_two_on_one_day_are_one() -> None:
    asked, now, days = trigger("children_birthdays"), NOW, []
    for _ in range(4):
        found = next_occurrence(asked, CHILDREN, now, HELSINKI)
        assert found is not None
        days.append(str(found.day))
        now = found.at
    assert days == ["2026-11-30", "2026-12-24", "2027-11-30", "2027-12-24"]


@pytest.mark.parametrize("path", ["birthday", "children.age", "children.birthday.year", "family"])
def test_a_path_that_leads_nowhere_has_no_dates(path: str) -> None:
    assert next_occurrence(trigger(path), CHILDREN, NOW, HELSINKI) is None


def test_new_year_s_day_comes_again_where_it_begins_while_it_is_december_elsewhere() -> None:
    came = datetime(2026, 12, 31, 23, tzinfo=UTC)  # eight in the morning of the 1st, in Tokyo
    asked = trigger(time="08:00")
    first = next_occurrence(asked, {"birthday": "1990-01-01"}, NOW, TOKYO)
    second = next_occurrence(asked, {"birthday": "1990-01-01"}, came, TOKYO)
    assert (first, second) == (
        Occurrence(came, date(2027, 1, 1)),
        Occurrence(came + timedelta(days=365), date(2028, 1, 1)),
    )


@settings(max_examples=EXAMPLES)
@given(
    born=st.dates(date(1930, 1, 1), date(2030, 12, 31)),
    now=st.integers(-800_000_000, 1_000_000_000).map(lambda seconds: NOW + timedelta(seconds=seconds)),
    offset=st.integers(-500, 500),
    zone=st.sampled_from([HELSINKI, LOS_ANGELES, TOKYO, KATHMANDU, LORD_HOWE]),
)
def test_no_occurrence_is_missed_and_none_comes_twice(born: date, now: datetime, offset: int, zone: ZoneInfo) -> None:
    asked = trigger(offset=f"{offset}d")
    first = next_occurrence(asked, {"birthday": str(born)}, now, zone)
    assert first is not None
    assert first.at > now
    wall = first.at.astimezone(zone)
    assert wall.date() == first.day + timedelta(days=offset)
    second = next_occurrence(asked, {"birthday": str(born)}, first.at, zone)
    assert second is not None
    assert second.day.year == first.day.year + 1
    if first.day.year > born.year:
        assert first.at - now <= timedelta(days=367)
