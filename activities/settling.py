"""Write down what came of an attempt, also when the database is away: the relay's answer comes only once."""

import asyncio
import logging

from sqlalchemy.exc import DBAPIError

from activities.orders import Receipt
from mail.smtp import Outcome, Reply
from store import ledger
from store.session import Database

_log = logging.getLogger(__name__)

_PATIENCE = 600
"""Seconds. After that the message stays in doubt, and evidence or policy settles it."""


class Settling:
    """The end of an attempt, in the ledger."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def close(self, lease: ledger.Lease, reply: Reply, recipient: str) -> Receipt:
        """The relay took the message, or refused it for good (then an unknown address is not tried again)."""
        if reply.outcome is Outcome.ACCEPTED:
            await self._surely(lease, reply, ledger.SENT, None, final=True)
            return Receipt(ledger.SENT)
        # The relay's words may quote the address: they stay in the ledger, the reason travels.
        reason = f"refused with {reply.code}" if reply.code else "refused"
        unknown = recipient if reply.text.startswith("5.1.") else None
        await self._surely(lease, reply, ledger.FAILED, reason, final=True, suppressed=unknown)
        return Receipt(ledger.FAILED, reason)

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
    ) -> None:
        result = ledger.Result(reply.outcome, reply.code, reply.text)
        for second in range(_PATIENCE + 1):
            try:
                async with self._database.transaction() as session:
                    await ledger.settle(session, lease, result, state, reason, final=final)
                    if suppressed is not None:
                        await ledger.suppress(session, suppressed, reason or state)
                return
            except (DBAPIError, OSError) as error:
                if second == _PATIENCE:
                    raise
                _log.warning("message %s: not settled yet (%s)", lease.message, type(error).__name__)
                await asyncio.sleep(1)
