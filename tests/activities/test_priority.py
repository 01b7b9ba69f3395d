"""Several journeys that want to write to one contact at the same moment: the priority decides, and caps hold."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from activities.orders import LetterOrder, Receipt
from activities.sending import Sending
from tests.activities.office import Office, delayed, ordered, seconds
from tests.activities.test_pacing import DAY, FULL, NIGHT, QUIET, at, cap


async def beside(office: Office, urgent: int = 80, slow: int = 20, **changes: Any) -> tuple[LetterOrder, LetterOrder]:
    """The contact is in two journeys that want to write; the orders of the urgent and the slow one."""
    await office.journey("urgent", priority=urgent, **changes)
    await office.journey("slow", priority=slow, **changes)
    orders = [await office.enters(journey=name) for name in ("urgent", "slow")]
    return at(orders[0], DAY), at(orders[1], DAY)


async def settle(sending: Sending, order: LetterOrder, until: datetime) -> Receipt | datetime:
    """Try again after each delay, as Temporal does, until that time; a receipt, or when it would be tried next."""
    while True:
        try:
            return await sending.send(order)
        except ApplicationError as error:
            order = at(order, order.now + timedelta(seconds=seconds(error)))
            await asyncio.sleep(0)
            if order.now > until:
                return order.now


async def test_of_two_journeys_at_the_same_moment_the_one_of_higher_priority_writes(office: Office) -> None:
    await office.policy(caps=cap())
    urgent, slow = await beside(office)
    sending = office.sending()
    assert seconds(await delayed(sending, slow)) == 2
    assert seconds(await delayed(sending, at(urgent, DAY + timedelta(seconds=1)))) == 2
    error = await delayed(sending, at(slow, DAY + timedelta(seconds=2)))
    assert (str(error), seconds(error)) == ("LetterDelayed: urgent writes first", 2)
    assert await sending.send(at(urgent, DAY + timedelta(seconds=3))) == Receipt("sent")
    error = await delayed(sending, at(slow, DAY + timedelta(seconds=4)))
    assert str(error) == f"LetterDelayed: {FULL}"
    assert await office.decisions() == [("deferred", "urgent writes first"), ("sent", None), ("deferred", FULL)]
    tomorrow = DAY + timedelta(days=1, minutes=1)
    assert await sending.send(at(slow, tomorrow)) == Receipt("sent")


async def test_of_equal_priority_the_older_wish_writes(office: Office) -> None:
    await office.policy(caps=cap())
    one, other = await beside(office, 50, 50)
    sending = office.sending()
    await delayed(sending, one)
    await delayed(sending, at(other, DAY + timedelta(seconds=1)))
    assert await sending.send(at(one, DAY + timedelta(seconds=2))) == Receipt("sent")
    assert str(await delayed(sending, at(other, DAY + timedelta(seconds=3)))) == f"LetterDelayed: {FULL}"


async def test_letters_that_waited_for_the_same_morning_are_settled_by_priority(office: Office) -> None:
    await office.policy(quiet_hours=QUIET, caps=cap())
    urgent, slow = await beside(office)
    sending, morning = office.sending(), datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
    for order in (slow, urgent):
        await delayed(sending, at(order, NIGHT))
    assert str(await delayed(sending, at(slow, morning))) == "LetterDelayed: urgent writes first"
    assert await sending.send(at(urgent, morning)) == Receipt("sent")


async def test_where_there_is_room_for_both_nobody_waits(office: Office) -> None:
    await office.policy(caps=cap(3))
    urgent, slow = await beside(office)
    sending = office.sending()
    assert [await sending.send(order) for order in (slow, urgent)] == [Receipt("sent")] * 2
    assert await office.rows("SELECT 1 FROM wishes") == []


async def test_a_contact_in_one_journey_alone_does_not_wait_for_a_moment(office: Office) -> None:
    await office.policy(caps=cap())
    assert await office.sending().send(await office.enters()) == Receipt("sent")


async def test_who_does_not_come_back_is_not_waited_for(office: Office) -> None:
    await office.policy(caps=cap())
    urgent, slow = await beside(office)
    sending = office.sending()
    await delayed(sending, urgent)
    await delayed(sending, slow)
    assert str(await delayed(sending, at(slow, DAY + timedelta(seconds=2)))) == "LetterDelayed: urgent writes first"
    assert await sending.send(at(slow, DAY + timedelta(seconds=30))) == Receipt("sent")


async def test_who_is_paused_meanwhile_is_not_waited_for(office: Office) -> None:
    await office.policy(caps=cap())
    urgent, slow = await beside(office)
    sending = office.sending()
    await delayed(sending, urgent)
    await delayed(sending, slow)
    await office.run("UPDATE enrolments SET status = 'paused' WHERE journey = 'urgent'")
    assert await sending.send(at(slow, DAY + timedelta(seconds=2))) == Receipt("sent")


async def test_the_end_of_a_run_ends_its_wishes(office: Office) -> None:
    await office.policy(quiet_hours=QUIET)
    order, sending = ordered((await office.enters()).enrolment, now=NIGHT), office.sending()
    await delayed(sending, order)
    await office.happens("Order Completed", properties={"shop": "s1"})
    assert await sending.send(at(order, NIGHT + timedelta(hours=9))) == Receipt("cancelled", "Order Completed")
    assert await office.rows("SELECT 1 FROM wishes") == []


@pytest.mark.parametrize("at_most", [1, 3])
async def test_many_workers_and_journeys_at_once_never_exceed_a_cap(office: Office, at_most: int) -> None:
    await office.policy(caps=cap(at_most))
    orders = []
    for number in range(8):
        await office.journey(f"journey-{number}", priority=10 + number)
        orders.append(at(await office.enters(journey=f"journey-{number}"), DAY))
    workers = [office.sending() for _ in range(4)]
    # Every letter is in the hands of two workers at once, as after a lost heartbeat.
    tries = [settle(workers[(2 * n + twice) % 4], order, DAY + timedelta(minutes=5))
             for n, order in enumerate(orders) for twice in (0, 1)]  # fmt: skip
    await asyncio.gather(*tries)
    assert len(office.server.taken) == at_most
    sent = await office.rows("SELECT journey FROM messages WHERE state = 'sent' ORDER BY journey")
    assert [row["journey"] for row in sent] == [f"journey-{number}" for number in range(8 - at_most, 8)]
