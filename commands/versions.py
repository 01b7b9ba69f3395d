"""`kundresa plan`, `apply` and `versions`: what would change, making it so, and what was live before."""

import asyncio
import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands import changes
from commands.output import REFUSED, Json, Output, RefusedError, Table
from commands.reaching import DATA, Data, in_database, opened, reach, settings
from commands.rollback import old_versions, text, version

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from rules.choices import Choice
    from rules.content import Content
    from rules.mistakes import Mistake
    from store.publishing import Published
    from workflows.publishing import Proposal

Chosen = Annotated[
    list[str] | None,
    typer.Option("--journey", help="NAME=pin|migrate|drain|end: what becomes of the people inside a journey."),
]
Mapped = Annotated[
    list[str] | None, typer.Option("--map", help="NAME:OLD=NEW: where people go on from a step that is gone.")
]
Rollback = Annotated[
    list[str] | None, typer.Option("--version", help="NAME=NUMBER: publish this old version again, and nothing else.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(plan)
    app.command()(apply)
    app.command()(versions)


@dataclass(frozen=True)
class _Done:
    """What `apply` did."""

    published: "list[Published]"
    begun: list[str]
    waiting: list[str]


def plan(
    context: typer.Context,
    journey: Chosen = None,
    mapped: Mapped = None,
    version: Rollback = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Show what publishing the files would change, and who is inside. Nothing is changed."""
    output, chosen = Output(as_json=as_json), changes.parse(journey or [], mapped or [])
    reach(context, data)
    content, mistakes = _content(version or [])
    proposal = asyncio.run(_propose(content, chosen))
    document = asdict(proposal) | {"mistakes": mistakes}
    output.show(document, *changes.blocks(proposal, chosen), *(f"{mistake} (left as it is)" for mistake in mistakes))
    _examine(proposal, content, chosen)
    if mistakes:
        raise typer.Exit(REFUSED)


def apply(
    context: typer.Context,
    journey: Chosen = None,
    mapped: Mapped = None,
    version: Rollback = None,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Publish the files that have changed. Who is inside a journey finishes what they started, unless you choose."""
    output, chosen = Output(as_json=as_json), changes.parse(journey or [], mapped or [])
    reach(context, data)
    content, mistakes = _content(version or [])
    proposal = asyncio.run(_propose(content, chosen))
    # In a pipe or a job nobody can be asked, and the file's owner has said with `apply` what is wanted.
    if not (yes or as_json) and sys.stdin.isatty() and sys.stdout.isatty():
        _let_a_person_decide(output, proposal, chosen)
    _examine(proposal, content, chosen)
    done = asyncio.run(_publish(content, chosen))
    document = asdict(done) | {"mistakes": mistakes}
    output.show(document, *_told(done), *(f"{mistake} (left as it was)" for mistake in mistakes))
    if mistakes:
        raise typer.Exit(REFUSED)


def _let_a_person_decide(output: Output, proposal: "Proposal", chosen: "dict[str, Choice]") -> None:
    if all(each.change == "unchanged" for each in proposal.files):
        return
    output.show(None, *changes.blocks(proposal, chosen))
    changes.ask(proposal, chosen)
    output.confirm("Publish this?", yes=False)


def _content(rollback: list[str]) -> "tuple[Content, list[Mistake]]":
    """What is to become live: the files, or old versions of journeys."""
    from local.configuration import known_senders
    from local.journeys import read_content

    if rollback:
        return old_versions(dict(map(_numbered, rollback))), []
    told = settings()
    content, reading = read_content(told.journeys_dir, told.templates_dir, told.staff, known_senders(told))
    return content, reading.mistakes


def _numbered(written: str) -> tuple[str, int]:
    name, _, number = written.partition("=")
    if not (name and number.isdecimal()):
        raise typer.BadParameter(f"{written!r} is not NAME=NUMBER", param_hint="--version")
    return name, int(number)


async def _propose(content: "Content", chosen: "dict[str, Choice]") -> "Proposal":
    from workflows.census import Census
    from workflows.connection import connect
    from workflows.publishing import propose

    async with opened(settings().database_url) as database:
        proposal = await propose(database, content, Census(await connect(lazy=True)), chosen)
    await asyncio.sleep(0.2)  # the SDK's own threads may crash the interpreter when it ends at once
    return proposal


def _examine(proposal: "Proposal", content: "Content", chosen: "dict[str, Choice]") -> None:
    from workflows.choosing import ChoiceRefused, examine

    try:
        examine(proposal, content, chosen)
    except ChoiceRefused as refused:
        advice = "Where people go on is said with --map NAME:OLD=NEW."
        raise RefusedError("\n  ".join(("Nothing was published.", *refused.reasons, advice))) from refused


async def _publish(content: "Content", chosen: "dict[str, Choice]") -> _Done:
    from workflows.connection import connect
    from workflows.publishing import begin, publish

    async with opened(settings().database_url) as database:
        published = await publish(database, content, chosen)
        moving = [name for name, choice in chosen.items() if choice.manner in ("migrate", "end")]
        waiting = await begin(await connect(lazy=True), moving)
    await asyncio.sleep(0.2)
    return _Done(published, [name for name in moving if name not in waiting], waiting)


def _told(done: _Done) -> list[str]:
    from local.journeys import told

    return [
        *told(done.published),
        *(f"{name}: the people inside are being brought over" for name in done.begun),
        *(f"{name}: the people inside are brought over as soon as Temporal answers" for name in done.waiting),
    ]


def versions(
    context: typer.Context,
    journey: Annotated[str | None, typer.Argument(help="The name of a journey.")] = None,
    number: Annotated[int | None, typer.Argument(help="Show what this version says.")] = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """List what is live, the versions of a journey, or show one of them."""
    from rules.comparing import written
    from store import versions as published

    async def work(session: "AsyncSession") -> Any:
        if journey is None:
            return await published.current(session)
        found = await published.of_journey(session, journey)
        if not found:
            raise RefusedError(f"There is no journey {journey}. `kundresa versions` tells which there are.")
        if number is None:
            return found
        return await version(session, journey, number)

    reach(context, data)
    found, output = in_database(work), Output(as_json=as_json)
    if number is not None:
        output.show(written(found), text(found).rstrip())
        return
    rows = [(each.journey, each.number, each.state, each.people, each.published_at, each.hash) for each in found]
    output.show(found, Table(("journey", "version", "state", "people inside", "published", "content"), rows))
