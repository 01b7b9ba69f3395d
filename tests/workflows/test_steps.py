"""Steps beyond letters and plain waits, in runs whose time is skipped."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.testing import TimeSkipper

from activities.orders import Receipt
from rules.names import SEGMENT_ENTERED, TRAITS_CHANGED
from tests.workflows.watching import at, begun_anew, count, eventually, until
from tests.workflows.world import World, enter, happen, journey
from workflows.journey import JourneyWorkflow
from workflows.starting import tell

HOUR = timedelta(hours=1)
DAY = timedelta(days=1)


def day(offset: float) -> str:
    return (datetime.now(UTC) + offset * DAY).isoformat()


async def test_a_date_is_waited_for_and_moves_earlier_and_later_with_its_trait(
    world: World, temporal_client: Client, time: TimeSkipper
) -> None:
    world.traits = {"trial_ends": day(30)}
    run = await enter(
        temporal_client, journey({"wait_until": {"trait": "trial_ends", "offset": "-3d"}}, {"send": "ends"})
    )
    first = await until(run, lambda snapshot: snapshot.until is not None)
    world.traits = {"trial_ends": day(40)}
    await happen(temporal_client, run, TRAITS_CHANGED, 1, traits=["trial_ends"])
    later = await until(run, lambda snapshot: snapshot.until not in (None, first.until))
    world.traits = {"trial_ends": day(10)}
    await happen(temporal_client, run, TRAITS_CHANGED, 2, traits=["trial_ends"])
    earlier = await until(run, lambda snapshot: snapshot.until not in (None, later.until))
    assert first.until is not None
    assert later.until is not None
    assert earlier.until is not None
    assert earlier.until < first.until < later.until
    await time.fast_forward(run, 8 * DAY)
    assert await run.result() == "completed"
    assert world.letters == ["ends"]


async def test_a_date_that_is_not_there_is_not_waited_for(world: World, temporal_client: Client) -> None:
    run = await enter(temporal_client, journey({"wait_until": {"trait": "trial_ends"}}, {"send": "hello"}))
    assert await run.result() == "completed"
    assert world.letters == ["hello"]
    (enrolment,) = world.endings
    assert world.said(enrolment) == [("wait", "no date"), ("ended", "completed")]


async def test_a_local_time_is_located_anew_when_the_contact_moves(
    world: World, temporal_client: Client, time: TimeSkipper
) -> None:
    run = await enter(temporal_client, journey({"wait_until": {"time": "09:30", "weekday": "mon"}}, {"send": "a"}))
    first = await until(run, lambda snapshot: snapshot.until is not None)
    world.traits = {"timezone": "Asia/Kathmandu"}
    await happen(temporal_client, run, TRAITS_CHANGED, 1, traits=["timezone"])
    moved = await until(run, lambda snapshot: snapshot.until not in (None, first.until))
    assert moved.until is not None
    assert (moved.until.hour, moved.until.minute) == (3, 45)


async def test_a_condition_is_waited_for_and_asked_again_only_after_what_may_change_it(
    world: World, temporal_client: Client
) -> None:
    world.traits = {"orders_count": 1}
    waiting = {"condition": {"trait": "orders_count", "gte": 3}}
    run = await enter(temporal_client, journey({"wait_for": waiting}, {"send": "loyal"}, exit_on=["Order Refunded"]))
    await until(run, lambda snapshot: snapshot.state.asked)
    await happen(temporal_client, run, TRAITS_CHANGED, 1, traits=["city"])
    await happen(temporal_client, run, TRAITS_CHANGED, 2, traits=["orders_count"])
    await until(run, lambda snapshot: 2 in snapshot.state.seen and snapshot.state.asked)
    asked = await count(run, "marker_recorded_event_attributes")
    world.traits = {"orders_count": 3}
    await happen(temporal_client, run, TRAITS_CHANGED, 3, traits=["orders_count"])
    assert await run.result() == "completed"
    assert asked == 2
    assert world.letters == ["loyal"]


async def test_a_condition_that_time_alone_makes_true_ends_the_wait_at_that_moment(
    world: World, temporal_client: Client, time: TimeSkipper
) -> None:
    world.traits = {"expires_at": day(5)}
    waiting = {"condition": {"trait": "expires_at", "before": "in 2d"}}
    definition = journey({"wait_for": waiting, "timeout": "30d", "otherwise": [{"send": "late"}]}, {"send": "soon"})
    run = await enter(temporal_client, definition)
    await until(run, lambda snapshot: snapshot.state.look is not None)
    await time.fast_forward(run, 4 * DAY)
    assert await run.result() == "completed"
    assert world.letters == ["soon"]


async def test_several_things_may_end_a_wait(world: World, temporal_client: Client) -> None:
    waiting = [{"event": "A"}, {"event": SEGMENT_ENTERED}, {"condition": {"trait": "vip", "is": True}}]
    definition = journey({"wait_for": waiting, "timeout": "9d", "otherwise": [{"send": "late"}]}, {"send": "yes"})
    by_event, by_condition = await enter(temporal_client, definition), await enter(temporal_client, definition)
    await until(by_event, lambda snapshot: snapshot.state.asked)
    await happen(temporal_client, by_event, "A", 1)
    assert await by_event.result() == "completed"
    await until(by_condition, lambda snapshot: snapshot.state.asked)
    world.traits = {"vip": True}
    await happen(temporal_client, by_condition, TRAITS_CHANGED, 1, traits=["vip"])
    assert await by_condition.result() == "completed"
    assert world.letters == ["yes", "yes"]


async def test_a_split_costs_nothing_and_a_holdout_ends_the_run(world: World, temporal_client: Client) -> None:
    split = {"split": [{"share": 1, "name": "old", "then": [{"send": "a"}]}, {"holdout": 1}]}
    for _ in range(8):
        run = await enter(temporal_client, journey(split))
        assert await run.result() in ("completed", "holdout")
        assert await count(run, "timer_started_event_attributes") == 0
    told = [tuple(world.said(enrolment)) for enrolment in world.endings]
    assert set(told) == {
        (("split", "old"), ("ended", "completed")),
        (("split", "holdout"), ("ended", "holdout")),
    }
    assert len(world.letters) == told.count((("split", "old"), ("ended", "completed")))


async def test_a_repeat_sends_each_round_and_goes_on_after_a_new_history(
    world: World, temporal_client: Client, time: TimeSkipper
) -> None:
    rounds = {"every": "7d", "at_most": 3, "steps": [{"send": "tip"}, {"set": {"traits": {"tips": 1}}}]}
    run = await enter(temporal_client, journey({"repeat": rounds}, {"send": "bye"}))
    await until(run, lambda snapshot: snapshot.until is not None)
    before = (await run.describe()).run_id
    await run.signal(JourneyWorkflow.checkpoint)
    await begun_anew(run, before)
    await time.fast_forward(run, 15 * DAY)
    assert await run.result() == "completed"
    assert world.letters == ["tip", "tip", "tip", "bye"]
    assert len({order.send_key for order in world.orders}) == 4
    assert [changing.iteration for changing in world.changes] == [1, 2, 3]
    (enrolment,) = world.endings
    assert [kind for kind, _ in world.said(enrolment)] == ["repeat"] * 4 + ["ended"]


async def test_a_repeat_ends_when_its_condition_holds(world: World, temporal_client: Client, time: TimeSkipper) -> None:
    rounds = {"every": "7d", "until": {"trait": "done", "is": True}, "steps": [{"send": "tip"}]}
    run = await enter(temporal_client, journey({"repeat": rounds}, {"send": "bye"}))
    await until(run, lambda snapshot: snapshot.until is not None)
    world.traits = {"done": True}
    await time.fast_forward(run, 8 * DAY)
    assert await run.result() == "completed"
    assert world.letters == ["tip", "bye"]


async def test_a_run_without_activities_hands_over_its_verdicts_before_they_grow_many(
    world: World, temporal_client: Client
) -> None:
    split = {"split": [{"share": 1, "name": "one"}, {"share": 1, "name": "other"}]}
    run = await enter(temporal_client, journey(*[split] * 60, {"wait_for": {"event": "A"}}))
    await until(run, lambda snapshot: snapshot.state.verdicts == [] and snapshot.state.said == 60)
    assert world.standings == ["active"]
    await happen(temporal_client, run, "A", 1)
    assert await run.result() == "completed"
    (enrolment,) = world.endings
    assert [kind for kind, _ in world.said(enrolment)] == ["split"] * 60 + ["wait", "ended"]


async def test_a_webhook_is_retried_until_it_is_taken(world: World, temporal_client: Client) -> None:
    url = "https://crm.example/hook"
    world.receipts[url] = [ApplicationError("status 503", next_retry_delay=timedelta(seconds=1)), Receipt("delivered")]
    run = await enter(temporal_client, journey({"webhook": url}, {"send": "hello"}))
    assert await run.result() == "completed"
    assert [order.key for order in world.calls] == [world.calls[0].key] * 2
    assert world.letters == ["hello"]


async def test_an_exit_does_not_wait_for_a_webhook_that_is_being_retried(world: World, temporal_client: Client) -> None:
    url = "https://crm.example/hook"
    world.receipts[url] = [ApplicationError("status 503", next_retry_delay=HOUR)]
    run = await enter(temporal_client, journey({"webhook": url}, exit_on=["Order Completed"]))
    await eventually(lambda: bool(world.calls))
    await happen(temporal_client, run, "Order Completed", 1)
    assert await asyncio.wait_for(run.result(), 10) == "Order Completed"


async def test_staff_are_written_to_and_another_journey_is_entered(world: World, temporal_client: Client) -> None:
    run = await enter(
        temporal_client, journey({"notify": "sales", "letter": "new-lead"}, {"enrol": "nurture"}, {"wait": "1s"})
    )
    assert await run.result() == "completed"
    (order,) = world.orders
    assert (order.letter, order.staff, order.message_class, order.topic) == ("new-lead", "sales", "transactional", None)
    (admission,) = world.admissions
    assert (admission.journey, admission.iteration) == ("nurture", 1)


@pytest.mark.parametrize(
    "step", [{"webhook": "https://crm.example/hook"}, {"enrol": "nurture"}, {"notify": "sales", "letter": "new-lead"}]
)
async def test_a_paused_journey_holds_the_run_at_each_of_them(
    world: World, temporal_client: Client, step: dict[str, str]
) -> None:
    world.held = True
    run = await enter(temporal_client, journey(step))
    await until(run, lambda snapshot: snapshot.state.held)
    assert not world.calls + world.admissions + world.orders
    world.held = False
    await tell(temporal_client, run.id, "resume", "")
    assert await run.result() == "completed"
    assert len(world.calls + world.admissions + world.orders) == 1


async def test_a_run_ends_at_its_limit(world: World, temporal_client: Client, time: TimeSkipper) -> None:
    run = await enter(temporal_client, journey({"wait_for": {"event": "A"}}, {"send": "hello"}, limit="10d"))
    await until(run, at("for-a"))
    await time.fast_forward(run, 11 * DAY)
    assert await run.result() == "limit"
    assert world.letters == []


async def test_steps_that_wait_for_nobody_cost_one_event_of_history_at_most(
    world: World, temporal_client: Client
) -> None:
    async def events(*steps: dict[str, Any]) -> int:
        run = await enter(temporal_client, journey(*steps, {"send": "hello"}))
        await run.result()
        return len((await run.fetch_history()).events)

    bare = await events()
    assert await events({"split": [{"share": 1, "name": "a"}, {"share": 1, "name": "b"}]}) == bare
    for step in (
        {"set": {"traits": {"a": 1}}},
        {"enrol": "nurture"},
        {"wait_until": {"trait": "nothing"}},
        {"branch": [{"when": {"trait": "a", "is": 1}, "then": [{"send": "never"}]}]},
    ):
        assert await events(step) == bare + 1, step


async def test_verdicts_travel_with_letters_and_are_recorded_once(
    world: World, temporal_client: Client, time: TimeSkipper
) -> None:
    run = await enter(temporal_client, journey({"wait": "1h"}, {"send": "a"}, {"wait": "1h"}, {"send": "b"}))
    await until(run, at("wait-1h"))
    await time.fast_forward(run, 3 * HOUR)
    assert await run.result() == "completed"
    assert [[each.kind for each in order.verdicts] for order in world.orders] == [["wait"], ["wait"]]
    (ending,) = world.endings.values()
    assert [each.kind for each in ending.verdicts] == ["ended"]
