"""`kundresa doctor`: what receivers see of those who send from a domain, and what is still to be published."""

import asyncio
from typing import TYPE_CHECKING, Annotated

import typer

from commands.output import REFUSED, Json, Output, RefusedError, Table
from commands.reaching import DATA, Data, reach, settings

if TYPE_CHECKING:
    from mail.published.asking import Dns
    from mail.published.findings import Finding
    from mail.senders import Sender

_PORT = 53

Domain = Annotated[str, typer.Argument(help="The domain in From; senders of its subdomains are looked at, too.")]
Resolver = Annotated[
    str | None,
    typer.Option("--resolver", help="ADDRESS or ADDRESS:PORT of the DNS server to ask; else this machine's."),
]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(doctor)


def doctor(
    context: typer.Context, domain: Domain, resolver: Resolver = None, data: Data = DATA, as_json: Json = False
) -> None:
    """Check SPF, DKIM, DMARC, MX, PTR and the relay's TLS, and say what to publish."""
    reach(context, data)
    found = asyncio.run(_examined(_those_of(domain), _dns(resolver)))
    output = Output(as_json=as_json)
    rows = [(name, each.grade, each.subject, each.where, each.told) for name, each in found]
    records = sorted({str(each.publish) for _, each in found if each.publish is not None})
    output.show(
        [{"sender": name, **each.__dict__} for name, each in found],
        Table(("sender", "grade", "subject", "where", "finding"), rows),
        *([Table(("publish",), [(record,) for record in records])] if records else []),
    )
    if any(each.grade == "wrong" for _, each in found):
        raise typer.Exit(REFUSED)


def _those_of(domain: str) -> "list[Sender]":
    """The senders of the settings whose From is of the domain."""
    from mail.address import AddressUnusable, ascii_domain
    from mail.senders import SendersUnusable
    from worker import senders

    try:
        wanted, known = ascii_domain(domain), senders(settings()).known
    except (AddressUnusable, SendersUnusable) as error:
        raise RefusedError(str(error)) from error
    if not (those := [each for each in known if f".{each.domain}".endswith(f".{wanted}")]):
        names = ", ".join(sorted({each.domain for each in known}))
        raise RefusedError(f"Nobody sends from {domain}: KUNDRESA_SENDER and KUNDRESA_SENDERS know {names}.")
    return those


def _dns(resolver: str | None) -> "Dns":
    from mail.published.asking import Dns

    address, _, port = (resolver or "").rpartition(":") if (resolver or "").count(":") == 1 else (resolver, "", "")
    try:
        return Dns(address or None, int(port or _PORT))
    except ValueError as error:
        raise typer.BadParameter(f"{resolver!r} is no IP address", param_hint="--resolver") from error


async def _examined(senders: "list[Sender]", dns: "Dns") -> "list[tuple[str, Finding]]":
    from mail.published.examination import Examination

    return [(each.name, finding) for each in senders for finding in await Examination(dns, each).findings()]
