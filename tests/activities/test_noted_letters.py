"""What becomes of a letter is noted as a decision, in the transaction that settles it, and once."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest

from activities.housekeeping import judge_abandoned
from activities.orders import Receipt
from mail.evidence import Verdict
from store import doubts, enrolments
from tests.activities.office import Office, delayed, ordered, until_told
from tests.mail.fault_smtp import Act, Fault, Phase


async def lost_answer(office: Office) -> None:
    office.server.fault = Fault(Phase.DOT, Act.DROP, takes=True)


async def refused(office: Office) -> None:
    office.server.fault = Fault(Phase.RCPT, Act.ANSWER, b"554 5.7.1 no")


async def unsubscribed(office: Office) -> None:
    await office.sets("offers", granted=False)


async def bought(office: Office) -> None:
    await office.happens("Order Completed", properties={"shop": "s1"})


async def nothing(office: Office) -> None:
    pass


@pytest.mark.parametrize(
    ("meanwhile", "verdict", "reason"),
    [
        (nothing, "sent", None),
        (refused, "failed", "refused with 554"),
        (unsubscribed, "unsubscribed", "unsubscribed from offers"),
        (bought, "cancelled", "Order Completed"),
        (lost_answer, "unknown", "nobody knows whether the relay took it; not sent again"),
    ],
)
async def test_every_fate_is_a_decision_with_its_reason(
    office: Office, meanwhile: Callable[[Office], Awaitable[None]], verdict: str, reason: str | None
) -> None:
    order = await office.enters()
    await meanwhile(office)
    sending = office.sending()
    assert await until_told(sending, order) == Receipt(verdict, reason)
    await until_told(sending, order)
    assert await office.decisions() == [(verdict, reason)]
    row = await office.row("SELECT * FROM decisions")
    message = await office.message()
    assert (row["contact_id"], row["enrolment_id"], row["journey"]) == (
        message["contact_id"], message["enrolment_id"], "tried",
    )  # fmt: skip
    assert (row["step"], row["version"], row["facts"]) == ("hello", 1, message["facts"])
    said = "unsubscribed from" if verdict == "unsubscribed" else "subscribed to"
    assert row["facts"] == {"consent": f"{said} offers"}


async def test_a_letter_that_expires_or_cannot_be_written_is_noted(office: Office) -> None:
    order, sending = await office.enters(), office.sending()
    late = ordered(order.enrolment, ttl=timedelta(seconds=-1))
    assert (await sending.send(late)).outcome == "expired"
    assert (await sending.send(ordered(order.enrolment, letter="broken", iteration=2))).outcome == "render_failed"
    assert [verdict for verdict, _ in await office.decisions()] == ["expired", "render_failed"]


async def test_a_claimed_letter_whose_run_ends_is_noted_with_the_end(office: Office) -> None:
    order = await office.enters()
    office.server.fault = Fault(Phase.MAIL, Act.ANSWER, b"451 4.3.0 not now")
    await delayed(office.sending(), order)
    async with office.database.transaction() as session:
        await enrolments.end(session, order.enrolment, "asked for by support", datetime.now(UTC))
    assert await office.decisions() == [("cancelled", "asked for by support")]


async def test_a_letter_that_policy_settles_is_noted_then(office: Office) -> None:
    order = await office.enters()
    await lost_answer(office)
    await delayed(office.sending(), order)
    message = await office.message()
    state, reason = judge_abandoned(Verdict.UNKNOWABLE)
    async with office.database.transaction() as session:
        await doubts.resolve(session, message["id"], message["dot_at"], state, reason)
    assert await office.decisions() == [(state, reason)]


async def test_a_letter_whose_fate_is_open_is_not_noted(office: Office) -> None:
    order = await office.enters()
    sending = office.sending()
    office.server.fault = Fault(Phase.MAIL, Act.ANSWER, b"451 4.3.0 not now")
    await delayed(sending, order)
    await delayed(sending, order)
    assert await office.decisions() == []
