"""Write down what came of an attempt, also when the database is away: the relay's answer comes only once."""

import asyncio
import logging
import re
from time import monotonic

from sqlalchemy.exc import SQLAlchemyError

from activities.orders import Receipt
from mail.smtp import Outcome, Reply
from store import erasure, ledger
from store.session import Database

_log = logging.getLogger(__name__)

_PATIENCE = 600
"""Seconds. After that the message stays in doubt, and evidence or policy settles it."""

# RFC 3463 and the registry of enhanced codes: there is no such mailbox, no such host, or nobody reads there any more.
# The others of 5.1 speak of the sender.
_NOBODY_THERE = re.compile(r"5\.(1\.(1|2|3|6|10)|2\.1)\b")


class Settling:
    """The end of an attempt, in the ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def close(self, lease: ledger.Lease, reply: Reply, recipient: str) -> Receipt | None:
        """The relay took the message, or refused it for good (then an unknown address is not tried again).

        None: another attempt has taken the message over, and its fate is in the ledger or still open.
        """
        if reply.outcome is Outcome.ACCEPTED:
            fate = await self._surely(lease, reply, ledger.SENT, None, final=True)
        else:
            # The relay's words may quote the address: they stay in the ledger, the reason travels.
            reason = f"refused with {reply.code}" if reply.code else "refused"
            unknown = recipient if _NOBODY_THERE.match(reply.text) else None
            fate = await self._surely(lease, reply, ledger.FAILED, reason, final=True, suppressed=unknown)
        return Receipt(fate.state, fate.reason) if fate is not None else None

    async def leave(self, lease: ledger.Lease, reply: Reply, state: str) -> None:
        """The attempt is over, the message is not."""
        reason = "the relay's answer was lost" if state == ledger.UNKNOWN else None
        await self._surely(lease, reply, state, reason, final=False)

    async def _surely(
        self,
        lease: ledger.Lease,
        reply: Reply,
        state: str,
        reason: str | None,
        *,
        final: bool,
        suppressed: str | None = None,
    ) -> ledger.Fate | None:
        result = ledger.Result(reply.outcome, reply.code, reply.text)
        until = monotonic() + _PATIENCE
        while True:
            try:
                async with self._database.transaction() as session:
                    if suppressed is not None:
                        await ledger.suppress(session, suppressed, reason or state)
                    fate = await ledger.settle(session, lease, result, state, reason, final=final)
                    if suppressed is not None:
                        await erasure.forget_recipient(session, lease.message, suppressed)
                    return fate
            except (SQLAlchemyError, OSError) as error:
                if monotonic() > until:
                    raise
                _log.warning("message %s: not settled yet (%s)", lease.message, type(error).__name__)
                await asyncio.sleep(1)
