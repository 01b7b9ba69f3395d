"""Whether a letter is sent, and why not: each state of the ledger and its reason, against a real relay."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from activities.orders import Receipt
from mail.connection import RelayAddress
from mail.relay import Relay
from store import enrolments, journeys, ledger
from tests.activities.office import ADDRESS, SHORT, Office, delayed, ordered, seconds, until_told, write_letters
from tests.mail.fault_smtp import Act, Fault, Phase

NOW = datetime.now(UTC)


async def test_a_letter_is_sent_and_the_ledger_says_so(office: Office) -> None:
    order = await office.enters()
    assert await office.sending().send(order) == Receipt("sent")
    (mail,) = office.server.taken
    assert (mail.sender, mail.recipient) == ("hello@shop.example", ADDRESS)
    message = await office.message()
    assert office.arrived == [message["message_id"]]
    assert (message["state"], message["recipient"], message["attempts"]) == ("sent", ADDRESS, 1)
    assert message["settled_at"] is not None
    assert message["raw"] is None  # what has left is not kept
    assert await office.outcomes() == ["accepted"]


async def test_ordering_it_again_does_not_send_it_again(office: Office) -> None:
    order, sending = await office.enters(), office.sending()
    assert [await sending.send(order) for _ in range(3)] == [Receipt("sent")] * 3
    assert len(office.server.taken) == 1


async def test_another_iteration_of_the_step_is_another_letter(office: Office) -> None:
    order, sending = await office.enters(), office.sending()
    await sending.send(order)
    await sending.send(ordered(order.enrolment, iteration=2))
    assert len(set(office.arrived)) == 2


async def has_no_address(office: Office) -> None:
    await office.happens("Identified", traits={"email": None})


async def complained(office: Office) -> None:
    async with office.database.transaction() as session:
        await ledger.suppress(session, ADDRESS.upper(), "marked as spam")


async def unsubscribed(office: Office) -> None:
    await office.sets("offers", granted=False)


async def unsubscribed_from_everything(office: Office) -> None:
    await office.sets("*", granted=False)


async def clicked_to_unsubscribe(office: Office) -> None:
    await office.consents(granted=False)


async def never_subscribed(office: Office) -> None:
    await office.run("DELETE FROM consents")


async def bought(office: Office) -> None:
    await office.happens("Order Completed", properties={"shop": "s1"})


async def ended(office: Office) -> None:
    async with office.database.transaction() as session:
        (row,) = await office.rows("SELECT id FROM enrolments")
        await enrolments.end(session, row["id"], "asked for by support", NOW)


async def has_an_odd_address(office: Office) -> None:
    await office.happens("Identified", traits={"email": "anna virtanen@@example"})


@pytest.mark.parametrize(
    ("meanwhile", "receipt"),
    [
        (has_no_address, Receipt("suppressed", "no e-mail address")),
        (complained, Receipt("suppressed", "marked as spam")),
        (never_subscribed, Receipt("unsubscribed", "never subscribed to offers")),
        (unsubscribed, Receipt("unsubscribed", "unsubscribed from offers")),
        (unsubscribed_from_everything, Receipt("unsubscribed", "unsubscribed from offers")),
        (clicked_to_unsubscribe, Receipt("cancelled", "Unsubscribed")),
        (bought, Receipt("cancelled", "Order Completed")),
        (ended, Receipt("cancelled", "asked for by support")),
        (has_an_odd_address, Receipt("failed", "no usable e-mail address")),
    ],
)
async def test_a_letter_that_may_not_be_sent_is_a_row_with_its_reason(
    office: Office, meanwhile: Callable[[Office], Awaitable[None]], receipt: Receipt
) -> None:
    order = await office.enters()
    await meanwhile(office)
    assert await office.sending().send(order) == receipt
    message = await office.message()
    assert (message["state"], message["reason"]) == (receipt.outcome, receipt.reason)
    assert message["settled_at"] is not None
    assert office.server.taken == []


async def test_an_event_that_is_of_another_order_cancels_nothing(office: Office) -> None:
    order = await office.enters()
    await office.happens("Order Completed", properties={"shop": "another"})
    assert await office.sending().send(order) == Receipt("sent")


async def test_a_letter_about_a_cart_is_not_sent_when_the_cart_is_empty_by_now(office: Office) -> None:
    towel = {"product_id": "p1", "name": "Towel"}
    order = await office.enters()
    await office.happens("Product Added", properties=towel)
    assert await office.sending().send(ordered(order.enrolment, letter="basket")) == Receipt("sent")
    await office.happens("Product Removed", properties=towel)
    again = ordered(order.enrolment, letter="basket", iteration=2)
    assert await office.sending().send(again) == Receipt("suppressed", "the cart is empty")


async def test_a_letter_that_cannot_be_written_is_render_failed(office: Office) -> None:
    order = await office.enters()
    receipt = await office.sending().send(ordered(order.enrolment, letter="broken"))
    assert receipt.outcome == "render_failed"
    assert receipt.reason is not None
    assert "nickname" in receipt.reason
    assert (await office.message())["reason"] == receipt.reason


async def test_a_transactional_letter_needs_no_consent(office: Office) -> None:
    order = await office.enters(consents=False)
    order = ordered(order.enrolment, letter="receipt", message_class="transactional", topic=None)
    assert await office.sending().send(order) == Receipt("sent")


async def test_a_stale_letter_is_not_sent(office: Office) -> None:
    order = await office.enters()
    stale = ordered(order.enrolment, now=NOW, ttl=timedelta(0))
    sending = office.sending()
    office.server.fault = Fault(Phase.RCPT, Act.ANSWER, b"451 4.3.0 later")
    await delayed(sending, stale)
    office.server.fault = None
    receipt = await sending.send(ordered(order.enrolment, now=NOW + timedelta(seconds=2), ttl=timedelta(hours=9)))
    assert receipt == Receipt("expired", f"could not be sent before {NOW:%Y-%m-%d %H:%M} UTC")
    assert office.server.taken == []


async def test_a_paused_journey_holds_the_letter_and_resuming_sends_it(office: Office) -> None:
    order, sending = await office.enters(), office.sending()
    async with office.database.transaction() as session:
        await journeys.pause(session, "tried")
    assert await sending.send(order) == Receipt("held")
    assert await office.rows("SELECT 1 FROM messages") == []
    assert (await office.row("SELECT status FROM enrolments"))["status"] == "held"
    async with office.database.transaction() as session:
        await journeys.resume(session, "tried")
    assert await sending.send(order) == Receipt("sent")


async def test_a_refusal_for_good_is_final_and_its_words_stay_in_the_ledger(office: Office) -> None:
    order, sending = await office.enters(), office.sending()
    office.server.fault = Fault(Phase.RCPT, Act.ANSWER, f"554 5.7.1 <{ADDRESS}> looks like spam".encode())
    assert await sending.send(order) == Receipt("failed", "refused with 554")
    assert await sending.send(order) == Receipt("failed", "refused with 554")
    attempt = await office.row("SELECT * FROM attempts")
    assert (attempt["outcome"], attempt["code"]) == ("permanent", 554)
    assert ADDRESS in attempt["text"]


@pytest.mark.parametrize(
    ("words", "suppressed"),
    [
        (b"550 5.1.1 no such user", True),
        (b"550 5.1.10 the domain takes no mail", True),
        (b"550 5.2.1 mailbox disabled", True),
        (b"550 5.1.8 bad sender's system address", False),
        (b"550 5.7.26 not authenticated", False),
        (b"554 no", False),
    ],
)
async def test_only_an_address_that_does_not_exist_is_suppressed(
    office: Office, words: bytes, suppressed: bool
) -> None:
    order, sending = await office.enters(), office.sending()
    office.server.fault = Fault(Phase.RCPT, Act.ANSWER, words)
    receipt = await sending.send(order)
    assert receipt == Receipt("failed", f"refused with {words[:3].decode()}")
    office.server.fault = None
    second = await sending.send(ordered(order.enrolment, iteration=2))
    assert second == (Receipt("suppressed", receipt.reason) if suppressed else Receipt("sent"))


async def test_a_refusal_for_now_is_tried_again_by_the_timetable(office: Office) -> None:
    order, sending = await office.enters(), office.sending()
    office.server.fault = Fault(Phase.MAIL, Act.ANSWER, b"451 4.3.2 not now")
    waits = [seconds(await delayed(sending, order)) / 60 for _ in range(4)]
    for minutes, waited in zip((5, 10, 20, 40), waits, strict=True):
        assert 0.8 * minutes <= waited <= 1.2 * minutes
    assert (await office.message())["state"] == "claimed"
    office.server.fault = None
    assert await sending.send(order) == Receipt("sent")
    assert await office.outcomes() == ["temporary"] * 4 + ["accepted"]


async def test_a_relay_that_is_not_there_is_tried_again_soon(office: Office) -> None:
    order = await office.enters()
    nobody = Relay(RelayAddress.parse("smtp://127.0.0.1:1"), 1, SHORT, "worker.test")
    assert 1.6 <= seconds(await delayed(office.sending(nobody), order)) <= 2.4
    assert await office.outcomes() == ["not_sent"]


async def test_the_last_try_is_when_the_letter_grows_stale(office: Office) -> None:
    order, sending = await office.enters(), office.sending()
    office.server.fault = Fault(Phase.MAIL, Act.ANSWER, b"451 4.3.2 not now")
    order = ordered(order.enrolment, ttl=timedelta(seconds=90))
    assert seconds(await delayed(sending, order)) == pytest.approx(91, abs=1)


async def test_a_retry_sends_the_bytes_of_the_first_time(office: Office) -> None:
    order, sending = await office.enters(), office.sending()
    office.server.fault = Fault(Phase.DOT, Act.ANSWER, b"451 4.3.0 not now", takes=True)
    await delayed(sending, order)
    office.server.fault = None
    await office.happens("Identified", traits={"first_name": "Berit", "email": "berit@example.org"})
    write_letters(office.templates, hello="Something else, {{ contact.first_name }}, {{ links.unsubscribe }}")
    assert await office.sending().send(order) == Receipt("sent")
    first, second = office.server.taken
    assert first == second
    assert second.recipient == ADDRESS


async def test_an_address_that_is_suppressed_between_two_tries_gets_nothing_though_the_contact_has_a_new_one(
    office: Office,
) -> None:
    order, sending = await office.enters(), office.sending()
    office.server.fault = Fault(Phase.MAIL, Act.ANSWER, b"451 4.3.0 not now")
    await delayed(sending, order)
    office.server.fault = None
    await office.happens("Identified", traits={"email": "new@example.org"})
    await complained(office)
    assert await until_told(sending, order) == Receipt("suppressed", "marked as spam")
    assert office.server.taken == []
