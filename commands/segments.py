"""`kundresa segments` and `funnel`: how many people are where, who they are, and how they move."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

import typer

from commands.output import Json, Output, RefusedError, Table
from commands.reaching import DATA, Data, in_database, reach

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncSession

    from store.segments import Member, Standing
    from store.stages import StageFigures


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(segments)
    app.command()(funnel)


def segments(
    context: typer.Context,
    name: Annotated[str | None, typer.Argument(help="One segment, with its definition and members.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="So many members are shown.")] = 20,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """List the segments, or show one: its size, how far it is filled in, and who is in it."""
    reach(context, data)
    output = Output(as_json=as_json)
    if name is None:
        every = in_database(_every)
        output.show(every, _listed(every) if every else "There are no segments. Write files in segments/, and apply.")
        return
    standing, said, members = in_database(lambda session: _one(session, name, limit))
    document = {"segment": standing, "when": said, "members": members}
    output.show(document, *_shown(standing, said, members))


async def _every(session: "AsyncSession") -> "list[Standing]":
    from store import segments

    return await segments.every(session)


async def _one(session: "AsyncSession", name: str, limit: int) -> "tuple[Standing, str, list[Member]]":
    from rules.phrases import words
    from rules.segment import Segment
    from store import segments

    standing, definition = await segments.one(session, name), await segments.definition(session, name)
    if standing is None or definition is None:
        known = ", ".join(each.name for each in await segments.every(session))
        raise RefusedError(f"There is no segment {name}. There are: {known or 'none'}.")
    return standing, words(Segment.model_validate(definition).when), await segments.page(session, name, None, limit)


def _listed(every: "list[Standing]") -> Table:
    rows: list[tuple[object, ...]] = [
        (each.name, f"{each.size:,}", _progress(each), each.published_at, each.title) for each in every
    ]
    return Table(("segment", "size", "filled in", "since", "title"), rows)


def _progress(standing: "Standing") -> str:
    if standing.filled:
        return "yes"
    share = standing.seen / standing.contacts if standing.contacts else 1.0
    return f"{share:.0%} of {standing.contacts:,}"


def _shown(standing: "Standing", said: str, members: "list[Member]") -> "list[str | Table]":
    rows: list[tuple[object, ...]] = [(each.contact, each.since) for each in members]
    more = standing.size - len(members)
    return [
        f"{standing.title} ({standing.name}): {standing.size:,} contacts; filled in: {_progress(standing)}",
        f"when {said}",
        *([Table(("contact", "since"), rows)] if rows else []),
        *([f"... and {more:,} more (--limit shows them)"] if more > 0 else []),
    ]


def funnel(
    context: typer.Context,
    days: Annotated[int, typer.Option(min=1, max=3650, help="How many days are looked back.")] = 30,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Show the stages of the lifecycle: how many are at each, and how they moved."""
    reach(context, data)
    figures = in_database(lambda session: _funnel(session, days))
    shown = _figures(figures, days) if figures else "There are no stages. Write policies/stages.yaml, and apply."
    Output(as_json=as_json).show(figures, shown)


async def _funnel(session: "AsyncSession", days: int) -> "list[StageFigures]":
    from store import stages

    return await stages.funnel(session, await _ago(session, days))


async def _ago(session: "AsyncSession", days: int) -> "datetime":
    from store.upkeep import clock

    return await clock(session) - timedelta(days=days)


def _figures(figures: "list[StageFigures]", days: int) -> Table:
    rows: list[tuple[object, ...]] = [
        (each.stage, f"{each.contacts:,}", f"{each.arrived:,}", f"{each.left:,}", _went(each)) for each in figures
    ]
    return Table(("stage", "contacts", f"came in {days} days", "went", "where to"), rows)


def _went(figures: "StageFigures") -> str:
    ways = sorted(figures.moves, key=lambda move: -move.moves)
    return ", ".join(f"{move.to} {move.moves:,} ({figures.rate(move) or 0:.0%})" for move in ways)
