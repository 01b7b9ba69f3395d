"""What starts a journey, and in which words it is told why an event does not."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from rules.arrivals import Arrival, Inside
from rules.entering import Refuse, Start, enter
from rules.facts import Happening
from rules.journey import Journey
from tests.rules.journeys import journey, routed

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
STEPS = "[{wait: 1h}]"


def enters(
    definition: Journey,
    name: str,
    known: Sequence[Inside] = (),
    *,
    ago: timedelta = timedelta(0),
    backfill: bool = False,
    **properties: Any,
) -> Start | Refuse | None:
    arrival = Arrival(Happening(name, NOW, properties, 10), NOW, NOW - ago, backfill=backfill)
    return enter(arrival, routed(definition), known)


def been(ago: timedelta, *, ended: bool = True, key: str = "") -> Inside:
    return Inside(UUID(int=1), "tried", 1, key, 1, {}, NOW - ago, ended, "journey/tried/1")


ORDERS = {"event": "Order Completed", "where": {"property": "total", "gte": 100}}
SEVERAL = journey(
    STEPS,
    trigger=[
        ORDERS,
        {"event": ["Signed Up", "Order Completed"], "where": {"property": "country", "is": "SE"}},
        {"segment": "loyal"},
        {"segment": "at-risk", "on": "left"},
        {"date": "birthday", "yearly": True},
        {"date": "trial_ends_at", "offset": "-3d"},
        {"schedule": "0 9 * * mon", "segment": "loyal"},
        {"api": True},
    ],
)


@pytest.mark.parametrize(
    ("name", "properties"),
    [
        ("Order Completed", {"total": 100}),
        ("Order Completed", {"total": 1, "country": "SE"}),
        ("Signed Up", {"country": "SE"}),
        ("Segment Entered", {"segment": "loyal"}),
        ("Segment Left", {"segment": "at-risk"}),
        ("Date Reached", {"journey": "tried", "trait": "birthday", "date": "2026-11-21"}),
        ("Date Reached", {"journey": "tried", "trait": "trial_ends_at", "date": "2026-11-24"}),
        ("Schedule Reached", {"journey": "tried", "at": "2026-11-23T09:00:00+00:00"}),
        ("Enrolment Requested", {"journey": "tried"}),
    ],
)
def test_any_of_several_triggers_starts_the_journey(name: str, properties: dict[str, Any]) -> None:
    assert isinstance(enters(SEVERAL, name, **properties), Start)


@pytest.mark.parametrize(
    ("name", "properties"),
    [
        ("Product Viewed", {"total": 100}),
        ("Segment Entered", {"segment": "at-risk"}),
        ("Segment Left", {"segment": "loyal"}),
        ("Segment Entered", {}),
        ("Date Reached", {"journey": "another", "trait": "birthday"}),
        ("Date Reached", {"journey": "tried", "trait": "name_day"}),
        ("Schedule Reached", {"journey": "another"}),
        ("Enrolment Requested", {"journey": "another"}),
    ],
)
def test_what_is_about_something_else_is_no_occasion_and_no_refusal(name: str, properties: dict[str, Any]) -> None:
    assert enters(SEVERAL, name, **properties) is None


LATE = journey(STEPS, trigger={"event": "Signed Up", "late": "2d"})
PROMPT = journey(STEPS, trigger={"event": "Signed Up"})


@pytest.mark.parametrize(
    ("definition", "ago", "backfill", "verdict"),
    [
        (PROMPT, timedelta(0), False, None),
        (PROMPT, HOUR, False, None),
        (PROMPT, HOUR + timedelta(seconds=1), False, "late"),
        (PROMPT, timedelta(0), True, "backfill"),
        (LATE, 2 * DAY, False, None),
        (LATE, 2 * DAY, True, None),
        (LATE, 2 * DAY + timedelta(seconds=1), False, "late"),
        (LATE, 3 * DAY, True, "backfill"),
    ],
)
def test_a_late_event_starts_a_journey_only_if_its_trigger_allows_the_age(
    definition: Journey, ago: timedelta, backfill: bool, verdict: str | None
) -> None:
    step = enters(definition, "Signed Up", ago=ago, backfill=backfill)
    assert (step.verdict if isinstance(step, Refuse) else None) == verdict


def test_a_date_that_was_reached_while_nobody_worked_starts_the_journey_for_a_day() -> None:
    about: dict[str, Any] = {"journey": "tried", "trait": "birthday", "date": "2026-11-20"}
    assert isinstance(enters(SEVERAL, "Date Reached", ago=20 * HOUR, **about), Start)
    refused = enters(SEVERAL, "Date Reached", ago=25 * HOUR, **about)
    assert isinstance(refused, Refuse)
    assert (refused.verdict, refused.why().reason) == (
        "late",
        "the date was reached 1 day 1 hour ago, while nobody worked",
    )


def test_a_segment_that_was_entered_by_time_alone_while_nobody_worked_starts_the_journey_all_the_same() -> None:
    assert isinstance(enters(SEVERAL, "Segment Entered", ago=5 * DAY, segment="loyal"), Start)


KEYED = journey(STEPS, trigger={"event": "Order Completed"}, key="properties.order_id", re_entry="always")
AFTER = journey(STEPS, trigger={"event": "Signed Up"}, re_entry="after 7d")


@pytest.mark.parametrize(
    ("step", "verdict", "reason"),
    [
        (
            enters(journey(STEPS, trigger=ORDERS), "Order Completed", total=99),
            "filter",
            "Order Completed does not count; total is at least 100: no, it is 99",
        ),
        (
            enters(journey(STEPS, trigger=ORDERS), "Order Completed"),
            "filter",
            "Order Completed does not count; total is at least 100: no, there is none",
        ),
        (enters(KEYED, "Order Completed"), "no key", "Order Completed tells no properties.order_id"),
        (
            enters(KEYED, "Order Completed", [been(HOUR, ended=False, key="7")], order_id=7),
            "inside",
            "on the way since 2026-11-21 11:00 UTC",
        ),
        (
            enters(PROMPT, "Signed Up", [been(5 * DAY)]),
            "re-entry",
            "entered 2026-11-16, and the journey is for once",
        ),
        (
            enters(AFTER, "Signed Up", [been(5 * DAY)]),
            "re-entry",
            "entered 2026-11-16 12:00 UTC, and may enter again from 2026-11-23 12:00 UTC on",
        ),
        (
            enters(PROMPT, "Signed Up", ago=timedelta(hours=3, minutes=5, seconds=7)),
            "late",
            "Signed Up happened 3 hours 5 minutes before it came; the journey takes events only when they are new",
        ),
        (
            enters(LATE, "Signed Up", ago=4 * DAY, backfill=True),
            "backfill",
            "Signed Up was imported, and happened 4 days before it came; the journey takes events up to 2 days late",
        ),
    ],
)
def test_a_refusal_says_why(step: Start | Refuse | None, verdict: str, reason: str) -> None:
    assert isinstance(step, Refuse)
    assert (step.verdict, step.why().reason) == (verdict, reason)


def test_of_several_conditions_the_first_that_fails_is_told_and_all_are_kept() -> None:
    where = [{"property": "country", "is": "SE"}, {"property": "total", "gte": 100}, {"property": "gift", "is": True}]
    refused = enters(journey(STEPS, trigger={"event": "A", "where": {"all": where}}), "A", country="SE", total=5)
    assert isinstance(refused, Refuse)
    assert refused.why().reason == "A does not count; total is at least 100: no, it is 5"
    assert [(each["held"], each["value"]) for each in refused.why().facts["conditions"]] == [
        (True, "SE"),
        (False, 5),
        (False, None),
    ]


def test_a_refusal_rests_on_facts() -> None:
    again = enters(AFTER, "Signed Up", [been(5 * DAY)])
    late = enters(LATE, "Signed Up", ago=4 * DAY)
    assert isinstance(again, Refuse)
    assert isinstance(late, Refuse)
    assert again.why().facts == {"entered": "2026-11-16T12:00:00+00:00", "until": "2026-11-23T12:00:00+00:00"}
    assert late.why().facts == {"occurred_at": "2026-11-17T12:00:00+00:00", "age": 345_600, "allowed": 172_800}


def test_each_child_s_birthday_begins_a_run_of_its_own() -> None:
    children = journey(
        STEPS, trigger={"date": "children.birthday", "yearly": True}, key="properties.date", re_entry="always"
    )
    about: dict[str, Any] = {"journey": "tried", "trait": "children.birthday"}
    starts = [enters(children, "Date Reached", date=day, **about) for day in ("2026-05-01", "2026-11-21")]
    assert [start.key for start in starts if isinstance(start, Start)] == ["2026-05-01", "2026-11-21"]
    running = replace(been(HOUR, ended=False), key="2026-11-21")
    assert isinstance(enters(children, "Date Reached", [running], date="2026-05-01", **about), Start)
    assert isinstance(enters(children, "Date Reached", [running], date="2026-11-21", **about), Refuse)
