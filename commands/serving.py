"""`kundresa api`, `worker` and `migrate`: the parts that run in production, and their database."""

import asyncio
from typing import Annotated

import typer

from commands.output import Json, Output
from commands.reaching import DATA, Data, reach, settings


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(api)
    app.command()(worker)
    app.command()(migrate)


def api(
    host: Annotated[str, typer.Option(help="The address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="The port to listen on.")] = 8400,
) -> None:
    """Serve the API; its settings come from the environment."""
    from api.app import create_app
    from api.serving import server

    _log_to_stderr()
    server(create_app(settings()), host, port).run()


def worker(
    roles: Annotated[
        str, typer.Option(help="Only these parts of the work, of: journeys,letters,webhooks,sweeps,router.")
    ] = "",
) -> None:
    """Run a worker; its settings come from the environment."""
    import uvloop

    import worker as process

    chosen = roles.split(",") if roles else process.ROLES
    if unknown := set(chosen) - set(process.ROLES):
        raise typer.BadParameter(f"there are no roles {', '.join(sorted(unknown))}", param_hint="--roles")
    settings()  # told in one line, if something is missing
    _log_to_stderr()
    uvloop.run(process.main(chosen))


def _log_to_stderr() -> None:
    import logging

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")


def migrate(context: typer.Context, data: Data = DATA, as_json: Json = False) -> None:
    """Bring the database to the newest state."""
    from local.database import migrate as bring_up

    reach(context, data)
    asyncio.run(bring_up(settings().database_url))
    Output(as_json=as_json).show({"migrated": True}, "The database is at the newest state.")
