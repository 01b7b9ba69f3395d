"""`kundresa ...`: every command, each a few lines that call the room which does the work."""

import asyncio
import os
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from typer.core import TyperGroup

from local.errors import ExtraMissingError, NotRunningError, StackError

if TYPE_CHECKING:
    from settings import Settings

# The work is imported inside the commands, so that `--help` does not wait for libraries that it does not need.

_ROOT = Path(__file__).parent
_EXTRA = ("aiosmtpd", "psutil")  # modules of the extra `local`, which the image is without


class _Commands(TyperGroup):
    """Turns the errors that a person can do something about into one line and exit code 1."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return _run(partial(super().invoke, ctx))
        except StackError as error:
            typer.secho(f"Error: {error}", err=True, fg="red")
            raise typer.Exit(1) from error


def _run(command: Callable[[], Any]) -> Any:
    try:
        return command()
    except ModuleNotFoundError as error:
        if error.name not in _EXTRA:
            raise
        raise ExtraMissingError(error.name) from error


app = typer.Typer(
    cls=_Commands,
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    help="Lifecycle e-mail for shops: every contact's journey is a durable Temporal workflow.",
)

Data = Annotated[Path, typer.Option("--data", envvar="KUNDRESA_DATA", help="The folder of the stack's data.")]
Folder = Annotated[
    Path, typer.Option("--journeys", envvar="KUNDRESA_JOURNEYS_DIR", help="The folder of journey files.")
]
Letters = Annotated[Path, typer.Option("--templates", envvar="KUNDRESA_TEMPLATES_DIR", help="The folder of letters.")]
_DATA = Path(".kundresa")


def _port(name: str, *, least: int = 1) -> Any:
    return typer.Option(f"--{name}-port", envvar=f"KUNDRESA_{name.upper()}_PORT", min=least, max=65535)


@app.command()
def up(
    api_port: Annotated[int, _port("api")] = 8400,
    ui_port: Annotated[int, _port("ui")] = 8233,
    temporal_port: Annotated[int, _port("temporal")] = 7233,
    mailbox_port: Annotated[int, _port("mailbox")] = 8425,
    smtp_port: Annotated[int, _port("smtp")] = 2525,
    postgres_port: Annotated[int, _port("postgres")] = 5442,
    metrics_port: Annotated[int, _port("metrics", least=0)] = 9464,
    data: Data = _DATA,
) -> None:
    """Start the whole stack here: PostgreSQL, Temporal with its UI, a mailbox, the API and a worker."""
    from rich.console import Console

    from local import up as whole
    from local.folder import DataFolder
    from local.ports import Ports

    ports = Ports(api_port, ui_port, temporal_port, mailbox_port, smtp_port, postgres_port, metrics_port)
    asyncio.run(whole.up(DataFolder.at(data), ports, os.environ, Console()))


@app.command()
def demo(data: Data = _DATA) -> None:
    """Play a small shop's traffic against the running stack, so that mails appear."""
    from rich.console import Console

    from local import demo as shop

    _adopt(data)
    shop.demo(Console())


@app.command()
def advance(
    way: Annotated[str, typer.Argument(help="How far, such as 45m, 3d or 2w.")],
    journey: Annotated[str | None, typer.Option(help="Only this journey.")] = None,
    contact: Annotated[str | None, typer.Option(help="Only the contact with this id.")] = None,
    data: Data = _DATA,
) -> None:
    """Move the sleeping journeys of the running stack forward in time."""
    from rich.console import Console

    from local import advance as ahead
    from rules import durations

    try:
        duration = durations.parse(way)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="WAY") from error
    _adopt(data)
    asyncio.run(ahead.advance(duration, journey=journey, contact=contact, console=Console()))


@app.command()
def check(journeys: Folder = _ROOT / "journeys", templates: Letters = _ROOT / "templates") -> None:
    """Read every journey file, and tell all mistakes at once."""
    from local.journeys import read_all

    reading = read_all(journeys, templates)
    for mistake in reading.mistakes:
        typer.echo(str(mistake), err=True)
    count = len(reading.journeys)
    typer.echo(f"{count} {'journey' if count == 1 else 'journeys'} without mistakes.")
    if reading.mistakes:
        raise typer.Exit(1)


@app.command()
def draw(
    journey: Annotated[str, typer.Argument(help="The name of the journey.")],
    mermaid: Annotated[bool, typer.Option("--mermaid", help="As Mermaid text, for documents.")] = False,
    journeys: Folder = _ROOT / "journeys",
) -> None:
    """Draw a journey: a tree for the terminal, or Mermaid text."""
    from local.journeys import drawn

    typer.echo(drawn(journeys, journey, mermaid=mermaid))


@app.command()
def migrate(context: typer.Context, data: Data = _DATA) -> None:
    """Bring the database to the newest state."""
    from local.database import migrate as bring_up

    _reach(context, data)
    asyncio.run(bring_up(_settings().database_url))
    typer.echo("The database is at the newest state.")


@app.command(name="apply")
def publish(context: typer.Context, data: Data = _DATA) -> None:
    """Publish the journey files that have changed."""
    from local.journeys import apply, told

    _reach(context, data)
    settings = _settings()
    applied = asyncio.run(apply(settings.database_url, settings.journeys_dir, settings.templates_dir))
    for line in told(applied):
        typer.echo(line)
    if applied.mistakes:
        raise typer.Exit(1)


@app.command()
def api(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8400,
) -> None:
    """Serve the API; its settings come from the environment."""
    from api.app import create_app
    from api.serving import server

    _log_to_stderr()
    server(create_app(_settings()), host, port).run()


@app.command()
def worker(
    roles: Annotated[str, typer.Option(help="Only these parts of the work, of: journeys,letters,sweeps,router.")] = "",
) -> None:
    """Run a worker; its settings come from the environment."""
    import uvloop

    import worker as process

    chosen = roles.split(",") if roles else process.ROLES
    if unknown := set(chosen) - set(process.ROLES):
        raise typer.BadParameter(f"there are no roles {', '.join(sorted(unknown))}", param_hint="--roles")
    _settings()  # told in one line, if something is missing
    _log_to_stderr()
    uvloop.run(process.main(chosen))


def _log_to_stderr() -> None:
    import logging

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")


def _adopt(data: Path) -> None:
    """Speak to the stack that runs on the folder."""
    from local.folder import DataFolder
    from local.notes import adopt

    adopt(DataFolder(data.resolve()))


def _reach(context: typer.Context, data: Path) -> None:
    """Speak to the database that the environment names, or else to the stack; `--data` asks for the stack."""
    from local.folder import DataFolder
    from local.notes import complete

    source = context.get_parameter_source("data")
    if source is not None and source.name == "COMMANDLINE":
        _adopt(data)
        return
    try:
        complete(DataFolder(data.resolve()))
    except NotRunningError:
        if "KUNDRESA_DATABASE_URL" not in os.environ:
            raise


def _settings() -> "Settings":
    from local.configuration import read_settings

    return read_settings(os.environ)


if __name__ == "__main__":
    app()
