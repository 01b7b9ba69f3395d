from datetime import timedelta

from rules.moves import Ask, Finish, Locate, Sleep
from rules.names import SEGMENT_ENTERED, TRAITS_CHANGED
from rules.plan import listens
from tests.rules.driving import START, asked, days, event, hours, run, said, sent

BIRTHDAY = "[{wait_until: {trait: birthday, offset: -3d, time: '09:00'}}, {send: a}]"
BECOMES = """
- wait_for: {condition: {trait: orders_count, gte: 3}}
  timeout: 30d
  otherwise: [{send: late}]
- send: a
"""


def test_a_date_is_located_and_waited_for() -> None:
    machine = run(BIRTHDAY)
    move = machine.next(START)
    assert isinstance(move, Locate)
    machine.located(days(10), START)
    assert machine.next(START) == Sleep(days(10))
    assert sent(machine, days(10)) == "a"


def test_without_a_date_nobody_waits_and_what_was_heard_before_still_counts() -> None:
    machine = run("[{wait_until: {trait: birthday}}, {wait_for: {event: Clicked}, timeout: 1d}, {send: a}]")
    machine.next(START)
    machine.hear(event("Clicked"), START)
    machine.located(None, START)
    assert sent(machine, START) == "a"
    assert said(machine)[:2] == [("wait", "no date", "no date"), ("wait", "heard", "Clicked")]


def test_a_date_that_is_past_is_not_waited_for() -> None:
    machine = run(BIRTHDAY)
    machine.next(START)
    machine.located(days(-5), START)
    assert sent(machine, START) == "a"


def test_a_date_moves_with_its_trait_later_earlier_and_into_the_past() -> None:
    machine = run(BIRTHDAY)
    for seq, day in enumerate((10, 20, 5, -1), start=1):
        assert isinstance(machine.next(START), Locate)
        machine.located(days(day), START)
        if day > 0:
            assert machine.next(START) == Sleep(days(day))
            machine.hear(event(TRAITS_CHANGED, seq=seq), START, ["birthday"])
    assert sent(machine, START) == "a"


def test_a_change_of_other_traits_moves_nothing() -> None:
    machine = run(BIRTHDAY)
    machine.next(START)
    machine.located(days(10), START)
    machine.hear(event(TRAITS_CHANGED, seq=1), START, ["city"])
    machine.hear(event(TRAITS_CHANGED, seq=2, traits=["city"]), START)
    assert machine.next(START) == Sleep(days(10))


def test_a_change_is_known_by_the_event_s_own_words_and_when_it_names_nothing_it_may_be_any() -> None:
    for told in (event(TRAITS_CHANGED, seq=1, traits=["birthday"]), event(TRAITS_CHANGED, seq=1)):
        machine = run(BIRTHDAY)
        machine.next(START)
        machine.located(days(10), START)
        machine.hear(told, START)
        assert isinstance(machine.next(START), Locate)


def test_a_local_time_moves_when_the_contact_moves_to_another_zone_unless_it_has_one_of_its_own() -> None:
    for zone, moves in (("", True), (", zone: Asia/Tokyo", False)):
        machine = run(f"[{{wait_until: {{time: '09:00'{zone}}}}}, {{send: a}}]")
        machine.next(START)
        machine.located(hours(21), START)
        machine.hear(event(TRAITS_CHANGED, seq=1), START, ["timezone"])
        assert isinstance(machine.next(START), Locate) is moves


def test_a_date_that_changes_while_it_is_being_located_is_located_again() -> None:
    machine = run(BIRTHDAY)
    machine.next(START)
    machine.hear(event(TRAITS_CHANGED, seq=1), START, ["birthday"])
    machine.located(days(10), START)
    assert isinstance(machine.next(START), Locate)
    machine.located(days(12), START)
    assert machine.next(START) == Sleep(days(12))


def test_a_date_that_changes_after_its_time_has_come_changes_nothing() -> None:
    machine = run(BIRTHDAY)
    machine.next(START)
    machine.located(days(1), START)
    machine.hear(event(TRAITS_CHANGED, after=25, seq=1), days(2), ["birthday"])
    assert sent(machine, days(2)) == "a"


def test_a_condition_is_asked_on_arrival_and_may_hold_already() -> None:
    machine = run(BECOMES)
    assert asked(machine, START).asker == "wait"
    machine.decided(0, START)
    assert sent(machine, START) == "a"
    assert said(machine)[0] == ("wait", "true", "orders_count is at least 3")


def test_a_condition_that_does_not_hold_is_waited_for_until_the_time_is_over() -> None:
    machine = run(BECOMES)
    asked(machine, START)
    machine.decided(None, START)
    assert machine.next(START) == Sleep(days(30))
    assert sent(machine, days(30)) == "late"
    assert said(machine)[0] == ("wait", "timed out", "nothing in 30 days")


def test_a_condition_is_asked_again_when_time_alone_may_change_it() -> None:
    machine = run(BECOMES)
    asked(machine, START)
    machine.decided(None, START, days(3))
    assert machine.next(START) == Sleep(days(3))
    asked(machine, days(3))
    machine.decided(None, days(3), None)
    assert machine.next(days(3)) == Sleep(days(30))


def test_an_instant_that_lies_in_the_past_does_not_make_the_run_ask_for_ever() -> None:
    machine = run(BECOMES)
    asked(machine, START)
    machine.decided(None, START, START)
    move = machine.next(START)
    assert isinstance(move, Sleep)
    assert move.until == START + timedelta(seconds=1)


def test_a_condition_that_could_change_only_after_the_timeout_is_not_asked_then() -> None:
    machine = run(BECOMES)
    asked(machine, START)
    machine.decided(None, START, days(31))
    assert machine.next(START) == Sleep(days(30))
    assert sent(machine, days(40)) == "late"


def test_a_condition_is_asked_again_after_what_may_change_it_and_after_nothing_else() -> None:
    conditions = {
        "{trait: orders_count, gte: 3}": (event(TRAITS_CHANGED, seq=1), ["orders_count"]),
        "{event: Order Completed, times: {at_least: 3}}": (event("Order Completed", seq=1), []),
        "{segment: loyal}": (event(SEGMENT_ENTERED, seq=1, segment="loyal"), []),
        "{stage: [lapsed]}": (event("Stage Changed", seq=1), []),
        "{topic: offers}": (event("Subscribed", seq=1), []),
        "{letter: hello, was: opened}": (event("Email Opened", seq=1), []),
        "{not: {any: [{trait: a.b, is: 1}, {segment: x}]}}": (event(TRAITS_CHANGED, seq=1), ["a"]),
    }
    for condition, (stirring, traits) in conditions.items():
        machine = run(f"[{{wait_for: {{condition: {condition}}}}}, {{send: a}}]")
        assert stirring.name in listens(machine.plan)
        asked(machine, START)
        machine.decided(None, START)
        assert machine.next(START) == Sleep(None), condition
        machine.hear(event("Unheard of", seq=2), START)
        assert machine.next(START) == Sleep(None), condition
        machine.hear(stirring, START, traits)
        assert isinstance(machine.next(START), Ask), condition


def test_an_event_that_comes_while_the_condition_is_being_asked_has_it_asked_again() -> None:
    machine = run(BECOMES)
    asked(machine, START)
    machine.hear(event(TRAITS_CHANGED, seq=1), START, ["orders_count"])
    machine.decided(None, START)
    asked(machine, START)
    machine.decided(0, START)
    assert sent(machine, START) == "a"


def test_any_of_several_events_and_conditions_ends_the_wait() -> None:
    steps = "[{wait_for: [{event: A}, {event: [B, C]}, {condition: {trait: a, is: 1}}], timeout: 1d}, {send: a}]"
    for name in ("A", "B", "C"):
        machine = run(steps)
        asked(machine, START)
        machine.decided(None, START)
        machine.hear(event(name, 1), hours(1))
        assert sent(machine, hours(1)) == "a"
    machine = run(steps)
    asked(machine, START)
    machine.decided(0, START)
    assert sent(machine, START) == "a"


def test_an_event_that_ends_the_wait_overtakes_the_answer_that_is_under_way() -> None:
    steps = (
        "[{wait_for: [{event: A}, {condition: {trait: a, is: 1}}]}, {branch: [{when: {trait: b, is: 1}}]}, {send: a}]"
    )
    machine = run(steps)
    asked(machine, START)
    machine.hear(event("A"), START)
    machine.decided(0, START)  # about the wait, which is over
    assert machine.state.at == "branch"
    assert asked(machine, START).asker == "branch"
    machine.decided(None, START)
    assert sent(machine, START) == "a"


def test_an_answer_that_comes_after_the_run_has_ended_changes_nothing() -> None:
    machine = run(BECOMES, exit_on=["B"])
    asked(machine, START)
    machine.hear(event("B"), START)
    machine.decided(0, START)
    assert machine.next(START) == Finish("B")
