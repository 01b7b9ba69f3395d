"""`kundresa apply`: files become what is live."""

import asyncio
from dataclasses import asdict

import typer

from commands.output import REFUSED, Json, Output
from commands.reaching import DATA, Data, reach, settings


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(apply)


def apply(context: typer.Context, data: Data = DATA, as_json: Json = False) -> None:
    """Publish the journey files that have changed."""
    from local import journeys

    reach(context, data)
    told = settings()
    applied = asyncio.run(journeys.apply(told.database_url, told.journeys_dir, told.templates_dir))
    Output(as_json=as_json).show(asdict(applied), *journeys.told(applied))
    if applied.mistakes:
        raise typer.Exit(REFUSED)
