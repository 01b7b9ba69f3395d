"""With the body at the relay, the truth may change: the last look before the dot sees it, and the letter stays."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import pytest

from activities.orders import Receipt
from store import enrolments, journeys, ledger
from tests.activities.office import ADDRESS, Office, delayed, ordered, seconds
from tests.mail.fault_smtp import Act, Fault, Phase


async def buys(office: Office) -> None:
    await office.happens("Order Completed", properties={"shop": "s1"})


async def unsubscribes(office: Office) -> None:
    await office.consents(granted=False)


async def is_unsubscribed_by_another_journey(office: Office) -> None:
    await office.sets("offers", granted=False)


async def complains(office: Office) -> None:
    async with office.database.transaction() as session:
        await ledger.suppress(session, ADDRESS, "marked as spam")


async def is_ended_by_an_operator(office: Office) -> None:
    (row,) = await office.rows("SELECT id FROM enrolments")
    async with office.database.transaction() as session:
        await enrolments.end(session, row["id"], "by an operator", datetime.now(UTC))


async def is_paused(office: Office) -> None:
    async with office.database.transaction() as session:
        await journeys.pause(session, "tried")


@pytest.mark.parametrize(
    ("meanwhile", "receipt"),
    [
        (buys, Receipt("cancelled", "Order Completed")),
        (unsubscribes, Receipt("cancelled", "Unsubscribed")),
        (is_unsubscribed_by_another_journey, Receipt("unsubscribed", "unsubscribed from offers")),
        (complains, Receipt("suppressed", "marked as spam")),
        (is_ended_by_an_operator, Receipt("cancelled", "by an operator")),
        (is_paused, Receipt("held")),
    ],
)
async def test_what_happens_between_claim_and_dot_stops_the_letter(
    office: Office, meanwhile: Callable[[Office], Awaitable[None]], receipt: Receipt
) -> None:
    order, relay = await office.enters(), office.relay()
    relay.meddle = lambda: meanwhile(office)
    sending = office.sending(relay)
    assert seconds(await delayed(sending, order)) == 1
    assert await office.outcomes() == ["withheld"]
    assert await sending.send(order) == receipt
    assert office.server.taken == []
    if receipt.outcome != "held":
        message = await office.message()
        assert (message["state"], message["reason"]) == (receipt.outcome, receipt.reason)


async def test_a_held_letter_leaves_after_the_pause_with_the_bytes_of_the_first_time(office: Office) -> None:
    order, relay = await office.enters(), office.relay()
    relay.meddle = lambda: is_paused(office)
    sending = office.sending(relay)
    await delayed(sending, order)
    assert await sending.send(order) == Receipt("held")
    frozen = (await office.message())["raw"]
    async with office.database.transaction() as session:
        await journeys.resume(session, "tried")
    assert await sending.send(order) == Receipt("sent")
    assert office.server.taken[0].body == frozen


async def test_an_event_that_does_not_count_after_all_costs_one_more_look(office: Office) -> None:
    order, relay = await office.enters(), office.relay()
    relay.meddle = lambda: office.happens("Order Completed", properties={"shop": "another"})
    sending = office.sending(relay)
    await delayed(sending, order)
    assert await sending.send(order) == Receipt("sent")
    assert await office.outcomes() == ["withheld", "accepted"]


async def test_a_merge_has_the_letter_looked_at_again(office: Office) -> None:
    await office.happens("Page Viewed", user=None, anonymous_id="stranger")
    order, relay = await office.enters(), office.relay()
    await office.happens("Order Completed", user=None, anonymous_id="stranger", properties={"shop": "s1"})
    await office.happens("Page Viewed")  # newer than the order, so that the order is not newer than what is looked at
    relay.meddle = lambda: office.happens("Page Viewed", anonymous_id="stranger")
    sending = office.sending(relay)
    await delayed(sending, order)
    assert await sending.send(order) == Receipt("cancelled", "Order Completed")
    assert office.server.taken == []


async def test_the_letter_of_a_contact_that_became_another_one_still_leaves(office: Office) -> None:
    order, relay = await office.enters(), office.relay()
    relay.meddle = lambda: office.happens("Page Viewed", anonymous_id="another browser")
    sending = office.sending(relay)
    await office.happens("Page Viewed", user=None, anonymous_id="another browser")
    await delayed(sending, order)
    assert await sending.send(order) == Receipt("sent")


async def test_a_transactional_letter_heeds_no_topic_at_the_last_look(office: Office) -> None:
    order, relay = await office.enters(), office.relay()
    relay.meddle = lambda: office.sets("*", granted=False)
    order = ordered(order.enrolment, letter="receipt", message_class="transactional", topic=None)
    assert await office.sending(relay).send(order) == Receipt("sent")


async def test_what_happens_after_the_dot_comes_too_late_and_is_told_as_sent(office: Office) -> None:
    order = await office.enters()
    office.server.fault = Fault(Phase.DOT, Act.LATE, b"250 2.0.0 queued", takes=True, seconds=0.3)
    sending = asyncio.create_task(office.sending().send(order))
    await office.reaches("dot_pending")
    await is_ended_by_an_operator(office)
    assert (await office.message())["state"] == "dot_pending"
    assert await sending == Receipt("sent")
    assert (await office.message())["state"] == "sent"
