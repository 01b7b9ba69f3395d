"""Why a letter came, and why it did not: the sentence out of what was recorded."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest

from rules.decisions import Noted
from rules.journey import Journey
from rules.telling import Answer, Post, Record, Stay, explain, steps_of, writers

AT = datetime(2026, 11, 21, 9, 30, tzinfo=UTC)
CONTACT, RUN = UUID(int=1), UUID(int=2)


def journey(**given: Any) -> Journey:
    written = {
        "journey": "cart",
        "title": "Cart",
        "class": "transactional",
        "trigger": {"event": "Cart Viewed"},
        "steps": [{"wait": "1h"}, {"send": "reminder"}],
    }
    return Journey.model_validate(written | given)


def stay(**given: Any) -> Stay:
    told: dict[str, Any] = {
        "id": RUN,
        "journey": "cart",
        "version": 3,
        "key": "",
        "status": "active",
        "reason": None,
        "started_at": AT,
    }
    return Stay(**told | given)


def post(state: str, reason: str | None, *, settled: bool = True) -> Post:
    return Post(RUN, "cart", "reminder", "reminder", state, reason, AT, AT + timedelta(hours=1) if settled else None)


def noted(kind: Any, verdict: str, reason: str | None = None, *, run: UUID | None = RUN) -> Noted:
    return Noted(None, AT, CONTACT, "cart", kind, verdict, reason, run, 3, "branch" if run else None)


def said(record: Record, letter: str | None = "reminder", **given: Any) -> str:
    (answer,) = explain(record, [journey(**given)], letter)
    return answer.said


@pytest.mark.parametrize(
    ("letter", "told"),
    [
        (post("sent", None), "sent 2026-11-21 10:30 UTC"),
        (
            post("unsubscribed", "never subscribed to offers"),
            "not sent: unsubscribed, never subscribed to offers (2026-11-21 10:30 UTC)",
        ),
        (post("unknown", "nobody knows"), "perhaps sent 2026-11-21 10:30 UTC: nobody knows"),
        (post("claimed", None, settled=False), "not sent yet: claimed (since 2026-11-21 09:30 UTC)"),
        (post("unknown", "in doubt", settled=False), "not sent yet: in doubt (since 2026-11-21 09:30 UTC)"),
    ],
)
def test_a_letter_is_told_with_what_became_of_it(letter: Post, told: str) -> None:
    assert said(Record([stay()], [letter])) == told


def test_a_run_that_took_another_way_is_told_with_its_last_decision() -> None:
    record = Record(
        [stay(status="ended", reason="completed", ended_at=AT + timedelta(days=1))],
        decisions=[noted("branch", "no case held", "orders_count is at least 3: no, it is 1")],
    )
    assert said(record) == (
        "the way did not come to reminder: entered 2026-11-21 09:30 UTC (version 3), ended 2026-11-22 09:30 UTC:"
        " completed; the last decision: branch: no case held, orders_count is at least 3: no, it is 1"
    )


def deferred(**facts: Any) -> Noted:
    return Noted(None, AT, CONTACT, "cart", "letter", "deferred", "it is night", RUN, 3, "reminder", facts)


def test_a_letter_that_has_to_wait_is_told_with_the_reason_and_until_when() -> None:
    record = Record([stay()], decisions=[deferred(until="2026-11-22T08:00:00+01:00"), noted("branch", "case 1 held")])
    assert said(record) == (
        "not sent yet: deferred, it is night, until 2026-11-22 07:00 UTC (since 2026-11-21 09:30 UTC)"
    )
    assert said(Record([stay()], decisions=[deferred()])).startswith("not sent yet: deferred, it is night (since")


def test_a_letter_that_waits_again_is_not_told_by_its_first_time_alone() -> None:
    again = replace(deferred(), at=AT + timedelta(hours=2))
    assert said(Record([stay()], [post("sent", None)], [again])) == (
        "not sent yet: deferred, it is night (since 2026-11-21 11:30 UTC); before that: sent 2026-11-21 10:30 UTC"
    )
    assert said(Record([stay()], [post("sent", None)], [deferred()])) == "sent 2026-11-21 10:30 UTC"


def test_a_letter_that_waited_in_vain_is_not_told_as_waiting() -> None:
    over = stay(status="ended", reason="Order Completed", ended_at=AT + timedelta(hours=1))
    assert "did not come to reminder" in said(Record([over], decisions=[deferred()]))


def test_a_letter_of_an_earlier_way_does_not_answer_for_the_latest_one() -> None:
    again = stay(id=UUID(int=9), started_at=AT + timedelta(days=9))
    told = said(Record([again, stay(status="ended")], [post("sent", None)]))
    assert told == (
        "the way did not come to reminder: entered 2026-11-30 09:30 UTC (version 3), still on the way;"
        " before that: sent 2026-11-21 10:30 UTC"
    )


def test_who_was_in_and_was_refused_since_is_told_both() -> None:
    inside = stay(started_at=AT - timedelta(days=9))
    record = Record([inside], decisions=[noted("refused", "inside", "on the way since 2026-11-12", run=None)])
    for letter in (None, "reminder"):
        assert said(record, letter).endswith("; refused since: on the way since 2026-11-12 (2026-11-21 09:30 UTC)")


def test_decisions_of_an_earlier_run_are_not_taken_for_the_latest_one() -> None:
    earlier = noted("branch", "no case held", run=UUID(int=9))
    assert "the last decision" not in said(Record([stay()], decisions=[earlier]))


def test_who_was_refused_is_told_the_latest_reason() -> None:
    refused = [noted("refused", "not entered", "total is over 5: no, it is 3", run=None)]
    assert said(Record(decisions=refused)) == "not entered: total is over 5: no, it is 3 (2026-11-21 09:30 UTC)"


@pytest.mark.parametrize(
    ("trigger", "awaited"),
    [
        ({"event": ["A", "B"]}, "it waits for A or B"),
        ({"segment": "vip", "on": "left"}, "it waits for Segment Left of vip"),
        ({"date": "birthday"}, "it waits for Date Reached of birthday"),
        ({"schedule": "0 9 * * 1", "segment": "vip"}, "it waits for Schedule Reached at '0 9 * * 1' for vip"),
        ({"api": True}, "it waits for Enrolment Requested"),
    ],
)
def test_who_never_came_is_told_what_the_journey_waits_for(trigger: dict[str, Any], awaited: str) -> None:
    assert awaited in said(Record(), trigger=trigger)


def test_without_a_letter_the_whole_way_is_told() -> None:
    stays = [stay(status="held", goal_at=AT + timedelta(days=2)), stay(id=UUID(int=8), started_at=AT - timedelta(9))]
    assert said(Record(stays), None) == (
        "entered 2026-11-21 09:30 UTC (version 3, 2 times in all), held on the way; goal reached 2026-11-23 09:30 UTC"
    )


def test_an_answer_bears_the_decisions_of_its_own_journey_alone() -> None:
    other = Noted(None, AT, CONTACT, "welcome", "entered", "entered")
    mine = noted("entered", "entered")
    assert explain(Record([stay()], decisions=[other, mine]), [journey()], None)[0].decisions == [mine]
    assert explain(Record(), [], None) == list[Answer]()


def test_the_writers_of_a_letter_are_the_journeys_that_send_it_to_anybody() -> None:
    staff = journey(journey="alert", steps=[{"notify": "sales", "letter": "lead"}])
    twice = journey(steps=[{"send": "reminder"}, {"wait": "1d"}, {"send": "reminder"}])
    assert writers([staff, twice], "lead") == [staff]
    assert steps_of(twice, "reminder") == ["reminder", "reminder-2"]


def test_a_journey_of_which_nothing_has_come_is_told_apart() -> None:
    for record, touched in (
        (Record(), False),
        (Record(decisions=[noted("refused", "filter", run=None)]), True),
        (Record(stays=[stay()]), True),
    ):
        (answer,) = explain(record, [journey()], None)
        assert answer.touched is touched
