"""The pool of connections to the mail relay."""

import asyncio
import ssl
from dataclasses import dataclass, field
from time import monotonic

from mail.address import AddressUnusable
from mail.connection import RelayAddress, connect
from mail.session import Session
from mail.smtp import LOST, BeforeDot, Envelope, Outcome, Reply, Timeouts, lost

MESSAGES_PER_CONNECTION = 100
SECONDS_PER_CONNECTION = 300
IDLE_SECONDS = 10  # after so long a connection is asked whether it still lives

_TIMEOUTS = Timeouts()


@dataclass
class _Pooled:
    """A session with its age; times are monotonic seconds."""

    session: Session
    opened_at: float = field(default_factory=monotonic)
    used_at: float = field(default_factory=monotonic)
    messages: int = 0

    @property
    def is_worn(self) -> bool:
        return self.messages >= MESSAGES_PER_CONNECTION or monotonic() - self.opened_at >= SECONDS_PER_CONNECTION

    @property
    def is_doubtful(self) -> bool:
        return self.session.needs_reset or monotonic() - self.used_at >= IDLE_SECONDS


class Relay:
    """Delivers mails through one relay, over at most `connections` connections that are used again.

    `tls` replaces the system's trust (for a private authority); `hostname` is what we call ourselves in EHLO.
    """

    def __init__(
        self,
        address: RelayAddress,
        connections: int = 10,
        timeouts: Timeouts = _TIMEOUTS,
        hostname: str | None = None,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        self._address = address
        self._timeouts = timeouts
        self._hostname = hostname
        self._tls = tls
        self._slots = asyncio.Semaphore(connections)
        self._idle: list[_Pooled] = []
        self._closed = False

    async def deliver(self, envelope: Envelope, raw: bytes, before_dot: BeforeDot) -> Reply:
        """Deliver one mail to one recipient.

        `before_dot` is awaited between the body and its final dot. If it returns False the message is withheld; what
        it raises is raised here, and the message is not sent either. A cancellation before `before_dot` has returned
        means not sent, too; a later one means unknown.
        """
        try:
            travelling = envelope.travelling()
        except AddressUnusable as error:
            return Reply(Outcome.PERMANENT, None, str(error))
        async with self._slots:
            try:
                pooled, refusal = await self._begin(travelling)
            except LOST as error:
                return lost(error, Outcome.NOT_SENT)
            try:
                return refusal or await pooled.session.transfer(travelling, raw, before_dot)
            finally:
                await self._keep(pooled)

    async def close(self) -> None:
        """Leave all idle connections; those in use are left when their message is done."""
        self._closed = True
        while self._idle:
            await self._idle.pop().session.leave()

    async def _begin(self, envelope: Envelope) -> tuple[_Pooled, Reply | None]:
        """Return a session that was told MAIL, with its refusal if it refused.

        A used connection may have died while it was idle. Nothing of the message is out before MAIL is answered, so a
        fresh connection takes its place and no message ever fails by that.
        """
        if (used := await self._take()) is not None:
            try:
                if used.is_doubtful:
                    await used.session.reset()
                refusal = await used.session.begin(envelope)
            except LOST:
                used.session.close()
            else:
                if used.session.is_open:
                    return used, refusal
        fresh = await self._open()
        return fresh, await fresh.session.begin(envelope)

    async def _take(self) -> _Pooled | None:
        while self._idle:
            pooled = self._idle.pop()
            if pooled.is_worn:
                await pooled.session.leave()
            elif pooled.session.is_open:
                return pooled
        return None

    async def _keep(self, pooled: _Pooled) -> None:
        pooled.messages += 1
        pooled.used_at = monotonic()
        if not pooled.session.is_open:
            return
        if self._closed or pooled.is_worn:
            await pooled.session.leave()
        else:
            self._idle.append(pooled)

    async def _open(self) -> _Pooled:
        if self._closed:
            raise ConnectionError("the relay is closed at this end")
        client = await connect(self._address, self._timeouts, self._tls, self._hostname)
        self._hostname = client.local_hostname
        return _Pooled(Session(client, self._timeouts))
