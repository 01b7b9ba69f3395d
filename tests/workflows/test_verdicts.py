"""What routing writes down, and what it does not write down again."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from rules.entering import Refuse, Why
from rules.facts import Happening
from store.outbox import Waiting
from tests.rules.journeys import journey, routed
from workflows.errands import Errands
from workflows.verdicts import Verdicts

AT = datetime(2026, 11, 21, 12, tzinfo=UTC)
WAITING = Waiting(UUID(int=1), Happening("Order Completed", AT, {}, 7), AT, 0, AT)


def refused(verdict: str = "filter", waiting: Waiting = WAITING, name: str = "tried", reason: str = "no") -> Errands:
    version = routed(journey("[{wait: 1h}]", journey=name))
    return Errands(waiting, refusals=[Refuse(version, verdict, lambda: Why(reason, {"total": 5}))])


def test_a_refusal_tells_its_event_its_reason_and_its_facts() -> None:
    (noted,) = Verdicts().of([refused(reason="total is 5")])
    assert (noted.kind, noted.verdict, noted.reason) == ("refused", "filter", "total is 5")
    assert noted.facts == {"event": "Order Completed", "seq": 7, "total": 5}
    assert (noted.contact_id, noted.journey, noted.version, noted.at) == (UUID(int=1), "tried", 1, AT)


def test_the_same_refusal_is_written_once_a_day_with_the_facts_of_the_first_time() -> None:
    (noted,) = Verdicts().of([refused(reason="first"), refused(reason="second")])
    assert noted.reason == "first"


def test_another_reason_journey_contact_or_day_is_another_refusal() -> None:
    tomorrow = replace(WAITING, received_at=AT + timedelta(days=1))
    somebody = replace(WAITING, contact_id=UUID(int=2))
    every = [refused(), refused("late"), refused(name="other"), refused(waiting=tomorrow), refused(waiting=somebody)]
    assert len({each.key for each in Verdicts().of(every)}) == 5


def test_what_is_committed_is_not_sent_to_the_database_again_and_what_is_not_is() -> None:
    known = Verdicts()
    first = known.of([refused()])
    assert known.of([refused()]) == first
    known.written(first)
    assert known.of([refused(), refused("late")]) == known.of([refused("late")])


def test_only_the_latest_are_remembered() -> None:
    known = Verdicts(remembered=2)
    known.written([known.of([refused(name=f"j{number}")])[0] for number in range(3)])
    assert known.of([refused(name="j0")]) != []
    assert known.of([refused(name="j2")]) == []
