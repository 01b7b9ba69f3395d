"""An SMTP server that fails on command: at any phase, at any byte of the body, before or after it took the mail."""

import asyncio
import enum
import ssl
from dataclasses import dataclass, field
from typing import Self

EXTENSIONS = ("PIPELINING", "8BITMIME")


class Phase(enum.StrEnum):
    """Where in a session the server may fail."""

    GREETING = "GREETING"
    EHLO = "EHLO"
    STARTTLS = "STARTTLS"
    AUTH = "AUTH"
    MAIL = "MAIL"
    RCPT = "RCPT"
    DATA = "DATA"
    BODY = "BODY"
    DOT = "DOT"
    RSET = "RSET"
    QUIT = "QUIT"


class Act(enum.Enum):
    """What the server does in place of its normal answer."""

    ANSWER = "answer"  # says `text`
    ANSWER_AND_DROP = "answer and drop"
    DROP = "drop"  # closes the connection
    RESET = "reset"  # closes it with a TCP reset
    STALL = "stall"  # says nothing for as long as the client waits
    LATE = "late"  # says `text` after `seconds`


@dataclass(frozen=True)
class Fault:
    """One failure. `takes` is whether the mail is kept although the answer fails; `after` counts bytes of the body."""

    phase: Phase
    act: Act
    text: bytes = b""
    takes: bool = False
    after: int = 0
    seconds: float = 0.0


@dataclass(frozen=True)
class Mail:
    """A mail that the server answers for from now on."""

    sender: str
    recipient: str
    body: bytes


class _Gone(Exception):
    """The session is over."""


@dataclass
class FaultServer:
    """Listens on a free port of 127.0.0.1 while its `async with` lasts. `fault` may be changed between mails."""

    fault: Fault | None = None
    extensions: tuple[str, ...] = EXTENSIONS
    tls: ssl.SSLContext | None = None
    implicit_tls: bool = False
    password: bytes | None = None
    taken: list[Mail] = field(default_factory=list)
    commands: list[bytes] = field(default_factory=list)
    connections: int = 0
    port: int = 0

    async def __aenter__(self) -> Self:
        self._open: set[asyncio.StreamWriter] = set()
        self._served: set[asyncio.Task[None]] = set()
        tls = self.tls if self.implicit_tls else None
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0, ssl=tls)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._served:
            task.cancel()
        await asyncio.gather(*self._served, return_exceptions=True)
        await asyncio.sleep(0)

    async def until_left(self) -> None:
        """Return when nobody is connected any more, and the other end has had time to see that."""
        await asyncio.gather(*self._served)
        await asyncio.sleep(0.01)

    def drop_all(self) -> None:
        """Close every connection, as a server does that is tired of idle clients."""
        for writer in list(self._open):
            writer.close()

    def _accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        task = asyncio.create_task(self._serve(reader, writer))
        self._served.add(task)
        task.add_done_callback(self._served.discard)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._open.add(writer)
        try:
            await _Conversation(self, reader, writer).run()
        except (_Gone, ConnectionError, asyncio.IncompleteReadError, ssl.SSLError):
            pass
        finally:
            self._open.discard(writer)
            writer.close()  # without waiting: after a failed TLS upgrade `wait_closed` never returns


class _Conversation:
    def __init__(self, server: FaultServer, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.server, self.reader, self.writer = server, reader, writer
        self.sender = self.recipient = ""

    async def run(self) -> None:
        await self.answer(Phase.GREETING, b"220 ready")
        while line := await self.reader.readline():
            self.server.commands.append(line.strip())
            verb = line.split()[0].upper().decode()
            await getattr(self, f"on_{verb.lower()}", self.on_other)(line.strip())

    async def answer(self, phase: Phase, text: bytes) -> bool:
        """Say `text`, or do what the fault wants; return whether the normal course goes on."""
        fault = self.server.fault
        if fault is None or fault.phase != phase:
            await self.say(text)
            return True
        await self.fail(fault)
        return fault.act is Act.ANSWER and fault.text[:1] in (b"2", b"3")

    async def fail(self, fault: Fault) -> None:
        if fault.act is Act.LATE:
            await asyncio.sleep(fault.seconds)
        if fault.act is Act.STALL:
            await self.reader.read()
        if fault.text:
            await self.say(fault.text)
        if fault.act is Act.RESET:
            self.writer.transport.abort()
        if fault.act not in (Act.ANSWER, Act.LATE):
            raise _Gone

    async def say(self, text: bytes) -> None:
        self.writer.write(text + b"\r\n")
        await self.writer.drain()

    async def on_ehlo(self, _: bytes) -> None:
        offers = list(self.server.extensions)
        if self.server.tls and not self.writer.get_extra_info("sslcontext"):
            offers.append("STARTTLS")
        if self.server.password is not None:
            offers.append("AUTH PLAIN")
        await self.answer(
            Phase.EHLO, b"\r\n".join([*(b"250-" + offer.encode() for offer in ("here", *offers)), b"250 HELP"])
        )

    async def on_starttls(self, _: bytes) -> None:
        if await self.answer(Phase.STARTTLS, b"220 go on") and self.server.tls:
            await self.writer.start_tls(self.server.tls)

    async def on_auth(self, line: bytes) -> None:
        right = line.split()[-1] == self.server.password
        await self.answer(Phase.AUTH, b"235 welcome" if right else b"535 5.7.8 wrong password")

    async def on_mail(self, line: bytes) -> None:
        if await self.answer(Phase.MAIL, b"250 fine"):
            self.sender = _address(line)

    async def on_rcpt(self, line: bytes) -> None:
        if await self.answer(Phase.RCPT, b"250 fine"):
            self.recipient = _address(line)

    async def on_data(self, _: bytes) -> None:
        if not await self.answer(Phase.DATA, b"354 go ahead"):
            return
        await self._read_some()
        body = b""
        while (line := await self.reader.readuntil(b"\n")) != b".\r\n":
            body += line.removeprefix(b".")
        fault = self.server.fault
        at_dot = fault if fault and fault.phase == Phase.DOT else None
        if at_dot is None or at_dot.takes:
            self.server.taken.append(Mail(self.sender, self.recipient, body))
        await self.answer(Phase.DOT, b"250 2.0.0 queued")

    async def _read_some(self) -> None:
        """Fail in the middle of the body, if that is what is wanted."""
        fault = self.server.fault
        if fault and fault.phase == Phase.BODY:
            await self.reader.readexactly(fault.after)
            await self.fail(fault)

    async def on_rset(self, _: bytes) -> None:
        await self.answer(Phase.RSET, b"250 forgotten")

    async def on_quit(self, _: bytes) -> None:
        await self.answer(Phase.QUIT, b"221 bye")
        raise _Gone

    async def on_other(self, _: bytes) -> None:
        await self.say(b"502 what?")


def _address(line: bytes) -> str:
    return line.split(b"<", 1)[1].split(b">")[0].decode()
