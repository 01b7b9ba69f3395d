"""Past the dot the relay's answer may be lost: then evidence decides, or the letter's class."""

import asyncio
from datetime import timedelta

import pytest

from activities.orders import LetterOrder, Receipt
from mail.evidence import Verdict
from store import enrolments
from tests.activities.office import Office, delayed, ordered, seconds
from tests.mail.fault_smtp import Act, Fault, Phase

LOST = Fault(Phase.DOT, Act.DROP, takes=True)
LOST_WITH_THE_MAIL = Fault(Phase.DOT, Act.DROP)
UNKNOWN = Receipt("unknown", "nobody knows whether the relay took it; not sent again")


async def letter(office: Office, message_class: str) -> LetterOrder:
    order = await office.enters()
    if message_class == "marketing":
        return order
    return ordered(order.enrolment, letter="receipt", message_class="transactional", topic=None)


async def test_a_lost_answer_leaves_the_message_in_doubt(office: Office) -> None:
    office.evidence_after = timedelta(minutes=15)
    order, sending = await office.enters(), office.sending()
    office.server.fault = LOST
    await delayed(sending, order)
    message = await office.message()
    assert (message["state"], message["reason"]) == ("unknown", "the relay's answer was lost")
    assert message["settled_at"] is None
    # Evidence is asked for when its time has come, and not before.
    assert seconds(await delayed(sending, order)) == pytest.approx(15 * 60, abs=5)
    assert office.oracle.asked == []


async def test_the_wait_for_evidence_goes_by_the_databases_clock(office: Office) -> None:
    office.evidence_after = timedelta(minutes=15)
    order, sending = await office.enters(), office.sending()
    office.server.fault = LOST
    await delayed(sending, order)
    await office.run("UPDATE messages SET dot_at = dot_at - interval '10 minutes'")
    assert seconds(await delayed(sending, order)) == pytest.approx(5 * 60, abs=5)


@pytest.mark.parametrize(
    ("message_class", "verdict", "receipt", "copies"),
    [
        ("marketing", Verdict.TAKEN, Receipt("sent", "the relay has it"), 1),
        ("transactional", Verdict.TAKEN, Receipt("sent", "the relay has it"), 1),
        ("marketing", Verdict.UNKNOWABLE, UNKNOWN, 1),
    ],
)
async def test_evidence_or_the_class_settles_what_the_relay_took(
    office: Office, message_class: str, verdict: Verdict, receipt: Receipt, copies: int
) -> None:
    order, sending = await letter(office, message_class), office.sending()
    office.server.fault, office.oracle.verdict = LOST, verdict
    await delayed(sending, order)
    office.server.fault = None
    assert await sending.send(order) == receipt
    assert await sending.send(order) == receipt
    assert len(office.arrived) == copies
    message = await office.message()
    assert (message["state"], message["reason"]) == (receipt.outcome, receipt.reason)
    assert message["settled_at"] is not None
    assert office.oracle.asked == [message["message_id"]]


@pytest.mark.parametrize("message_class", ["marketing", "transactional"])
async def test_what_the_relay_does_not_have_is_sent(office: Office, message_class: str) -> None:
    order, sending = await letter(office, message_class), office.sending()
    office.server.fault, office.oracle.verdict = LOST_WITH_THE_MAIL, Verdict.ABSENT
    await delayed(sending, order)
    office.server.fault = None
    assert seconds(await delayed(sending, order)) == 1
    assert await sending.send(order) == Receipt("sent")
    assert len(office.arrived) == 1
    assert (await office.message())["resent"] is False


async def test_a_transactional_letter_of_which_nobody_knows_is_sent_once_more_with_the_same_message_id(
    office: Office,
) -> None:
    order, sending = await letter(office, "transactional"), office.sending()
    office.server.fault = LOST
    await delayed(sending, order)
    await delayed(sending, order)  # nobody knows: to be sent once more
    await delayed(sending, order)  # and the answer is lost again
    assert await sending.send(order) == UNKNOWN
    assert await sending.send(order) == UNKNOWN
    first, second = office.server.taken
    assert first == second
    assert len(set(office.arrived)) == 1
    assert await office.outcomes() == ["unknown", "unknown"]


async def test_a_letter_that_was_sent_again_in_doubt_and_then_refused_stays_unknown(office: Office) -> None:
    order, sending = await letter(office, "transactional"), office.sending()
    office.server.fault = LOST
    await delayed(sending, order)
    await delayed(sending, order)
    office.server.fault = Fault(Phase.RCPT, Act.ANSWER, b"554 no")
    assert await sending.send(order) == Receipt("unknown", "refused with 554")
    assert (await office.message())["state"] == "unknown"


async def test_a_letter_in_doubt_whose_run_ends_before_the_second_copy_stays_unknown(office: Office) -> None:
    order, sending = await letter(office, "transactional"), office.sending()
    office.server.fault = LOST
    await delayed(sending, order)
    await delayed(sending, order)
    async with office.database.transaction() as session:
        await enrolments.end(session, order.enrolment, "by an operator", order.now)
    message = await office.message()
    assert (message["state"], message["reason"]) == ("unknown", "by an operator")


async def test_a_late_yes_settles_a_message_in_doubt(office: Office) -> None:
    office.evidence_after = timedelta(minutes=15)
    order = await office.enters()
    office.server.fault = Fault(Phase.DOT, Act.LATE, b"250 2.0.0 queued", takes=True, seconds=0.4)
    stalled = asyncio.create_task(office.sending().send(order))
    await office.reaches("dot_pending")
    await delayed(office.sending(), order)  # Temporal took the worker for dead
    assert (await office.message())["state"] == "unknown"
    assert await stalled == Receipt("sent")
    assert await office.sending().send(order) == Receipt("sent")
    assert len(office.arrived) == 1


async def test_a_late_yes_settles_also_what_was_left_unknown_for_good(office: Office) -> None:
    order = await office.enters()
    office.server.fault = Fault(Phase.DOT, Act.LATE, b"250 2.0.0 queued", takes=True, seconds=0.4)
    stalled = asyncio.create_task(office.sending().send(order))
    await office.reaches("dot_pending")
    assert await office.sending().send(order) == UNKNOWN
    assert await stalled == Receipt("sent")
    assert (await office.message())["state"] == "sent"


async def test_a_late_yes_is_believed_when_the_letter_is_about_to_be_sent_again(office: Office) -> None:
    order = await letter(office, "transactional")
    office.server.fault = Fault(Phase.DOT, Act.LATE, b"250 2.0.0 queued", takes=True, seconds=0.4)
    stalled = asyncio.create_task(office.sending().send(order))
    await office.reaches("dot_pending")
    await delayed(office.sending(), order)  # nobody knows: to be sent once more
    assert (await office.message())["state"] == "claimed"
    assert await stalled == Receipt("sent")
    office.server.fault = None
    assert await office.sending().send(order) == Receipt("sent")
    assert len(office.arrived) == 1


async def test_a_late_no_does_not_open_again_what_was_left_unknown_for_good(office: Office) -> None:
    order = await office.enters()
    office.server.fault = Fault(Phase.DOT, Act.LATE, b"451 4.3.0 not now", seconds=0.4)
    stalled = asyncio.create_task(delayed(office.sending(), order))
    await office.reaches("dot_pending")
    assert await office.sending().send(order) == UNKNOWN
    await stalled
    message = await office.message()
    assert (message["state"], message["settled_at"] is None) == ("unknown", False)


async def test_two_who_resolve_the_same_doubt_send_the_letter_once_more_and_not_twice(office: Office) -> None:
    order, sending = await letter(office, "transactional"), office.sending()
    office.server.fault = LOST
    await delayed(sending, order)

    async def overtaken() -> None:
        """While this one asks, another attempt resolves the doubt, sends the letter again, and is in doubt anew."""
        await delayed(office.sending(), order)
        await delayed(office.sending(), order)

    office.oracle.meddle = overtaken
    await delayed(sending, order)
    message = await office.message()
    assert (message["state"], message["settled_at"]) == ("unknown", None)
    assert await sending.send(order) == UNKNOWN
    assert len(office.arrived) == 2
