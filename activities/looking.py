"""Look at all that decides about a letter, in one transaction."""

from dataclasses import replace
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncSession

from activities.orders import LetterOrder, Staff
from activities.plans import Plans
from activities.refusal import Look, consent_told
from activities.senders import Senders
from store import facts, wishes
from store.addressees import addressee
from store.ledger import Draft, Entry

# A run with more events than this shows its latest ones in letters.
_EVENTS_MAX = 500


class Looking:
    """The plans of journeys, those who send, and the addresses of the shop's own staff."""

    def __init__(self, plans: Plans, senders: Senders, staff: Staff) -> None:
        self._plans = plans
        self._senders = senders
        self._staff = staff

    async def look(self, session: AsyncSession, order: LetterOrder, entry: Entry | None) -> Look:
        """The contact, the run's events, the plan, and what became of the letter so far (`entry`: in the ledger)."""
        staff = self._staff.addresses.get(order.staff) if order.staff else None
        written_to = entry.recipient if entry else None
        to = await addressee(session, order.enrolment, order.topic, written_to or staff)
        plan = await self._plans.get(session, to.journey, to.version)
        events = await facts.happenings(session, to.contact_id, None, from_seq=to.trigger_seq, limit=_EVENTS_MAX)
        wish = await wishes.wish(session, order.send_key) if order.message_class == "marketing" else None
        ends = [entry.not_after if entry else order.now + order.ttl, *([wish.not_after] if wish else [])]
        draft = Draft(
            send_key=order.send_key,
            enrolment_id=order.enrolment,
            contact_id=to.contact_id,
            journey=to.journey,
            step=order.step,
            letter=order.letter,
            message_class="transactional" if order.staff else order.message_class,
            topic=None if order.staff else order.topic,
            message_id=self._senders.message_id(order.send_key, plan.sender),
            not_after=max(ends),
            now=order.now,
            staff=order.staff,
            id=entry.id if entry else uuid4(),
        )
        address = staff if order.staff else to.traits.get("email")
        recipient = written_to or (str(address) if address else None)
        sender = self._senders.named(plan.sender)
        look = Look(order, draft, to, events, plan, recipient, entry, wish, sender)
        return replace(look, draft=replace(draft, facts=consent_told(look)))
