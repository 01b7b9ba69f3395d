"""Quiet hours on every clock, caps in every while, and whose letter goes first."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from rules.pacing import Counted, Wished, counts, open_for, precedent, quiet, told
from rules.policies import Cap, Pacing, QuietHours
from tests.rules.worlds import EXAMPLES

NIGHT = QuietHours.model_validate({"from": "22:00", "to": "08:00"})
ZONES = ("America/Los_Angeles", "Asia/Tokyo", "Asia/Kathmandu", "Australia/Lord_Howe", "Europe/Mariehamn")
NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


def ends(now: str, zone: str = "Europe/Mariehamn", *policy: QuietHours) -> str | None:
    """When the quiet hours at this wall time end, by the same clock."""
    begun = quiet(policy or (NIGHT,), datetime.fromisoformat(now).replace(tzinfo=ZoneInfo(zone)), ZoneInfo(zone))
    return f"{begun.until.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}" if begun else None


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-11-21 21:59:59", None),
        ("2026-11-21 22:00:00", "2026-11-22 08:00"),
        ("2026-11-22 00:00:00", "2026-11-22 08:00"),
        ("2026-11-22 07:59:59", "2026-11-22 08:00"),
        ("2026-11-22 08:00:00", None),
    ],
)
def test_quiet_hours_pass_midnight_and_end_to_the_minute(now: str, until: str | None) -> None:
    assert ends(now) == until


@pytest.mark.parametrize("zone", ZONES)
def test_quiet_hours_are_those_of_the_contacts_clock(zone: str) -> None:
    assert ends("2026-11-21 23:30", zone) == "2026-11-22 08:00"


def test_quiet_hours_of_a_weekday_are_those_that_begin_on_it() -> None:
    weekend = QuietHours.model_validate({"from": "18:00", "to": "09:00", "weekday": ["fri", "sat"]})
    thursday, friday, sunday_morning, sunday_night = (
        ends(f"2026-11-{day}", "Asia/Tokyo", weekend) for day in ("19 20:00", "20 20:00", "22 08:00", "22 20:00")
    )
    assert (thursday, friday) == (None, "2026-11-21 09:00")
    assert (sunday_morning, sunday_night) == ("2026-11-22 09:00", None)


def test_quiet_hours_that_follow_each_other_end_together() -> None:
    sunday = QuietHours.model_validate({"from": "00:00", "to": "00:00", "weekday": "sun"})
    assert ends("2026-11-21 23:00", "Asia/Kathmandu", NIGHT, sunday) == "2026-11-23 08:00"


@pytest.mark.parametrize(
    ("hours", "now", "zone", "until"),
    [
        # The clock jumps from 02:00 to 03:00: an end that it never shows is the jump.
        (("22:00", "02:30"), "2026-03-08T08:30+00:00", "America/Los_Angeles", "2026-03-08T10:00+00:00"),
        # It shows 01:00 to 02:00 twice: it is quiet both times.
        (("22:00", "01:30"), "2026-11-01T08:10+00:00", "America/Los_Angeles", "2026-11-01T08:30+00:00"),
        (("22:00", "01:30"), "2026-11-01T09:10+00:00", "America/Los_Angeles", "2026-11-01T09:30+00:00"),
        # Half an hour, on Lord Howe: from 02:00 to 02:30.
        (("22:00", "02:15"), "2026-10-03T15:20+00:00", "Australia/Lord_Howe", "2026-10-03T15:30+00:00"),
    ],
)
def test_clock_changes_within_quiet_hours(hours: tuple[str, str], now: str, zone: str, until: str) -> None:
    policy = (QuietHours.model_validate({"from": hours[0], "to": hours[1]}),)
    begun = quiet(policy, datetime.fromisoformat(now), ZoneInfo(zone))
    assert begun is not None
    assert begun.until == datetime.fromisoformat(until)


def test_it_is_known_when_quiet_hours_begin_soon() -> None:
    zone = ZoneInfo("Europe/Mariehamn")
    evening = datetime(2026, 11, 21, 21, 50, 30, tzinfo=zone)
    assert open_for((NIGHT,), evening, zone, timedelta(minutes=25)) == timedelta(minutes=9, seconds=30)
    assert open_for((NIGHT,), evening, zone, timedelta(minutes=5)) is None
    assert open_for((), evening, zone, timedelta(minutes=25)) is None


@settings(max_examples=EXAMPLES)
@given(
    st.integers(0, 730 * 24 * 60).map(lambda minutes: datetime(2026, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)),
    st.sampled_from(ZONES), st.times(), st.times(),
    st.lists(st.sampled_from(["mon", "tue", "wed", "thu", "fri", "sat", "sun"]), max_size=6),
)  # fmt: skip
def test_a_letter_leaves_at_the_first_minute_that_is_not_quiet(
    now: datetime, zone: str, begin: object, end: object, weekdays: list[str]
) -> None:
    told_so = {"from": str(begin)[:5], "to": str(end)[:5], "weekday": weekdays or ["mon"]}
    hours, clock = QuietHours.model_validate(told_so), ZoneInfo(zone)
    begun = quiet((hours,), now, clock)
    assert (begun is not None) == hours.shows(now.astimezone(clock))
    if begun is not None:
        assert not hours.shows(begun.until.astimezone(clock))
        before = begun.until - timedelta(minutes=1)
        assert before < now or hours.shows(before.astimezone(clock))


def test_a_week_without_an_open_minute_is_refused() -> None:
    with pytest.raises(ValidationError, match="quiet the whole week"):
        Pacing.model_validate({"quiet_hours": [{"from": "08:00", "to": "20:00"}, {"from": "20:00", "to": "08:00"}]})


@pytest.mark.parametrize("wrong", [{"at_most": 1, "per": "10s"}, {"at_most": 1, "per": "1d", "class": "transactional"}])
def test_caps_are_on_marketing_letters_and_over_a_while(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        Cap.model_validate(wrong)


def cap(at_most: int, per: str = "1d", topic: str | None = None) -> Cap:
    return Cap.model_validate({"at_most": at_most, "per": per, "topic": topic})


def ago(*hours: float, topic: str | None = None) -> list[Counted]:
    return [Counted(NOON - timedelta(hours=each), topic) for each in hours]


@pytest.mark.parametrize(
    ("at_most", "letters", "room", "hours"),
    [
        (2, ago(), 2, None),
        (2, ago(3), 1, None),
        (2, ago(3, 5), 0, 24 - 5),
        (2, ago(3, 5, 7), 0, 24 - 5),
        (1, ago(24), 1, None),
        (1, ago(23.99), 0, 0.01),
        (1, ago(-2), 0, 26),  # a run that time skipping has set ahead
        (1, ago(-30), 1, None),
    ],
)
def test_a_cap_counts_what_left_within_its_while(
    at_most: int, letters: list[Counted], room: int, hours: float | None
) -> None:
    (counted,) = counts([cap(at_most)], None, letters, NOON)
    assert counted.room == room
    assert (counted.until is None) == (hours is None)
    if hours is not None:
        assert counted.until == NOON + timedelta(hours=hours)


def test_nobody_knows_when_there_is_room_that_letters_under_way_may_take_or_leave() -> None:
    under_way = Counted(NOON - timedelta(days=3), open=True)
    (one,) = counts([cap(1)], None, [under_way], NOON)
    assert (one.room, one.until) == (0, None)
    (two,) = counts([cap(1)], None, [under_way, *ago(2)], NOON)
    assert (two.room, two.until) == (0, NOON + timedelta(hours=22))


def test_a_cap_on_a_topic_holds_for_it_alone() -> None:
    letters = [*ago(1, topic="news"), *ago(2, topic="offers")]
    news = counts([cap(1, topic="news"), cap(3)], "news", letters, NOON)
    assert [str(each) for each in news] == ["1 of 1 letter about news in 1 day", "2 of 3 marketing letters in 1 day"]
    assert [told(each.cap) for each in counts([cap(1, topic="news")], "offers", letters, NOON)] == []


def wished(key: str, priority: int, minute: int = 0, topic: str | None = None) -> Wished:
    return Wished(key, priority, NOON + timedelta(minutes=minute), topic)


@pytest.mark.parametrize(
    ("others", "at_most", "first"),
    [
        ([], 1, None),
        ([wished("b", 60)], 1, "b"),
        ([wished("b", 40)], 1, None),
        ([wished("b", 50, -1)], 1, "b"),
        ([wished("b", 50, 1)], 1, None),
        ([wished("b", 60)], 2, None),
        ([wished("b", 60), wished("c", 70)], 2, "b"),
    ],
)
def test_the_highest_priority_leaves_and_then_the_older_wish(
    others: Sequence[Wished], at_most: int, first: str | None
) -> None:
    found = precedent(wished("a", 50), others, counts([cap(at_most)], None, [], NOON))
    assert (found.send_key if found else None) == first


def test_letters_about_another_topic_take_no_room_under_a_cap_on_this_one() -> None:
    own, other = wished("a", 50, topic="news"), wished("b", 60, topic="offers")
    assert precedent(own, [other], counts([cap(1, topic="news")], "news", [], NOON)) is None


@settings(max_examples=EXAMPLES)
@given(st.integers(1, 3), st.lists(st.integers(0, 500), max_size=60))
def test_whoever_waits_as_told_never_exceeds_a_cap(at_most: int, pauses: list[int]) -> None:
    """Letters that ask in any rhythm, each coming back when it was told to."""
    limit, now, left = cap(at_most, "3h"), NOON, list[Counted]()
    for pause in pauses:
        now += timedelta(minutes=pause)
        (counted,) = counts([limit], None, left, now)
        if not counted.room:
            assert counted.until is not None
            assert counted.until > now
            now = counted.until
            assert counts([limit], None, left, now)[0].room
        left.append(Counted(now))
    for letter in left:
        within = [other for other in left if letter.at <= other.at < letter.at + limit.per]
        assert len(within) <= at_most
