"""Before a letter is sent: look, decide, write it down and claim it, in one transaction."""

from contextlib import nullcontext
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeAlias

from sqlalchemy.ext.asyncio import AsyncSession

from activities.looking import Looking
from activities.orders import LetterOrder, Receipt, Staff
from activities.pacing import Delay, LeftOut, Turn, Turns, deferred
from activities.plans import Plans
from activities.refusal import Look, refusal
from activities.senders import Senders
from activities.writing import Writing
from mail.address import AddressUnusable
from mail.headers import HeaderUnsafe
from mail.links import Links
from mail.rendering import LetterError, Letters
from mail.senders import Sender
from mail.smtp import Envelope
from store import enrolments, ledger, pacing, wishes
from store.coupons import Coupons, Given, Lacking
from store.decisions import note
from store.doubts import doubt
from store.ledger import Entry, Lease
from store.session import undone_on_error

# How soon a letter looks again whether there is what it lacks: a code, or its sender in the settings.
_AGAIN = timedelta(minutes=5)


@dataclass(frozen=True)
class Parcel:
    """A claimed message, ready to leave by the relay at `smtp_url`.

    `exits` are names of events that, if newer than `looked_at`, forbid the dot. So do quiet hours, which
    begin `open_for` after the claim; None: they do not begin soon.
    """

    lease: Lease
    envelope: Envelope
    smtp_url: str
    raw: bytes
    exits: tuple[str, ...]
    looked_at: int
    not_after: datetime
    open_for: timedelta | None = None


Prepared: TypeAlias = Receipt | Parcel | Entry | Delay
"""A parcel to deliver; or what became of the letter; or a message that is in doubt; or the letter has to wait."""


class Preparing:
    """Decide whether a letter may be sent, write it, and claim it."""

    def __init__(
        self,
        plans: Plans,
        letters: Letters,
        links: Links,
        senders: Senders,
        *,
        staff: Staff | None = None,
        time_zone: str = "UTC",
    ) -> None:
        self._looking = Looking(plans, senders, staff or Staff())
        self._writing = Writing(letters, links, senders)
        self._senders = senders
        self._staff = staff or Staff()
        self._turns = Turns(time_zone)
        self._coupons = Coupons()

    async def prepare(self, session: AsyncSession, order: LetterOrder) -> Prepared:
        """Look at the letter as the ledger has it, and decide what is to be done now."""
        entry = await ledger.entry(session, order.send_key)
        if entry is None or entry.state == ledger.CLAIMED:
            return await self._open(session, order, entry)
        if entry.settled:
            return Receipt(entry.state, entry.reason)
        # Whoever wrote the dot is gone, or stalled: Temporal gives the work away only then.
        await doubt(session, entry.id)
        return entry

    async def _open(self, session: AsyncSession, order: LetterOrder, entry: Entry | None) -> Prepared:
        look = await self._looking.look(session, order, entry)
        if look.to.paused and await enrolments.hold(session, order.enrolment):
            return Receipt("held")
        refused = refusal(look)
        if refused is not None:
            return await self._refuse(session, look, await self._reasoned(session, look, refused))
        if (sender := look.sender) is None:
            return await self._wait(session, look, f"the settings have no sender {look.plan.sender!r}", {})
        turn = await self._turns.turn(session, look)
        if isinstance(turn, Delay):
            return turn
        look = look.resting_on(turn.facts)
        if isinstance(turn, LeftOut):
            return await self._refuse(session, look, Receipt("capped", turn.why))
        if entry is not None and entry.recipient and entry.raw:
            return await self._claim(session, look, sender, turn, entry.recipient, entry.raw, again=True)
        return await self._first(session, look, sender, turn)

    async def _reasoned(self, session: AsyncSession, look: Look, refused: Receipt) -> Receipt:
        """A letter that grew stale while there was no code for it says so."""
        if refused.outcome != "expired" or look.order.coupon is None or look.claimed:
            return refused
        lacking = await self._coupons.lacking(session, look.order.coupon, look.order.enrolment)
        return Receipt("expired", lacking) if lacking else refused

    async def _first(self, session: AsyncSession, look: Look, sender: Sender, turn: Turn) -> Prepared:
        """Write the letter, and claim it. A code that it was to show is given only with the claim."""
        untold = await self._untold(session, look)
        if untold is None:
            many = f"{self._staff.an_hour} letters of this journey to {look.draft.staff} within an hour"
            return await self._refuse(session, look, Receipt("capped", many))
        try:
            if self._writing.shows_an_empty_cart(look):
                return await self._refuse(session, look, Receipt("suppressed", "the cart is empty"))
            # A letter that cannot be written gives its code back.
            async with undone_on_error(session) if look.order.coupon else nullcontext():
                code = await self._code(session, look)
                if isinstance(code, Lacking):
                    return await self._wait_for_a_code(session, look, code)
                raw = self._writing.write(look, sender, str(look.recipient), code, untold)
        except LetterError as error:
            return await self._refuse(session, look, Receipt("render_failed", str(error)))
        except (AddressUnusable, HeaderUnsafe) as error:  # their words quote no data
            return await self._refuse(session, look, Receipt("failed", str(error)))
        look = look.resting_on({"coupon": str(code)} if code else {})
        return await self._claim(session, look, sender, turn, str(look.recipient), raw, again=False)

    async def _untold(self, session: AsyncSession, look: Look) -> int | None:
        """How many letters of this kind the staff did not get before this one; None: nor do they get this one."""
        draft = look.draft
        if draft.staff is None:
            return 0
        told, untold = await pacing.told_to_staff(session, draft.journey, draft.staff, draft.send_key, look.order.now)
        return untold if told < self._staff.an_hour else None

    async def _code(self, session: AsyncSession, look: Look) -> Given | Lacking | None:
        if look.order.coupon is None:
            return None
        return await self._coupons.give(session, look.order.coupon, look.order.enrolment, look.order.now)

    async def _wait_for_a_code(self, session: AsyncSession, look: Look, lacking: Lacking) -> Prepared:
        if lacking.over:
            return await self._refuse(session, look, Receipt("expired", lacking.why))
        return await self._wait(session, look, lacking.why, {"coupon": look.order.coupon})

    async def _wait(self, session: AsyncSession, look: Look, why: str, facts: dict[str, Any]) -> Delay:
        """The letter looks again soon, until it is stale."""
        await note(session, [deferred(look, why, look.draft.not_after, facts)])
        return Delay(why, look.order.now + _AGAIN, look.draft.not_after)

    async def _refuse(self, session: AsyncSession, look: Look, refused: Receipt) -> Prepared:
        fate = await ledger.refuse(session, look.draft, refused.outcome, refused.reason or refused.outcome)
        if look.wish is not None:
            await wishes.drop(session, look.draft.send_key)
        if fate is None:
            return await self.prepare(session, look.order)  # as below
        return Receipt(fate.state, fate.reason)

    async def _claim(
        self, session: AsyncSession, look: Look, sender: Sender, turn: Turn, recipient: str, raw: bytes, *, again: bool
    ) -> Prepared:
        lease = await ledger.claim(session, look.draft, recipient, raw, again=again)
        if look.wish is not None:
            await wishes.drop(session, look.draft.send_key)
        if lease is None:
            # Another attempt went past us between our look and our claim: look again at what it left.
            return await self.prepare(session, look.order)
        exits = tuple({name for match in look.plan.exit_on for name in match.event})
        envelope = Envelope(self._senders.envelope_sender(sender, lease.message), recipient)
        return Parcel(lease, envelope, sender.smtp_url, raw, exits, look.newest, look.draft.not_after, turn.open_for)
