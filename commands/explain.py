"""`kundresa explain` and `results`: why a contact got a letter or not, and what a journey achieves."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, Any

import typer

from commands.output import Block, Json, Output, RefusedError, Table, Tree
from commands.reaching import DATA, Data, in_database, reach

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from rules.decisions import Noted
    from rules.telling import Answer

_SHOWN, _OTHERS = 30, 4


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(explain)
    app.command()(results)


def explain(
    context: typer.Context,
    contact: Annotated[str, typer.Argument(help="The contact's id, user id or e-mail address.")],
    journey: Annotated[str | None, typer.Option(help="Only this journey.")] = None,
    letter: Annotated[str | None, typer.Option(help="Why this letter came, or did not.")] = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Tell why a contact got a letter, or why not, and every decision behind it."""
    from store.explanations import NothingToExplain, explained
    from store.reports import contact_called

    async def work(session: "AsyncSession") -> "list[Answer]":
        known = await contact_called(session, contact)
        if known is None:
            raise RefusedError("There is no such contact. Give an id, a user id or an e-mail address.")
        try:
            return await explained(session, known, journey, letter)
        except NothingToExplain as nothing:
            raise RefusedError(f"{str(nothing).capitalize()}. `kundresa versions` tells what is live.") from nothing

    reach(context, data)
    answers = in_database(work)
    Output(as_json=as_json).show(answers, *_blocks(answers))


def _blocks(answers: "list[Answer]") -> "list[Block]":
    """The journeys that something came of; of many others their names alone, lest they hide the answer."""
    others = [answer for answer in answers if not answer.touched]
    if len(others) < _OTHERS:
        return [_tree(answer) for answer in answers]
    names = ", ".join(answer.journey for answer in others)
    said = f"Nothing has come that starts the other {len(others)} journeys: {names}."
    advice = "--journey NAME tells what it waits for."
    return [*(_tree(answer) for answer in answers if answer.touched), f"{said} {advice}"]


def _tree(answer: "Answer") -> Tree:
    branches = [Tree(_line(each), list(_facts(each.facts))) for each in answer.decisions[:_SHOWN]]
    if len(answer.decisions) > _SHOWN:
        branches.append(Tree(f"... and {len(answer.decisions) - _SHOWN} earlier decisions (--json shows them)"))
    return Tree(f"{answer.journey}: {answer.said}", branches)


def _line(noted: "Noted") -> str:
    place = f" {noted.step}" if noted.step else ""
    return f"{noted.at:%Y-%m-%d %H:%M:%S} {noted.kind}{place}: {noted.verdict}" + (
        f" ({noted.reason})" if noted.reason and noted.reason != noted.verdict else ""
    )


def _facts(facts: Any) -> Iterator[Tree]:
    for name, value in facts.items():
        if isinstance(value, list):
            yield Tree(name, [Tree(_fact(each)) for each in value])
        else:
            yield Tree(f"{name}: {value}")


def _fact(fact: Any) -> str:
    """A condition in the words in which it is explained everywhere."""
    from rules.explaining import Finding

    if not isinstance(fact, dict) or not {"words", "held"} <= fact.keys():
        return str(fact)
    found = Finding(fact["words"], fact["held"], fact.get("value"), tuple(fact.get("through", ())))
    case = f"case {fact['case']}: " if "case" in fact else ""
    return f"{'✓' if found.held else '✗'} {case}{found}"


def results(
    context: typer.Context,
    journey: Annotated[str, typer.Argument(help="The name of the journey.")],
    version: Annotated[int | None, typer.Option(help="Only this version.")] = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Show how many entered a journey and how many reached its goal, by the ways of its splits."""
    from store import explanations, reports

    async def work(session: "AsyncSession") -> list[tuple[str, str, int, int]]:
        if not await reports.is_known(session, journey):
            raise RefusedError(f"There is no journey {journey}. `kundresa versions` tells what is live.")
        return await explanations.results(session, journey, version)

    reach(context, data)
    rows = in_database(work)
    names = ("split", "way", "entered", "reached")
    document = [dict(zip(names, row, strict=True)) for row in rows]
    table: list[tuple[object, ...]] = [(*row, f"{row[3] / row[2]:.1%}" if row[2] else None) for row in rows]
    Output(as_json=as_json).show(document, Table((*names, "rate"), table))
