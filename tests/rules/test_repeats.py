from pydantic import TypeAdapter

from rules.moves import Deliver, Finish, Sleep
from rules.run import Run
from rules.state import State
from tests.rules.driving import START, asked, days, event, hours, run, said, sent

WEEKLY = "[{repeat: {every: 7d, at_most: 3, steps: [{send: tip}]}}, {send: bye}]"
UNTIL = "[{repeat: {every: 7d, until: {trait: done, is: true}, steps: [{send: tip}]}}, {send: bye}]"
NESTED = """
- repeat:
    every: 30d
    at_most: 2
    steps:
      - send: month
      - repeat: {every: 1d, at_most: 2, steps: [{send: day}]}
- send: bye
"""


def test_each_round_begins_so_long_after_the_beginning_of_the_last_one() -> None:
    machine = run(WEEKLY)
    for number in range(3):
        assert sent(machine, days(7 * number)) == "tip"
        if number < 2:
            assert machine.next(days(7 * number)) == Sleep(days(7 * number + 7))
    assert sent(machine, days(14)) == "bye"
    assert said(machine)[:4] == [
        ("repeat", "again", "round 1"),
        ("repeat", "again", "round 2"),
        ("repeat", "again", "round 3"),
        ("repeat", "left", "3 rounds"),
    ]


def test_a_round_that_took_longer_than_its_time_is_followed_by_the_next_at_once_and_none_is_made_up_for() -> None:
    machine = run("[{repeat: {every: 1d, at_most: 9, steps: [{send: tip}, {wait: 3d}]}}]")
    assert sent(machine, START) == "tip"
    assert machine.next(START) == Sleep(days(3))
    assert sent(machine, days(3)) == "tip"
    assert machine.next(days(3)) == Sleep(days(6))
    assert sent(machine, days(60)) == "tip"
    assert machine.next(days(60)) == Sleep(days(63))


def test_whether_there_is_another_round_is_asked_before_each_one_also_before_the_first() -> None:
    machine = run(UNTIL)
    assert asked(machine, START).asker == "repeat"
    machine.decided(None, START)
    assert sent(machine, START) == "tip"
    assert machine.next(START) == Sleep(days(7))
    asked(machine, days(7))
    machine.decided(0, days(7))
    assert sent(machine, days(7)) == "bye"
    assert ("repeat", "left", "done is true") in said(machine)
    machine = run(UNTIL)
    asked(machine, START)
    machine.decided(0, START)
    assert sent(machine, START) == "bye"


def test_the_letters_of_each_round_have_keys_of_their_own_also_in_nested_repeats() -> None:
    machine, now, keys = run(NESTED), START, []
    while not isinstance(move := machine.next(now), Finish):
        match move:
            case Sleep(until=until):
                assert until is not None
                now = until
            case Deliver():
                keys.append((move.step, move.iteration))
                machine.delivered("sent", None, now)
            case _:
                raise AssertionError(move)
    assert keys == [("month", 1), ("day", 1), ("day", 2), ("month", 2), ("day", 3), ("day", 4), ("bye", 1)]
    assert now == days(31)
    assert machine.state.rounds == {}


def test_what_was_heard_between_two_rounds_does_not_count_in_the_next_one() -> None:
    machine = run("[{repeat: {every: 7d, at_most: 2, steps: [{send: a}, {wait_for: {event: Clicked}, timeout: 1d}]}}]")
    assert sent(machine, START) == "a"
    assert machine.next(START) == Sleep(days(1))
    assert machine.next(days(1)) == Sleep(days(7))
    machine.hear(event("Clicked", 48), hours(48))
    assert sent(machine, days(7)) == "a"
    assert machine.next(days(7)) == Sleep(days(8))


def test_what_was_heard_in_the_last_round_still_counts_after_it() -> None:
    machine = run("[{repeat: {every: 7d, at_most: 1, steps: [{send: a}]}}, {wait_for: {event: Clicked}}, {send: bye}]")
    machine.next(START)
    machine.hear(event("Clicked"), START)
    assert sent(machine, START) == "a"
    assert sent(machine, START) == "bye"


def test_rounds_are_remembered_through_a_new_history() -> None:
    machine = run(WEEKLY)
    assert sent(machine, START) == "tip"
    machine.next(START)
    kept: TypeAdapter[State] = TypeAdapter(State)
    again = Run(machine.plan, kept.validate_json(kept.dump_json(machine.state)))
    assert again.state == machine.state
    assert sent(again, days(7)) == "tip"
    assert again.state.rounds["every-1w"].number == 2


def test_a_repeat_is_ended_from_within_by_an_exit() -> None:
    machine = run("[{repeat: {every: 7d, at_most: 3, steps: [{wait: 1d}]}}]", exit_on=["B"])
    machine.next(START)
    machine.hear(event("B"), START)
    assert machine.next(START) == Finish("B")
