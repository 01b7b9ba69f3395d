"""What is kept: which changes concern it, which dates have come while nobody looked, and when to look again."""

from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from pydantic import TypeAdapter

from rules.conditions import Condition
from rules.dates import Occurrence
from rules.facts import Facts, Happening, Named
from rules.names import EVERY_TRAIT
from rules.needs import Needs
from rules.policies import Lifecycle
from rules.triggers import OnDate
from rules.upkeep import Change, dates_of, kept_dates, kept_segment, kept_stages, stage_of, together_by_contact

ANNA, BERT = UUID(int=1), UUID(int=2)
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
SHOP = ZoneInfo("Europe/Mariehamn")
TICK = timedelta(microseconds=1)


def change(*events: str, traits: tuple[str, ...] = (), **more: Any) -> Change:
    return Change(ANNA, frozenset(events), frozenset(traits), **more)


@pytest.mark.parametrize(
    ("happened", "asked", "met"),
    [
        (change("A"), Needs(events=frozenset("A")), True),
        (change("A"), Needs(events=frozenset("B"), traits=frozenset("A")), False),
        (change("A", traits=("plan",)), Needs(traits=frozenset({"plan"})), True),
        (change("A", traits=(EVERY_TRAIT,)), Needs(letters=True), True),
        (change("Subscribed"), Needs(topics=True), True),
        (change("Traits Changed"), Needs(topics=True), True),
        (change("A"), Needs(topics=True, stays=True, letters=True), False),
        (change(stays=True), Needs(stays=True), True),
        (change(stays=True), Needs(letters=True), False),
    ],
)
def test_a_change_concerns_what_asks_for_it(happened: Change, asked: Needs, met: bool) -> None:
    assert happened.meets(asked) is met


def test_changes_of_one_contact_become_one_and_are_an_occasion_if_any_of_them_is() -> None:
    earlier = NOW - timedelta(hours=1)
    imported = change("A", traits=("plan",), since=NOW, backfill=True)
    whole = together_by_contact([imported, change("B", since=earlier), Change(BERT, frozenset("C"), backfill=True)])
    assert whole[ANNA] == change("A", "B", traits=("plan",), since=earlier)
    assert whole[BERT].backfill


def children(*birthdays: str) -> dict[str, Any]:
    return {"children": [{"birthday": each} for each in birthdays], "timezone": "UTC"}


def dates(due: Occurrence | None, traits: dict[str, Any], now: datetime) -> tuple[list[date], date | None]:
    trigger = OnDate(date="children.birthday", yearly=True)
    (kept,) = kept_dates("birthday", [trigger])
    found = dates_of(kept, due, traits, now, SHOP)
    return [each.day for each in found.come], None if found.next is None else found.next.day


def test_every_date_that_came_during_an_outage_is_made_up_for_and_the_next_one_is_known() -> None:
    traits = children("2015-11-10", "2018-11-15", "2020-12-24")
    due = Occurrence(datetime(2026, 11, 10, 9, tzinfo=UTC), date(2026, 11, 10))
    assert dates(due, traits, NOW) == ([date(2026, 11, 10), date(2026, 11, 15)], date(2026, 12, 24))


def test_a_date_that_was_corrected_meanwhile_has_not_come() -> None:
    due = Occurrence(datetime(2026, 11, 10, 9, tzinfo=UTC), date(2026, 11, 10))
    assert dates(due, children("2015-11-30"), NOW) == ([], date(2026, 11, 30))


def test_a_date_that_was_never_noted_has_not_come() -> None:
    assert dates(None, children("2015-11-10"), NOW) == ([], date(2027, 11, 10))
    assert dates(None, {}, NOW) == ([], None)


@pytest.mark.parametrize(("zone", "hour"), [("Asia/Tokyo", 0), ("nowhere", 7), (7, 7), (None, 7)])
def test_a_date_comes_on_the_contacts_own_clock_or_else_on_the_shops(zone: object, hour: int) -> None:
    (kept,) = kept_dates("birthday", [OnDate(date="birthday", yearly=True)])
    found = dates_of(kept, None, {"birthday": "1980-11-30", "timezone": zone}, NOW, SHOP)
    assert found.next is not None
    assert found.next.at.astimezone(UTC) == datetime(2026, 11, 30, hour, tzinfo=UTC)


def test_of_a_journeys_triggers_only_dates_are_kept_each_under_its_number() -> None:
    kept = list(kept_dates("both", ["no trigger of dates", OnDate(date="birthday"), OnDate(date="plan.renews")]))
    assert [(each.name, sorted(each.needs.traits)) for each in kept] == [
        ("both#0", ["birthday", "timezone"]),
        ("both#1", ["plan", "timezone"]),
    ]


BOUGHT = {"event": "Order Completed"}


def named(**segments: dict[str, Any]) -> Named:
    adapter: TypeAdapter[Condition] = TypeAdapter(Condition)
    return Named(segments={name: adapter.validate_python(when) for name, when in segments.items()})


@pytest.mark.parametrize(
    ("when", "vacuous"),
    [
        (BOUGHT, False),
        ({"not": BOUGHT}, True),
        ({"topic": "news", "subscribed": False}, True),
        ({"all": [BOUGHT, {"not": {**BOUGHT, "within": "30d"}}]}, False),
        ({"trait": "plan", "exists": False}, True),
    ],
)
def test_a_segment_tells_whether_strangers_are_in_it(when: dict[str, Any], vacuous: bool) -> None:
    assert kept_segment("tried", named(tried=when)).vacuous is vacuous


def test_the_stage_changes_when_the_first_window_of_the_stages_so_far_closes() -> None:
    stages = [
        {"stage": "lapsed", "title": "L", "when": {"all": [BOUGHT, {"not": {**BOUGHT, "within": "30d"}}]}},
        {"stage": "keen", "title": "K", "when": {**BOUGHT, "within": "10d"}},
        {"stage": "customer", "title": "C", "when": BOUGHT},
        {"stage": "lead", "title": "E"},
    ]
    kept = kept_stages(Named(stages=Lifecycle.model_validate({"stages": stages}).stages))
    assert kept.timed == {"lapsed", "keen"}
    bought = [Happening("Order Completed", NOW - timedelta(days=3))]
    for now, stage, until in (
        (NOW, "keen", NOW + timedelta(days=7) + TICK),
        (NOW + timedelta(days=8), "customer", NOW + timedelta(days=27) + TICK),
        (NOW + timedelta(days=28), "lapsed", None),
    ):
        assert stage_of(kept, Facts(now=now, events=bought)) == (stage, until)
    assert stage_of(kept, Facts(now=NOW)) == ("lead", None)
