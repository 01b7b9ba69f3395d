"""One delivery over one open SMTP session, in phases, with the *late dot*.

The body goes out without its final dot; `before_dot` then makes the attempt durable; only after that the dot is
written. What is lost before the dot was surely not sent, what is lost after it is unknown; nothing else is guessed.
"""

import asyncio
import re
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import cast

from aiosmtplib import SMTP, SMTPResponse, SMTPServerDisconnected

from mail.smtp import LOST, BeforeDot, Envelope, Outcome, Reply, Timeouts, is_positive, lost, plain, refusal

_SERVICE_CLOSING = 421
_GO_AHEAD = 354


class Session:
    """One open connection to the relay. After any error it is closed: a session out of step is never used again."""

    def __init__(self, client: SMTP, timeouts: Timeouts) -> None:
        self._client = client
        self._timeouts = timeouts
        self.needs_reset = False

    @property
    def is_open(self) -> bool:
        """Whether the connection still stands, as far as this end knows."""
        return self._client.is_connected

    def close(self) -> None:
        """Cut the connection; a message whose dot was not written is dropped by the server."""
        transport = self._client.transport
        self._client.close()
        if transport is not None:
            # Nothing more is to be said: a server that reads slowly must not hold the rest of a body, nor the socket.
            cast(asyncio.WriteTransport, transport).abort()

    async def leave(self) -> None:
        """Say QUIT, as is polite, and close whatever the answer is."""
        with suppress(*LOST):
            await self._client.quit(timeout=self._timeouts.probe)
        self.close()

    async def reset(self) -> None:
        """Clear what a refused message left, and learn whether anybody is there; raise one of `LOST`."""
        with self._closed_on_error():
            await self._client.rset(timeout=self._timeouts.probe)
            self.needs_reset = False

    async def begin(self, envelope: Envelope) -> Reply | None:
        """Say MAIL. None is consent; a lost session raises one of `LOST`."""
        options = []
        if envelope.needs_utf8:
            if not self._client.supports_extension("smtputf8"):
                return Reply(Outcome.PERMANENT, None, "the address is not ASCII, and the relay does not offer SMTPUTF8")
            options = [b"SMTPUTF8"]
        with self._closed_on_error():
            words = (b"MAIL", f"FROM:<{envelope.sender}>".encode(), *options)
            answer = await self._client.execute_command(*words, timeout=self._timeouts.envelope)
            return None if is_positive(answer) else self._refused(answer)

    async def transfer(self, envelope: Envelope, raw: bytes, before_dot: BeforeDot) -> Reply:
        """Take a message that has begun to its end; raise only what `before_dot` raises."""
        with self._closed_on_error():
            if refused := await self._offer(envelope.recipient, raw):
                return refused
            if not await before_dot():
                self.close()
                return Reply(Outcome.WITHHELD, None, "withheld before the final dot")
            return await self._finish()

    async def _offer(self, recipient: str, raw: bytes) -> Reply | None:
        """Say RCPT and DATA and write the body, all but its final dot. None means that the dot may follow."""
        try:
            answer = await self._client.execute_command(
                b"RCPT", f"TO:<{recipient}>".encode(), timeout=self._timeouts.envelope
            )
            if not is_positive(answer):
                return self._refused(answer)
            answer = await self._client.execute_command(b"DATA", timeout=self._timeouts.data)
            if answer.code != _GO_AHEAD:
                return self._refused(answer)
            async with asyncio.timeout(self._timeouts.body):
                await self._write_body(raw)
        except LOST as error:
            self.close()
            return lost(error, Outcome.NOT_SENT)
        return None

    async def _write_body(self, raw: bytes) -> None:
        """Write the body and wait until the kernel has it all, so that the dot is all that is left."""
        self._write(_stuffed(raw))
        pause = 0.0
        while (transport := self._client.transport) is not None:
            if not cast(asyncio.WriteTransport, transport).get_write_buffer_size():
                return
            await asyncio.sleep(pause)
            pause = min(pause + 0.001, 0.05)
        raise SMTPServerDisconnected("Connection lost")

    async def _finish(self) -> Reply:
        """Write the dot. From here on silence means that nobody knows."""
        try:
            self._write(b".\r\n")
        except LOST as error:
            self.close()
            return lost(error, Outcome.NOT_SENT)
        try:
            answer = await self._read(self._timeouts.dot)
        except LOST as error:
            self.close()
            return lost(error, Outcome.UNKNOWN)
        if is_positive(answer):
            return Reply(Outcome.ACCEPTED, answer.code, plain(answer.message))
        # This may have been an early word about the body, with another to come that would answer the next message.
        self.close()
        return refusal(answer, otherwise=Outcome.UNKNOWN)

    def _refused(self, answer: SMTPResponse) -> Reply:
        reply = refusal(answer, otherwise=Outcome.NOT_SENT)
        self.needs_reset = True
        if reply.outcome not in (Outcome.TEMPORARY, Outcome.PERMANENT) or answer.code == _SERVICE_CLOSING:
            self.close()
        return reply

    def _write(self, data: bytes) -> None:
        if self._client.protocol is None:
            raise SMTPServerDisconnected("Connection lost")
        self._client.protocol.write(data)

    async def _read(self, seconds: float) -> SMTPResponse:
        if self._client.protocol is None:
            raise SMTPServerDisconnected("Connection lost")
        return await self._client.protocol.read_response(timeout=seconds)

    @contextmanager
    def _closed_on_error(self) -> Iterator[None]:
        """Close on whatever is raised, cancellation too: it may have come between a command and its answer."""
        try:
            yield
        except BaseException:
            self.close()
            raise


def _stuffed(raw: bytes) -> bytes:
    """Return the body with CRLF line ends and doubled leading dots (RFC 5321 section 4.5.2)."""
    body = re.sub(rb"\r\n|\r|\n", b"\r\n", raw)
    body = re.sub(rb"(?m)^\.", b"..", body)
    return body if body.endswith(b"\r\n") else body + b"\r\n"
