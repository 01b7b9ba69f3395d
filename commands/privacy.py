"""`kundresa export` and `erase`: all that is stored of a contact, and its erasure."""

import asyncio
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, BinaryIO

import typer

from commands.output import Json, Output, RefusedError
from commands.reaching import DATA, Data, in_database, opened, reach, settings, temporal
from local.errors import ServerAwayError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from sqlalchemy.ext.asyncio import AsyncSession

    from store.erasure import Erased

_ACTOR = "command line"
_NOBODY = "There is no such contact. Give an id, a user id or an e-mail address."

Contact = Annotated[str, typer.Argument(help="The contact's id, user id or e-mail address.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(export)
    app.command()(erase)


def export(
    context: typer.Context,
    contact: Contact,
    out: Annotated[Path | None, typer.Option("--out", help="The file to write; else it is printed.")] = None,
    data: Data = DATA,
) -> None:
    """Write down all that is stored of a contact, as one JSON document."""
    reach(context, data)
    known = in_database(lambda session: _called(session, contact))
    with _opened(out) as file:
        asyncio.run(_export(known, file))
    if out is not None:
        Output().note(f"{out} holds personal data: keep it apart, and remove it when it was handed over.")


async def _export(contact: "UUID", file: BinaryIO) -> None:
    from store import portability

    these = settings()
    secret = these.secret.get_secret_value()
    async with opened(these.database_url, secret) as database, database.transaction() as session:
        async for piece in portability.export(session, contact):
            file.write(piece)


@contextmanager
def _opened(out: Path | None) -> "Iterator[BinaryIO]":
    """Where the document goes. A file is for its owner alone, and a broken one is not left behind."""
    if out is None:
        yield typer.get_binary_stream("stdout")
        return
    part = out.with_name(f"{out.name}.part")
    try:
        part.touch(mode=0o600)
        with part.open("wb") as file:
            yield file
        part.replace(out)
    except OSError as error:
        raise RefusedError(f"{out} cannot be written: {error}") from error
    finally:
        part.unlink(missing_ok=True)


def erase(
    context: typer.Context,
    contact: Contact,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Erase a contact: all that names or describes the person goes, and every journey under way ends."""
    reach(context, data)
    output = Output(as_json=as_json)
    known = in_database(lambda session: _called(session, contact, erased=True))
    output.confirm(f"All that is stored of {contact} is lost, and cannot be brought back. Erase?", yes=yes)
    erased = asyncio.run(_erase(known))
    if erased is None:
        raise RefusedError(_NOBODY)
    document = {**erased.__dict__, "runs": len(erased.runs)}
    output.show(document, *_told(erased))
    if erased.runs and not asyncio.run(_end(erased.runs)):
        output.note("Temporal does not answer: the runs are told to end by the housekeeping. They send nothing more.")


def _told(erased: "Erased") -> list[str]:
    if erased.again:
        return [f"Contact {erased.contact_id} was erased at {erased.erased_at:%Y-%m-%d %H:%M:%S} already."]
    ended, unsent = _count(len(erased.runs), "run ends", "runs end"), _count(erased.letters, "letter", "letters")
    lines = [f"Contact {erased.contact_id} is erased; {ended}, {unsent} will not be sent."]
    if erased.on_their_way:
        gone = _count(erased.on_their_way, "letter was", "letters were")
        lines.append(f"{gone} past the last point at which mail can be stopped.")
    return lines


def _count(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}"


async def _called(session: "AsyncSession", name: str, *, erased: bool = False) -> "UUID":
    """The contact of this id, user id or address; with `erased` also the id of one that is erased already."""
    from store import erasure, reports

    known = await reports.contact_called(session, name)
    if known is None and erased:
        known = await erasure.erased_of(session, name)
    if known is None:
        raise RefusedError(_NOBODY)
    return known


async def _erase(contact: "UUID") -> "Erased | None":
    from store.erasure import erase as erase_contact

    these = settings()
    async with opened(these.database_url, these.secret.get_secret_value()) as database:
        return await erase_contact(database, contact, _ACTOR)


async def _end(runs: tuple[str, ...]) -> bool:
    """Tell the runs to end; False: some are left to the housekeeping."""
    from workflows.erasing import end_runs

    try:
        async with temporal() as client:
            return not await end_runs(client, runs)
    except ServerAwayError:
        return False
