"""A contact of whom every table that may know somebody knows something, for the tests of export and erasure."""

from datetime import timedelta
from uuid import UUID, uuid4

from sqlalchemy import text

from rules.decisions import Noted
from store import ledger, suppressions
from store.decisions import note
from store.incoming import Statement
from store.intake import Intake
from store.ledger import Result
from store.models import CouponCode, Due, Enrolment, Membership, PublishedCoupon, Redemption, Told, Wish
from store.models import Message as MessageRow
from store.session import Database
from tests.store.enrolling import NOW, draft
from tests.store.happening import happened, owner, value

NAME, USER, ADDRESS, BROWSER = "Maja Lindqvist", "user-4711-maja", "maja@lindqvist.example", "browser-of-maja-88"
ORDER = "order-of-maja-12"
PERSONAL = (NAME, "maja", "lindqvist", USER, ADDRESS, BROWSER, ORDER, "Storgatan")
WORKFLOW = f"journey/tried/inside/{ORDER}"


async def lives(database: Database, intake: Intake) -> UUID:
    """Maja, who first was a browser: two contacts that have become one. Inside one journey, and through another."""
    first = happened("Page Viewed", anonymous_id=BROWSER, traits={"street": "Storgatan 5"}, context={"ip": "maja.ip"})
    known = happened(
        "Signed Up", user_id=USER, email=ADDRESS, traits={"name": NAME}, message_id=f"signup/{ADDRESS}",
        properties={"name": NAME}, consents=(Statement("offers", granted=True),),
    )  # fmt: skip
    joined = happened("Cart Viewed", user_id=USER, anonymous_id=BROWSER, properties={"note": f"for {NAME}"})
    for event in (first, known, joined):
        await intake.accept([event])
    contact = await owner(database, joined.message_id)
    inside = await _enrolled(database, contact, WORKFLOW, ORDER, "active")
    through = await _enrolled(database, contact, f"journey/tried/through/{ORDER}", ORDER, "ended")
    await _letters(database, contact, inside, through)
    await _kept(database, contact, inside)
    return UUID(str(contact))


async def _enrolled(database: Database, contact: UUID, workflow: str, key: str, status: str) -> UUID:
    began = await value(
        database, "SELECT max(seq) FROM events WHERE contact_id = :contact AND name = 'Cart Viewed'", contact=contact
    )
    row = Enrolment(
        id=uuid4(), journey="tried", version=1, contact_id=contact, key=key, workflow_id=workflow, trigger_seq=began,
        started_at=NOW, status=status, reason="done" if status == "ended" else None, ways={"half": "a"}, goal_at=NOW,
    )  # fmt: skip
    async with database.transaction() as session:
        session.add(row)
    return row.id


async def _letters(database: Database, contact: UUID, inside: UUID, through: UUID) -> None:
    """One was refused, with the address in the relay's words; one is claimed, one past the dot; one waits."""
    raw, facts = f"To: {ADDRESS}\r\n\r\nHej {NAME}".encode(), {"name": NAME}
    async with database.transaction() as session:
        refused = await ledger.claim(session, draft(through, contact, facts=facts), ADDRESS, raw, again=False)
        assert refused is not None
        said = Result("permanent", 550, f"5.1.1 <{ADDRESS}> unknown")
        await ledger.settle(session, refused, said, ledger.FAILED, f"refused: {NAME}", final=True)
        told = Told(
            source="plain", event_id=f"e/{ADDRESS}", message=refused.message, kind="bounced", at=NOW, received_at=NOW
        )
        session.add(told)
        for step in ("claimed", "leaving"):
            letter = draft(inside, contact, send_key=f"{inside}/{step}/1", step=step, facts=facts)
            await ledger.claim(session, letter, ADDRESS, raw, again=False)
        leaving = text("UPDATE messages SET state = 'dot_pending', dot_at = now() WHERE step = 'leaving'")
        await session.execute(leaving)
        waits = Wish(
            send_key=f"{inside}/waits/1",
            enrolment_id=inside,
            contact_id=contact,
            priority=1,
            at=NOW,
            until=NOW,
            not_after=NOW,
        )
        session.add(waits)
        told_staff = MessageRow(
            send_key=f"{inside}/staff/1", enrolment_id=inside, contact_id=contact, journey="tried", step="staff",
            letter="alert", message_class="transactional", state="sent", message_id="<staff@shop.example>",
            recipient="desk@shop.example", staff="desk", not_after=NOW, settled_at=NOW, created_at=NOW, paced_at=NOW,
        )  # fmt: skip
        session.add(told_staff)


async def _kept(database: Database, contact: UUID, inside: UUID) -> None:
    async with database.transaction() as session:
        facts = {"conditions": [{"words": f"name is {NAME}", "held": True, "value": NAME}]}
        await note(session, [Noted(None, NOW, contact, "tried", "branch", "no", NAME, inside, 1, "b", facts)])
        await suppressions.add(
            session, suppressions.Suppression(ADDRESS, suppressions.HARD, f"<{ADDRESS}> unknown", f"e/{ADDRESS}")
        )
        session.add(PublishedCoupon(name="gift", hash="h", definition={}, published_at=NOW))
        session.add_all(
            [
                Membership(segment="all", contact_id=contact, since=NOW),
                Due(kind="look", name="all", contact_id=contact, at=NOW),
            ]
        )
        await session.flush()
        session.add(
            CouponCode(coupon="gift", code="GIFT-1", pooled=True, enrolment_id=inside, added_at=NOW, given_at=NOW)
        )
        session.add(Redemption(source=f"order/{ORDER}", coupon="gift", code="GIFT-1", contact_id=contact, at=NOW))
        session.add(Redemption(source=f"till/{ORDER}", coupon="gift", code="GIFT-1", at=NOW + timedelta(days=1)))
