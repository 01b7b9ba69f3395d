"""The send protocol: claim in the ledger, speak to the relay with a late dot, settle, and resolve what is in doubt."""

from collections.abc import Callable
from datetime import datetime, timedelta

from sqlalchemy.exc import SQLAlchemyError

from activities.orders import LetterOrder, Receipt
from activities.pacing import Delay
from activities.preparing import Parcel, Preparing
from activities.settling import Settling
from activities.timetable import Timetable, later
from mail.evidence import Evidence, Verdict
from mail.relay import Relay
from mail.smtp import Outcome, Reply
from store import ledger
from store.decisions import record
from store.doubts import resolve
from store.session import Database

_AT_ONCE = timedelta(seconds=1)


class Sending:
    """One way to send a letter, for every attempt of every worker."""

    def __init__(
        self,
        database: Database,
        preparing: Preparing,
        relay_at: Callable[[str], Relay],
        evidence: Evidence,
        timetable: Timetable,
    ) -> None:
        self._database = database
        self._preparing = preparing
        self._relay_at = relay_at
        self._evidence = evidence
        self._timetable = timetable
        self._settling = Settling(database)

    async def send(self, order: LetterOrder) -> Receipt:
        """Send the letter of this step, once. Raises `LetterDelayed` errors while its fate is open."""
        async with self._database.transaction() as session:
            await record(session, order.enrolment, order.verdicts)
            prepared = await self._preparing.prepare(session, order)
        match prepared:
            case Receipt():
                return prepared
            case Delay(why=why, until=until, not_after=not_after):
                raise later(why, until - order.now, not_after, order.now)
            case ledger.Entry():
                return await self._resolve(prepared, order.now)
            case Parcel():
                return await self._deliver(prepared, order.now)

    async def _deliver(self, parcel: Parcel, now: datetime) -> Receipt:
        async def before_dot() -> bool:
            async with self._database.transaction() as session:
                return await ledger.before_dot(session, parcel.lease, parcel.exits, parcel.looked_at, parcel.open_for)

        try:
            reply = await self._relay_at(parcel.smtp_url).deliver(parcel.envelope, parcel.raw, before_dot)
        except (SQLAlchemyError, OSError) as error:
            # The last look failed, so the dot was not written, whatever the database has made of it.
            reply = Reply(Outcome.NOT_SENT, None, f"no last look: {type(error).__name__}")
        match reply.outcome:
            case Outcome.ACCEPTED | Outcome.PERMANENT:
                receipt = await self._settling.close(parcel.lease, reply, parcel.envelope.recipient)
                if receipt is None:
                    raise later("overtaken by another attempt", _AT_ONCE, parcel.not_after, now)
                return receipt
            case Outcome.UNKNOWN:
                await self._settling.leave(parcel.lease, reply, ledger.UNKNOWN)
                raise later("in doubt: the relay's answer was lost", _AT_ONCE, parcel.not_after, now)
            case Outcome.WITHHELD:
                # Something was committed since the claim: the next attempt looks at it closely and decides.
                await self._settling.leave(parcel.lease, reply, ledger.CLAIMED)
                raise later("withheld at the last look", _AT_ONCE, parcel.not_after, now)
            case Outcome.TEMPORARY | Outcome.NOT_SENT:
                return await self._try_later(parcel, reply, now)

    async def _try_later(self, parcel: Parcel, reply: Reply, now: datetime) -> Receipt:
        await self._settling.leave(parcel.lease, reply, ledger.CLAIMED)
        delay = self._timetable.delay(reply.outcome, parcel.lease.attempt)
        raise later(f"not taken yet: {reply.outcome} {reply.code or ''}".strip(), delay, parcel.not_after, now)

    async def _resolve(self, entry: ledger.Entry, now: datetime) -> Receipt:
        """Settle a message of which nobody knows whether the relay has it: by evidence, else by its class."""
        assert entry.dot_at is not None
        assert entry.waited is not None
        if (wait := self._timetable.evidence_after - entry.waited) > timedelta(0):
            raise later("in doubt: waiting for evidence", wait, now + wait, now)
        state, reason, again = judge(await self._evidence.look_up(entry.message_id), entry)
        async with self._database.transaction() as session:
            resolved = await resolve(session, entry.id, entry.dot_at, state, reason, resent=again)
        if not resolved:
            raise later("no longer in doubt", _AT_ONCE, entry.not_after, now)
        if state == ledger.CLAIMED:
            raise later(f"to be sent again: {reason}", _AT_ONCE, entry.not_after, now)
        return Receipt(state, reason)


def judge(verdict: Verdict, entry: ledger.Entry) -> tuple[str, str, bool]:
    """What to do with a message in doubt: its new state, the reason, and whether it is sent again without evidence."""
    if verdict is Verdict.TAKEN:
        return ledger.SENT, "the relay has it", False
    if verdict is Verdict.ABSENT:
        return ledger.CLAIMED, "the relay does not have it", False
    if entry.message_class == "transactional" and not entry.resent:
        return ledger.CLAIMED, "nobody knows; sent once more with the same Message-ID", True
    return ledger.UNKNOWN, "nobody knows whether the relay took it; not sent again", False
