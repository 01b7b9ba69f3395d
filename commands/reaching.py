"""Where commands find what they speak to: the stack on a data folder, the settings, a database, Temporal."""

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from local.errors import NotRunningError, ServerAwayError

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession
    from temporalio.client import Client

    from settings import Settings
    from store.session import Database

ROOT = Path(__file__).parent.parent
DATA = Path(".kundresa")
Data = Annotated[Path, typer.Option("--data", envvar="KUNDRESA_DATA", help="The folder of the stack's data.")]
Result = TypeVar("Result")

# The SDK's own threads may crash the interpreter when it ends at once (sdk-python issue 300).
_LET_GO_S = 0.5


def adopt(data: Path) -> None:
    """Speak to the stack that runs on the folder. Raises NotRunningError."""
    from local.folder import DataFolder
    from local.notes import adopt as adopt_stack

    adopt_stack(DataFolder(data.resolve()))


def reach(context: typer.Context, data: Path) -> None:
    """Speak to the database that the environment names, or else to the stack; `--data` asks for the stack."""
    from local.folder import DataFolder
    from local.notes import complete

    source = context.get_parameter_source("data")
    if source is not None and source.name == "COMMANDLINE":
        adopt(data)
        return
    try:
        complete(DataFolder(data.resolve()))
    except NotRunningError:
        if "KUNDRESA_DATABASE_URL" not in os.environ:
            raise


def settings() -> "Settings":
    """The settings in the environment. Raises SettingsError."""
    from local.configuration import read_settings

    return read_settings(os.environ)


def named_in_settings(data: Path) -> tuple[frozenset[str], frozenset[str]]:
    """The staff and the senders that journeys may name; none, where neither the environment nor a stack tells settings.

    Raises SettingsError when the file of senders cannot be used.
    """
    from local.configuration import known_senders, read_settings
    from local.errors import SettingsError
    from local.folder import DataFolder
    from local.notes import running

    environment = dict(os.environ)
    with suppress(NotRunningError):
        environment = {**running(DataFolder(data.resolve())), **os.environ}
    try:
        told = read_settings(environment)
    except SettingsError:  # files are checked on machines that have no settings, too
        return frozenset(), frozenset()
    return frozenset(told.staff), known_senders(told)


@asynccontextmanager
async def opened(database_url: str, secret: str = "") -> "AsyncIterator[Database]":
    """The database while the block runs. Raises DatabaseFailedError."""
    from local.database import reached
    from store.session import Database

    database = Database(database_url, connections=2, secret=secret)
    try:
        with reached(database_url):
            yield database
    finally:
        await database.close()


def in_database(work: "Callable[[AsyncSession], Awaitable[Result]]") -> Result:
    """What one transaction on the database of the settings gives. Call `reach` before. Raises DatabaseFailedError."""

    async def run() -> Result:
        these = settings()
        secret = these.secret.get_secret_value()
        async with opened(these.database_url, secret) as database, database.transaction() as session:
            return await work(session)

    return asyncio.run(run())


@asynccontextmanager
async def temporal() -> "AsyncIterator[Client]":
    """A client of Temporal while the block runs. Raises ServerAwayError."""
    from temporalio.service import RPCError

    from workflows.connection import connect
    from workflows.starting import TemporalAway

    try:
        client = await connect()
    except RuntimeError as error:
        raise ServerAwayError(f"Temporal does not answer: {error}") from error
    try:
        yield client
    except (RPCError, TemporalAway) as error:
        raise ServerAwayError(f"Temporal does not answer: {error}") from error
    finally:
        await asyncio.sleep(_LET_GO_S)
