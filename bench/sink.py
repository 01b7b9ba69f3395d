"""An SMTP server that swallows mail fast and notes, one line a mail, for whom and when it was accepted.

Run as a program: `python -m bench.sink PORT`. The notes go to standard output: recipient, and seconds since the epoch.
"""

import asyncio
import sys
import time
from typing import cast

import uvloop

_END = b"\r\n.\r\n"
_ANSWERS = {
    b"EHLO": b"250-sink\r\n250 SMTPUTF8\r\n",
    b"HELO": b"250 sink\r\n",
    b"MAIL": b"250 ok\r\n",
    b"RSET": b"250 ok\r\n",
    b"NOOP": b"250 ok\r\n",
    b"DATA": b"354 go ahead\r\n",
}


class Reception(asyncio.Protocol):
    """One connection: commands line by line, bodies only searched for their end."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Greet."""
        self._transport = cast(asyncio.Transport, transport)
        self._recipient = ""
        self._body: bytearray | None = None
        self._words = bytearray()
        self._transport.write(b"220 sink\r\n")

    def data_received(self, data: bytes) -> None:
        """Take commands, or a piece of a body."""
        if self._body is not None:
            self._take(data)
            return
        self._words += data
        while self._body is None and (end := self._words.find(b"\r\n")) >= 0:
            line = bytes(self._words[:end])
            del self._words[: end + 2]
            self._command(line)

    def _command(self, line: bytes) -> None:
        verb = line[:4].upper()
        if verb == b"QUIT":
            self._transport.write(b"221 bye\r\n")
            self._transport.close()
        elif verb == b"RCPT":
            self._recipient = line.partition(b"<")[2].partition(b">")[0].decode()
            self._transport.write(b"250 ok\r\n")
        else:
            self._transport.write(_ANSWERS.get(verb, b"502 unknown\r\n"))
            if verb == b"DATA":
                self._body = bytearray(b"\r\n")

    def _take(self, data: bytes) -> None:
        assert self._body is not None
        self._body += data
        if self._body.endswith(_END):
            self._body = None
            self._transport.write(b"250 taken\r\n")
            print(self._recipient, time.time(), flush=True)
        else:
            del self._body[: -len(_END)]


async def serve(port: int) -> None:
    """Take mails until the process is ended."""
    server = await asyncio.get_running_loop().create_server(Reception, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(serve(int(sys.argv[1])))
