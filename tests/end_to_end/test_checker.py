"""The checker of the fault test finds what it is there to find."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.end_to_end.checker import Verdict, check_enrolments, check_ledger, check_letters
from tests.end_to_end.shoppers import Habit, Shopper

ORDERED = datetime(2026, 11, 21, 12, tzinfo=UTC)

Row = dict[str, Any]


def somebody(habit: Habit) -> Shopper:
    return Shopper("anna", 1, habit, "gold", ordered_at=ORDERED)


def came(*letters: str, after_s: float = -60) -> list[Row]:
    at = (ORDERED + timedelta(seconds=after_s)).isoformat()
    return [{"subject": f"{letter.title()} 1", "received_at": at, "message_id": f"<{letter}@x>"} for letter in letters]


def verdict_on(habit: Habit, mails: Sequence[Row]) -> Verdict:
    shopper = somebody(habit)
    return check_letters([shopper], {shopper.address: mails})


def counts(verdict: Verdict) -> tuple[int, int, int]:
    return len(verdict.lost), len(verdict.duplicated), len(verdict.unexpected)


@pytest.mark.parametrize(
    ("habit", "letters"),
    [
        (Habit.CLICKS, ("hello", "gold", "goodbye")),
        (Habit.SILENT, ("hello", "gold", "nudge", "goodbye")),
        (Habit.BUYS, ("hello", "gold", "receipt", "review")),
        (Habit.BUYS_AT_ONCE, ("receipt", "review")),
        (Habit.HASTY, ("receipt", "review")),
        (Habit.HASTY, ("hello", "gold", "receipt", "review")),
        (Habit.STRANGER, ()),
    ],
)
def test_what_must_come_and_nothing_else_is_spotless(habit: Habit, letters: tuple[str, ...]) -> None:
    assert verdict_on(habit, came(*letters)).spotless
    for missing in set(letters) - {"hello", "gold"}:
        assert counts(verdict_on(habit, came(*(letter for letter in letters if letter != missing)))) == (1, 0, 0)


def test_a_letter_that_came_twice_is_a_duplicate() -> None:
    assert counts(verdict_on(Habit.CLICKS, came("hello", "gold", "gold", "goodbye"))) == (0, 1, 0)


def test_a_letter_of_the_other_branch_is_unexpected_and_one_to_a_stranger_too() -> None:
    assert counts(verdict_on(Habit.CLICKS, came("hello", "gold", "silver", "goodbye"))) == (0, 0, 1)
    assert counts(verdict_on(Habit.STRANGER, came("hello"))) == (0, 0, 1)
    assert counts(check_letters([], {"nobody@x": came("hello")})) == (0, 0, 1)


def test_after_an_order_no_marketing_may_come_and_none_may_be_skipped_before_it() -> None:
    late = came("hello", "receipt", "review") + came("gold", after_s=5)
    assert counts(verdict_on(Habit.HASTY, late)) == (0, 0, 1)
    assert counts(verdict_on(Habit.HASTY, came("gold", "receipt", "review"))) == (0, 0, 1)


MESSAGE: Row = {
    "id": 1,
    "letter": "hello",
    "state": "sent",
    "reason": None,
    "settled_at": ORDERED,
    "message_id": "<hello@x>",
}
ATTEMPT: Row = {"message": 1, "outcome": "accepted"}


@pytest.mark.parametrize(
    ("message", "attempts", "words"),
    [
        ({}, [], "with attempts {}"),
        ({}, [ATTEMPT, ATTEMPT], "with attempts {'accepted': 2}"),
        ({"settled_at": None, "state": "dot_pending"}, [], "is not settled: dot_pending"),
        ({"state": "cancelled"}, [ATTEMPT], "is cancelled, with attempts"),
        ({"state": "unknown"}, [], "the mailbox has <hello@x>, which is not sent"),
        ({"message_id": "<other@x>"}, [ATTEMPT], "<other@x> is sent, and the mailbox does not have it"),
    ],
)
def test_a_ledger_that_does_not_agree_with_the_mailbox_is_told(message: Row, attempts: list[Row], words: str) -> None:
    told = list(check_ledger({"a@x": came("hello")}, [MESSAGE | message], attempts))
    assert any(words in line for line in told), told


def test_a_ledger_that_agrees_is_left_alone() -> None:
    mails = {"a@x": came("hello")}
    assert list(check_ledger(mails, [MESSAGE], [ATTEMPT, ATTEMPT | {"outcome": None}])) == []
    by_evidence = MESSAGE | {"reason": "the relay has it"}
    assert list(check_ledger(mails, [by_evidence], [ATTEMPT | {"outcome": None}])) == []


def test_runs_that_go_on_or_ended_for_another_reason_or_twice_are_told() -> None:
    crowd = [somebody(Habit.CLICKS)]
    row = {"user_id": "anna", "journey": "newcomer", "status": "ended", "reason": "completed"}
    assert list(check_enrolments(crowd, [row])) == []
    for wrong in ([], [row, row], [row | {"reason": "Order Completed"}], [row | {"status": "active", "reason": None}]):
        assert list(check_enrolments(crowd, wrong))
