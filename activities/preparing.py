"""Before a letter is sent: look, decide, write it down and claim it, in one transaction."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from activities.context import letter_context
from activities.orders import LetterOrder, Receipt, Shop
from activities.plans import Plans
from activities.refusal import Look, refusal
from mail.address import AddressUnusable, Mailbox
from mail.headers import HeaderUnsafe
from mail.links import Links
from mail.message import Heading, Unsubscribe, compose, message_id
from mail.rendering import LetterError, Letters
from rules.cart import cart
from store import enrolments, facts, ledger
from store.addressees import addressee
from store.doubts import doubt
from store.ledger import Draft, Entry, Lease

# A run with more events than this shows its latest ones in letters.
_EVENTS_MAX = 500


@dataclass(frozen=True)
class Parcel:
    """A claimed message, ready to leave. `exits`: names of events that, if newer than `looked_at`, forbid the dot."""

    lease: Lease
    recipient: str
    raw: bytes
    exits: tuple[str, ...]
    looked_at: int
    not_after: datetime


class Preparing:
    """Decide whether a letter may be sent, write it, and claim it."""

    def __init__(self, plans: Plans, letters: Letters, links: Links, shop: Shop) -> None:
        self._plans = plans
        self._letters = letters
        self._links = links
        self._shop = shop
        self.envelope_sender = Mailbox.parse(shop.sender).address
        self._domain = self.envelope_sender.rpartition("@")[2]

    async def prepare(self, session: AsyncSession, order: LetterOrder) -> Receipt | Parcel | Entry:
        """A parcel to deliver; or what became of the letter; or the entry of a message that is in doubt."""
        entry = await ledger.entry(session, order.send_key)
        if entry is None or entry.state == ledger.CLAIMED:
            return await self._open(session, order, entry)
        if entry.settled:
            return Receipt(entry.state, entry.reason)
        # Whoever wrote the dot is gone, or stalled: Temporal gives the work away only then.
        await doubt(session, entry.id)
        return entry

    async def _open(self, session: AsyncSession, order: LetterOrder, entry: Entry | None) -> Receipt | Parcel | Entry:
        look = await self._look(session, order, entry)
        if look.to.paused and await enrolments.hold(session, order.enrolment):
            return Receipt("held")
        refused = refusal(look)
        if refused is not None:
            return await self._refuse(session, look, refused)
        recipient, raw = str(look.to.traits["email"]), entry.raw if entry else None
        if entry is not None and entry.recipient and raw:
            return await self._claim(session, look, entry.recipient, raw, again=True)
        try:
            if self._shows_an_empty_cart(look):
                return await self._refuse(session, look, Receipt("suppressed", "the cart is empty"))
            raw = self._write(look, recipient)
        except LetterError as error:
            return await self._refuse(session, look, Receipt("render_failed", str(error)))
        except (AddressUnusable, HeaderUnsafe) as error:  # their words quote no data
            return await self._refuse(session, look, Receipt("failed", str(error)))
        return await self._claim(session, look, recipient, raw, again=False)

    async def _look(self, session: AsyncSession, order: LetterOrder, entry: Entry | None) -> Look:
        to = await addressee(session, order.enrolment, order.topic, entry.recipient if entry else None)
        plan = await self._plans.get(session, to.journey, to.version)
        events = await facts.happenings(session, to.contact_id, None, from_seq=to.trigger_seq, limit=_EVENTS_MAX)
        draft = Draft(
            send_key=order.send_key,
            enrolment_id=order.enrolment,
            contact_id=to.contact_id,
            journey=to.journey,
            step=order.step,
            letter=order.letter,
            message_class=order.message_class,
            topic=order.topic,
            message_id=message_id(order.send_key, self._domain),
            not_after=entry.not_after if entry else order.now + order.ttl,
        )
        return Look(order, draft, to, events, plan.exit_on)

    async def _refuse(self, session: AsyncSession, look: Look, refused: Receipt) -> Receipt | Parcel | Entry:
        fate = await ledger.refuse(session, look.draft, refused.outcome, refused.reason or refused.outcome)
        if fate is None:
            return await self.prepare(session, look.order)  # as below
        return Receipt(fate.state, fate.reason)

    async def _claim(
        self, session: AsyncSession, look: Look, recipient: str, raw: bytes, *, again: bool
    ) -> Receipt | Parcel | Entry:
        lease = await ledger.claim(session, look.draft, recipient, raw, again=again)
        if lease is None:
            # Another attempt went past us between our look and our claim: look again at what it left.
            return await self.prepare(session, look.order)
        exits = tuple({name for match in look.exits for name in match.event})
        return Parcel(lease, recipient, raw, exits, look.newest, look.draft.not_after)

    def _shows_an_empty_cart(self, look: Look) -> bool:
        return "cart" in self._letters.variables(look.draft.letter) and not cart(look.events).lines

    def _write(self, look: Look, recipient: str) -> bytes:
        topic = look.draft.topic
        leave = self._links.unsubscribe(look.to.contact_id, topic) if topic else None
        heading = Heading(
            message_id=look.draft.message_id,
            date=look.order.now,
            sender=self._shop.sender,
            recipient=recipient,
            reference=str(look.order.enrolment),
            reply_to=self._shop.reply_to,
            unsubscribe=Unsubscribe(leave) if leave else None,
            list_id=f"{topic}.{self._domain}" if topic else None,
        )
        return compose(heading, self._letters.render(look.draft.letter, letter_context(look, self._shop, leave)))
