import pytest

from rules.moves import Ask, Finish, Locate, Sleep
from rules.moving import OtherJourney, StepGone
from rules.plan import Plan
from tests.rules.driving import START, asked, days, event, hours, run, said, sent
from tests.rules.journeys import plan

OLD = "[{send: hello}, {id: rest, wait: 3d}, {send: bye}]"


def version(steps: str, number: int = 2, **more: object) -> Plan:
    return plan(steps, **more).model_copy(update={"version": number})


def test_a_run_stays_at_its_step_and_its_wait_is_computed_anew_from_when_it_began() -> None:
    machine = run(OLD)
    assert sent(machine, START) == "hello"
    assert machine.next(hours(1)) == Sleep(days(3))
    machine.migrate(version("[{send: hello}, {id: rest, wait: 5d}, {send: new-bye}]"), {}, hours(2))
    assert machine.next(hours(2)) == Sleep(days(5))
    assert sent(machine, days(5)) == "new-bye"
    assert said(machine)[0] == ("migrated", "version 1 to 2", "at rest")
    assert machine.plan.version == 2


def test_a_wait_that_is_shorter_now_and_over_already_ends_at_once() -> None:
    machine = run(OLD)
    sent(machine, START)
    machine.next(START)
    machine.migrate(version("[{id: rest, wait: 1h}, {send: bye}]"), {}, hours(2))
    assert sent(machine, hours(2)) == "bye"


def test_a_wait_that_was_begun_anew_counts_from_there() -> None:
    machine = run("[{id: rest, wait: 2h, restart_on: [A]}, {send: bye}]")
    machine.next(START)
    machine.hear(event("A", 1), hours(1))
    machine.migrate(version("[{id: rest, wait: 3h, restart_on: [A]}, {send: bye}]"), {}, hours(1.5))
    assert machine.next(hours(1.5)) == Sleep(hours(4))


def test_a_step_that_is_gone_needs_another_one_named_for_it_and_without_it_nothing_is_changed() -> None:
    machine = run(OLD)
    sent(machine, START)
    machine.next(START)
    before = machine.state.__dict__.copy()
    gone = version("[{send: hello}, {id: pause, wait: 1d}, {send: bye}]")
    with pytest.raises(StepGone, match="version 2 has no step 'rest'"):
        machine.migrate(gone, {}, hours(1))
    with pytest.raises(StepGone, match="version 2 has no step 'nowhere'"):
        machine.migrate(gone, {"rest": "nowhere"}, hours(1))
    assert machine.state.__dict__ == before
    assert machine.plan.version == 1
    machine.migrate(gone, {"rest": "pause"}, hours(1))
    assert machine.next(hours(1)) == Sleep(days(1))


def test_a_version_of_another_journey_is_refused() -> None:
    machine = run(OLD)
    with pytest.raises(OtherJourney):
        machine.migrate(version(OLD, journey="another"), {}, START)


def test_a_date_is_located_and_a_condition_asked_again_in_the_new_version() -> None:
    machine = run("[{id: rest, wait_until: {trait: a}}, {send: bye}]")
    machine.next(START)
    machine.located(days(9), START)
    machine.migrate(version("[{id: rest, wait_until: {trait: b}}, {send: bye}]"), {}, START)
    move = machine.next(START)
    assert isinstance(move, Locate)
    assert move.moment.model_dump()["trait"] == "b"
    machine = run("[{id: rest, wait_for: {condition: {trait: a, is: 1}}}]")
    asked(machine, START)
    machine.decided(None, START)
    machine.migrate(version("[{id: rest, wait_for: {condition: {trait: b, is: 1}}}]"), {}, START)
    assert isinstance(machine.next(START), Ask)


def test_what_was_heard_at_the_step_counts_for_what_the_new_version_waits_for() -> None:
    machine = run("[{id: rest, wait_for: {event: A}}, {send: bye}]")
    machine.next(START)
    machine.hear(event("B"), START)
    machine.migrate(version("[{id: rest, wait_for: {event: B}}, {send: bye}]"), {}, START)
    assert sent(machine, START) == "bye"


def test_rounds_are_kept_inside_their_repeat_and_forgotten_outside_of_it() -> None:
    rounds = "repeat: {every: 7d, at_most: 3, steps: [{id: rest, wait: 1d}]}"
    weekly = f"[{{id: weekly, {rounds}}}, {{id: end, wait: 2d}}]"
    machine = run(weekly)
    machine.next(START)
    machine.migrate(version(weekly), {}, START)
    assert machine.state.rounds["weekly"].number == 1
    machine.migrate(version(weekly, 3), {"rest": "weekly"}, START)
    assert machine.state.rounds["weekly"].number == 1
    machine.migrate(version(weekly, 4), {"weekly": "end"}, START)
    assert machine.state.rounds == {}
    assert machine.next(START) == Sleep(days(2))


def test_a_mapped_step_is_a_visit_of_its_own() -> None:
    machine = run(OLD)
    sent(machine, START)
    machine.next(START)
    machine.migrate(version(OLD), {"rest": "hello"}, hours(1))
    move = machine.next(hours(1))
    assert (move.step, move.iteration) == ("hello", 2)  # type: ignore[union-attr]  # another move has none


def test_the_limit_and_the_exits_are_those_of_the_new_version() -> None:
    machine = run(OLD)
    sent(machine, START)
    machine.migrate(version(OLD, limit="1d", exit_on=["B"]), {}, hours(1))
    assert machine.next(hours(1)) == Sleep(days(1))
    machine.hear(event("B", 2), hours(2))
    assert machine.next(hours(2)) == Finish("B")


def test_a_run_that_is_over_is_left_as_it_is() -> None:
    machine = run(OLD, exit_on=["B"])
    machine.hear(event("B"), START)
    machine.migrate(version("[{send: other}]"), {}, START)
    assert machine.next(START) == Finish("B")
