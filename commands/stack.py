"""`kundresa up`, `demo` and `advance`: the embedded stack, its traffic, and its time."""

import asyncio
import os
from typing import Annotated, Any

import typer

from commands.output import Json, Output, Table
from commands.reaching import DATA, Data, adopt


def _port(name: str, *, least: int = 1) -> Any:
    return typer.Option(f"--{name}-port", envvar=f"KUNDRESA_{name.upper()}_PORT", min=least, max=65535)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(up)
    app.command()(demo)
    app.command()(advance)


def up(
    api_port: Annotated[int, _port("api")] = 8400,
    ui_port: Annotated[int, _port("ui")] = 8233,
    temporal_port: Annotated[int, _port("temporal")] = 7233,
    mailbox_port: Annotated[int, _port("mailbox")] = 8425,
    smtp_port: Annotated[int, _port("smtp")] = 2525,
    postgres_port: Annotated[int, _port("postgres")] = 5442,
    metrics_port: Annotated[int, _port("metrics", least=0)] = 9464,
    data: Data = DATA,
) -> None:
    """Start the whole stack here: PostgreSQL, Temporal with its UI, a mailbox, the API and a worker."""
    from rich.console import Console

    from local import up as whole
    from local.folder import DataFolder
    from local.ports import Ports

    ports = Ports(api_port, ui_port, temporal_port, mailbox_port, smtp_port, postgres_port, metrics_port)
    asyncio.run(whole.up(DataFolder.at(data), ports, os.environ, Console()))


def demo(data: Data = DATA, as_json: Json = False) -> None:
    """Play a small shop's traffic against the running stack, so that mails appear."""
    from local import demo as shop

    adopt(data)
    played = shop.demo()
    happened = Table(("What happened", "Times"), list(played.happened.items()), title="An afternoon in the shop")
    Output(as_json=as_json).show(played, happened, shop.told(played))


def advance(
    way: Annotated[str, typer.Argument(help="How far, such as 45m, 3d or 2w.")],
    journey: Annotated[str | None, typer.Option(help="Only this journey.")] = None,
    contact: Annotated[str | None, typer.Option(help="Only the contact with this id.")] = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Move the sleeping journeys of the running stack forward in time."""
    from rich.console import Console

    from local import advance as ahead
    from rules import durations

    try:
        duration = durations.parse(way)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="WAY") from error
    adopt(data)
    advanced = asyncio.run(ahead.advance(duration, journey=journey, contact=contact, console=Console(stderr=True)))
    Output(as_json=as_json).show(advanced, ahead.told(advanced))
