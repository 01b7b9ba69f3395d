"""`kundresa listen`: an SMTP server for what comes back: bounces, complaints, replies, unsubscriptions by mail.

It takes mail to addresses that letters bear (they are sealed) and to those that are named, and to nobody else: so it
may stand open to the Internet, and passes nothing on.
"""

import asyncio
import logging
import signal
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.reaching import DATA, Data, opened, reach, settings

if TYPE_CHECKING:
    from aiosmtpd.smtp import SMTP, Envelope, Session

    from mail.feedback.mails import Mails
    from mail.verp import Verp
    from store.session import Database

_log = logging.getLogger(__name__)

_LARGEST = 10 * 1024 * 1024
_NOBODY, _LATER = "550 5.1.1 No such address", "451 4.3.0 Not now; try again"


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(listen)


def listen(
    context: typer.Context,
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 2526,
    also: Annotated[list[str] | None, typer.Option(help="One more address that takes mail; may be repeated.")] = None,
    data: Data = DATA,
) -> None:
    """Take bounces, complaints and replies by SMTP, until it is stopped."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    reach(context, data)
    asyncio.run(_serve(host, port, also or []))


async def _serve(host: str, port: int, also: list[str]) -> None:
    these, stopped = settings(), asyncio.Event()
    secret = these.secret.get_secret_value()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(name, stopped.set)
    async with opened(these.database_url, secret) as database, await listening(database, secret, host, port, also):
        _log.info("listening on %s, port %d", host, port)
        await stopped.wait()


async def listening(database: "Database", secret: str, host: str, port: int, also: list[str]) -> asyncio.Server:
    """The server, which takes mail until it is closed."""
    from aiosmtpd.smtp import SMTP

    from mail.feedback.mails import Mails
    from mail.verp import Verp

    verp, loop = Verp(secret), asyncio.get_running_loop()
    reception = Reception(database, verp, Mails(verp), also)

    def protocol() -> Any:
        return SMTP(reception, data_size_limit=_LARGEST, enable_SMTPUTF8=True, ident="Kundresa", loop=loop)

    return await loop.create_server(protocol, host, port)


class Reception:
    """Answers to SMTP: whose mail is taken, and what becomes of it. It is answered when it is committed."""

    def __init__(self, database: "Database", verp: "Verp", mails: "Mails", also: list[str]) -> None:
        self._database = database
        self._verp = verp
        self._mails = mails
        self._also = frozenset(address.lower() for address in also)

    async def handle_RCPT(  # noqa: N802  (aiosmtpd's name)
        self, _server: "SMTP", _session: "Session", envelope: "Envelope", address: str, _options: list[str]
    ) -> str:
        """Take mail for addresses of ours alone."""
        from mail.verp import SealBroken

        try:
            ours = address.lower() in self._also or self._verp.read(address) is not None
        except SealBroken:
            ours = False
        if not ours:
            return _NOBODY
        envelope.rcpt_tos.append(address)
        return "250 2.1.5 OK"

    async def handle_DATA(  # noqa: N802  (aiosmtpd's name)
        self, _server: "SMTP", _session: "Session", envelope: "Envelope"
    ) -> str:
        """Let what the mail tells take effect; whoever brings it keeps it while the database is away."""
        from sqlalchemy.exc import SQLAlchemyError

        try:
            effects = [effect for to in envelope.rcpt_tos for effect in await self._take(envelope, str(to))]
        except (SQLAlchemyError, OSError) as error:
            _log.warning("a mail was not taken: %s", type(error).__name__)
            return _LATER
        outcome = ", ".join(effects) or "nothing to do"
        _log.info("a mail was taken: %s", outcome)
        return f"250 2.0.0 {outcome}"

    async def _take(self, envelope: "Envelope", recipient: str) -> list[str]:
        from datetime import UTC, datetime

        from mail.feedback import mails
        from store import feedback

        told = mails.Envelope(envelope.mail_from or "", recipient)
        pieces = self._mails.read(envelope.original_content or b"", told, datetime.now(UTC))
        effects: list[str] = []
        for piece in pieces:
            async with self._database.transaction() as session:
                effects.append(await feedback.take(session, "mail", piece))
        return effects
