from typing import Any

from rules.moves import Admit, Apply, Ask, Call, Deliver, Finish, Inform, Locate, Sleep
from tests.rules.driving import START, event, hours, run, said, sent


def test_a_wait_is_as_long_as_it_says() -> None:
    machine = run("[{wait: 1h}, {send: a}]")
    assert machine.next(START) == Sleep(hours(1))
    assert machine.next(hours(0.99)) == Sleep(hours(1))
    assert sent(machine, hours(1)) == "a"
    assert machine.next(hours(1)) == Finish("completed")


def test_the_first_wait_counts_from_the_entry_however_late_the_run_begins() -> None:
    machine = run("[{wait: 1h}, {send: a}, {wait: 1h}]")
    assert sent(machine, hours(5)) == "a"
    assert machine.next(hours(5)) == Sleep(hours(6))


def test_an_event_restarts_the_wait_from_the_moment_when_it_is_heard() -> None:
    machine = run("[{wait: 1h, restart_on: [A]}, {send: a}]")
    machine.next(START)
    machine.hear(event("A", 0.5), hours(0.6))
    assert machine.next(hours(1)) == Sleep(hours(1.6))


def test_an_event_that_came_too_late_does_not_restart_the_wait() -> None:
    machine = run("[{wait: 1h, restart_on: [A]}, {send: a}]")
    machine.next(START)
    machine.hear(event("A", 2), hours(3))
    assert sent(machine, hours(3)) == "a"


def test_a_run_that_was_set_ahead_restarts_its_wait_from_its_own_now() -> None:
    machine = run("[{wait: 1h, restart_on: [A]}, {send: a}]")
    machine.next(START)
    machine.hear(event("A", 0.01), hours(0.9))
    assert machine.next(hours(1)) == Sleep(hours(1.9))


def test_other_events_do_not_restart_the_wait() -> None:
    machine = run("[{wait: 1h, restart_on: [{event: A, where: {property: total, gte: 10}}]}]")
    machine.next(START)
    machine.hear(event("B", 0.5), hours(0.5))
    machine.hear(event("A", 0.5, total=9), hours(0.5))
    assert machine.next(hours(0.5)) == Sleep(hours(1))


def test_an_exit_event_ends_the_run_from_any_step() -> None:
    for steps in ("[{wait: 1h}]", "[{wait_for: {event: A}}]", "[{send: a}]", "[{wait_until: {time: '09:00'}}]"):
        machine = run(steps, exit_on=["Order Completed"])
        machine.next(START)
        machine.hear(event("Order Completed"), START)
        assert machine.next(START) == Finish("Order Completed")


def test_an_exit_that_is_heard_together_with_the_end_of_a_wait_wins() -> None:
    machine = run("[{wait: 1h}, {send: a}]", exit_on=["B"])
    machine.next(START)
    machine.hear(event("B", 2), hours(2))
    assert machine.next(hours(2)) == Finish("B")


def test_same_keeps_the_orders_of_a_contact_apart() -> None:
    exits = [{"event": "Order Paid", "same": "order_id"}]
    machine = run("[{wait: 1h}]", {"order_id": "1"}, exit_on=exits)
    machine.hear(event("Order Paid", order_id="2"), START)
    assert machine.next(START) == Sleep(hours(1))
    machine.hear(event("Order Paid", order_id="1"), START)
    assert machine.next(START) == Finish("Order Paid")


def test_unsubscribing_from_the_topic_or_from_all_ends_a_marketing_run() -> None:
    told: list[dict[str, Any]] = [{"topic": "offers"}, {"topic": "*"}, {}, {"topics": ["news", "offers"]}]
    for properties in told:
        machine = run("[{wait: 1h}]")
        machine.hear(event("Unsubscribed", **properties), START)
        assert machine.next(START) == Finish("Unsubscribed")


def test_unsubscribing_from_another_topic_does_not() -> None:
    machine = run("[{wait: 1h}]")
    machine.hear(event("Unsubscribed", topic="news"), START)
    machine.hear(event("Unsubscribed", topics=["news", "tips"]), START)
    assert machine.next(START) == Sleep(hours(1))


def test_a_wait_for_ends_with_its_event_or_with_its_time() -> None:
    steps = "[{wait_for: {event: A}, timeout: 2h, otherwise: [{send: late}]}, {send: bye}]"
    machine = run(steps)
    assert machine.next(START) == Sleep(hours(2))
    machine.hear(event("A", 1), hours(1))
    assert sent(machine, hours(1)) == "bye"
    machine = run(steps)
    machine.next(START)
    assert sent(machine, hours(2)) == "late"
    assert sent(machine, hours(2)) == "bye"


def test_an_event_that_came_before_the_time_was_over_counts_even_when_it_is_heard_after() -> None:
    machine = run("[{wait_for: {event: A}, timeout: 2h, otherwise: [{send: late}]}, {send: bye}]")
    machine.next(START)
    machine.hear(event("A", 1), hours(5))
    assert sent(machine, hours(5)) == "bye"


def test_an_event_that_came_after_the_time_was_over_does_not_count() -> None:
    machine = run("[{wait_for: {event: A}, timeout: 2h, otherwise: [{send: late}]}, {send: bye}]")
    machine.next(START)
    machine.hear(event("A", 3), hours(5))
    assert sent(machine, hours(5)) == "late"


def test_a_wait_for_without_timeout_waits_for_ever() -> None:
    machine = run("[{wait_for: {event: A}}, {send: bye}]")
    assert machine.next(hours(9999)) == Sleep(None)


def test_a_click_that_comes_while_its_letter_is_being_finished_is_not_lost() -> None:
    machine = run("[{send: a}, {wait_for: {event: Clicked}, timeout: 1d, otherwise: [{send: late}]}, {send: bye}]")
    machine.next(START)
    machine.hear(event("Clicked", 0.1), hours(0.1))
    assert sent(machine, hours(0.2)) == "a"
    assert sent(machine, hours(0.2)) == "bye"


def test_what_was_heard_during_an_earlier_wait_does_not_end_a_later_one() -> None:
    machine = run("[{wait: 1h}, {send: a}, {wait_for: {event: Clicked}, timeout: 1h}]")
    machine.next(START)
    machine.hear(event("Clicked", 0.5), hours(0.5))
    assert sent(machine, hours(1)) == "a"
    assert machine.next(hours(1)) == Sleep(hours(2))


def test_the_same_event_counts_once() -> None:
    machine = run("[{wait_for: {event: A}}, {wait_for: {event: A}}, {send: bye}]")
    machine.next(START)
    for _ in range(3):
        machine.hear(event("A", seq=5), START)
    assert machine.next(START) == Sleep(None)
    machine.hear(event("A", seq=6), START)
    assert sent(machine, START) == "bye"


def test_events_are_remembered_in_any_order_and_not_for_ever() -> None:
    machine = run("[{wait: 1h, restart_on: [A]}]")
    for seq in (9, 3, *range(10, 90)):
        machine.hear(event("A", seq=seq), START)
    assert len(machine.state.seen) == 64
    assert machine.state.seen[-1] == 89


def test_a_branch_asks_and_follows_the_answer() -> None:
    steps = "[{branch: [{when: {trait: a, is: 1}, then: [{send: one}]}, {otherwise: [{send: other}]}]}]"
    for answer, letter in ((0, "one"), (None, "other")):
        machine = run(steps)
        move = machine.next(START)
        assert isinstance(move, Ask)
        assert len(move.conditions) == 1
        machine.decided(answer, START)
        assert sent(machine, START) == letter


def test_a_local_time_is_located_and_waited_for() -> None:
    machine = run("[{wait_until: {time: '09:00'}}, {send: a}]")
    assert isinstance(machine.next(START), Locate)
    machine.located(hours(21), START)
    assert machine.next(START) == Sleep(hours(21))
    assert sent(machine, hours(21)) == "a"


def test_set_is_applied_once() -> None:
    machine = run("[{set: {traits: {seen: true}}}, {send: a}]")
    assert isinstance(machine.next(START), Apply)
    machine.applied("set", START)
    assert sent(machine, START) == "a"


def test_an_exit_step_ends_the_run_with_its_reason() -> None:
    assert run("[{exit: enough}, {send: a}]").next(START) == Finish("enough")


def test_a_letter_that_must_not_leave_any_more_ends_the_run() -> None:
    machine = run("[{send: a}, {send: b}]")
    machine.next(START)
    machine.delivered("cancelled", "Order Completed", START)
    assert machine.next(START) == Finish("Order Completed")


def test_a_letter_that_was_not_sent_is_told_with_its_reason_and_the_run_goes_on() -> None:
    machine = run("[{send: a}, {send: b}]")
    machine.next(START)
    machine.delivered("unsubscribed", "never subscribed to offers", START)
    assert machine.state.done == {"a": "unsubscribed: never subscribed to offers"}
    assert sent(machine, START) == "b"


def test_a_paused_run_does_nothing_and_forgets_no_deadline() -> None:
    machine = run("[{wait: 1h}, {send: a}]")
    machine.next(START)
    machine.pause()
    assert machine.next(hours(9)) == Sleep(None)
    machine.resume()
    assert sent(machine, hours(9)) == "a"


def test_a_held_run_asks_for_the_same_move_again_after_resume() -> None:
    machine = run("[{send: a}]")
    first = machine.next(START)
    machine.hold()
    assert machine.next(START) == Sleep(None)
    machine.resume()
    assert machine.next(START) == first


def test_events_end_a_paused_run_too() -> None:
    machine = run("[{wait: 1h}]", exit_on=["B"])
    machine.pause()
    machine.hear(event("B"), START)
    assert machine.next(START) == Finish("B")


def test_the_first_reason_to_end_is_the_one_that_is_told() -> None:
    machine = run("[{send: a}]", exit_on=["B"])
    machine.next(START)
    machine.hear(event("B"), START)
    machine.delivered("sent", None, START)
    assert machine.next(START) == Finish("B")


def test_every_send_of_a_run_has_a_key_of_its_own() -> None:
    machine = run("[{send: a}, {send: a}]")
    keys = []
    for _ in range(2):
        move = machine.next(START)
        assert isinstance(move, Deliver)
        keys.append((move.step, move.iteration))
        machine.delivered("sent", None, START)
    assert len(set(keys)) == 2


def test_a_run_has_a_limit_whatever_it_waits_for() -> None:
    for steps in (
        "[{wait: 30d}]",
        "[{wait_for: {event: A}}]",
        "[{repeat: {every: 30d, at_most: 2, steps: [{wait: 1d}]}}]",
    ):
        machine = run(steps, limit="10d")
        move = machine.next(START)
        while isinstance(move, Sleep) and move.until is not None and move.until < hours(240):
            move = machine.next(move.until)
        assert move == Sleep(hours(240))
        assert machine.next(hours(240)) == Finish("limit")


def test_a_limit_waits_while_the_run_is_paused() -> None:
    machine = run("[{wait: 30d}]", limit="10d")
    machine.pause()
    assert machine.next(hours(999)) == Sleep(None)
    machine.resume()
    assert machine.next(hours(999)) == Finish("limit")


def test_staff_webhooks_and_other_journeys_are_moves_of_their_own() -> None:
    machine = run("[{notify: sales, letter: new-lead}, {webhook: 'https://a.example/x'}, {enrol: other}, {send: bye}]")
    move = machine.next(START)
    assert isinstance(move, Inform)
    assert (move.notify.notify, move.notify.letter, move.iteration) == ("sales", "new-lead", 1)
    machine.delivered("sent", None, START)
    call = machine.next(START)
    assert isinstance(call, Call)
    assert call.webhook.webhook.url == "https://a.example/x"
    machine.delivered("failed", "status 404", START)
    assert machine.next(START) == Admit("other", "other", 1)
    machine.applied("requested", START)
    assert sent(machine, START) == "bye"
    assert machine.state.done["webhook"] == "failed: status 404"


def test_a_call_that_was_cancelled_ends_the_run() -> None:
    machine = run("[{webhook: 'https://a.example/x'}, {send: bye}]")
    machine.next(START)
    machine.delivered("cancelled", "the enrolment is over", START)
    assert machine.next(START) == Finish("the enrolment is over")


def test_verdicts_are_numbered_and_kept_until_they_are_recorded() -> None:
    machine = run("[{wait: 1h}, {wait: 1h}]")
    machine.next(hours(1))
    assert said(machine) == [("wait", "over", "1 hour over")]
    machine.state.recorded(machine.state.said)
    assert said(machine) == []
    machine.next(hours(2))
    assert [(each.number, each.kind) for each in machine.state.verdicts] == [(2, "wait"), (3, "ended")]
