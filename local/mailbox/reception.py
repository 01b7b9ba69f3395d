"""The SMTP side: takes mails in, and says yes only once a mail is on disk."""

import asyncio
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from local.mailbox.archive import Archive

_LARGEST = 26_214_400
_LONGEST_LINE = 998  # RFC 5321 section 4.5.3.1.6, without the line's end
_PIECE = 65_536
_END = b"\r\n.\r\n"


class Keeper:
    """The handler: every mail to anybody is accepted and kept."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    async def handle_DATA(self, _server: SMTP, _session: Session, envelope: Envelope) -> str:  # noqa: N802 - aiosmtpd's name
        """Keep the mail, then answer."""
        content = envelope.original_content or b""
        kept = await self._archive.keep(envelope.mail_from or "", [str(to) for to in envelope.rcpt_tos], content)
        return f"250 2.0.0 kept as {kept.id}"


class Reception(SMTP):
    """aiosmtpd's protocol with a body read in large pieces: line by line it takes half as many mails a second."""

    def __init__(self, archive: Archive) -> None:
        loop = asyncio.get_running_loop()
        super().__init__(Keeper(archive), data_size_limit=_LARGEST, enable_SMTPUTF8=True, hostname="mailbox", loop=loop)

    # aiosmtpd gives this to the reader as its buffer; the true limit of a line is held in `_refusal`.
    line_length_limit = _PIECE

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        """Read the body up to the final dot, and hand it to the handler."""
        if await self.check_helo_needed():
            return
        envelope = self.envelope
        if arg or envelope is None or not envelope.rcpt_tos:
            await self.push("501 Syntax: DATA" if arg else "503 Error: need RCPT command")
            return
        await self.push("354 End data with <CR><LF>.<CR><LF>")
        content = await self._body()
        refusal = _refusal(content)
        envelope.content = envelope.original_content = content
        status: Any = refusal or await self._call_handler_hook("DATA")
        self.envelope = self._create_envelope()
        await self.push(status)

    async def _body(self) -> bytes:
        # What a client sends behind the final dot before our answer is dropped: pipelining is not offered.
        pieces, end = bytearray(b"\r\n"), -1
        while end < 0:
            searched = max(0, len(pieces) - len(_END))
            if not (piece := await self._reader.read(_PIECE)):
                raise ConnectionResetError("the client left before the final dot")
            pieces += piece
            end = pieces.find(_END, searched)
        # Dots at the beginning of a line were doubled on the way (RFC 5321 section 4.5.2).
        return bytes(pieces[: end + 2].replace(b"\r\n.", b"\r\n")[2:])


def _refusal(content: bytes) -> str | None:
    if len(content) > _LARGEST:
        return "552 5.3.4 Too much mail data"
    if max(map(len, content.split(b"\r\n"))) > _LONGEST_LINE:
        return "500 5.5.2 Line too long (see RFC 5321, section 4.5.3.1.6)"
    return None
