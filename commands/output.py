"""The one way in which commands print: tables and trees for people, plain text in pipes, JSON for programs.

Exit codes: OK, REFUSED (mistakes in files, or what was asked cannot be), USAGE (arguments), UNREACHABLE (a server).

CommandError
└── RefusedError      what was asked cannot be done; the text says why, and what can
"""

import json
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, is_dataclass
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from rich.console import Console

# Rich is imported where something is shown, so that `--help` does not wait for it.

OK, REFUSED, USAGE, UNREACHABLE = 0, 1, 2, 3

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document, for programs.")]


class CommandError(Exception):
    """A command cannot do what was asked."""


class RefusedError(CommandError):
    """What was asked cannot be done; the text says why, and what can."""


@dataclass(frozen=True)
class Table:
    """Rows under named columns; None is shown as nothing."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[object, ...]]
    title: str = ""


@dataclass(frozen=True)
class Tree:
    """A line, and those below it."""

    label: str
    branches: Sequence["Tree"] = ()


Block = str | Table | Tree


class Output:
    """Where one command prints its result: either blocks for people, or one JSON document."""

    def __init__(self, *, as_json: bool = False) -> None:
        self.as_json = as_json

    def show(self, document: Any, *blocks: Block) -> None:
        """The result. `document` is plain data, or what `plain` makes plain: dataclasses, models, moments, ids."""
        if self.as_json:
            typer.echo(json.dumps(document, default=plain, ensure_ascii=False, indent=2))
            return
        console = _console()
        for block in blocks:
            if console.is_terminal:
                console.print(_rich(block), markup=False, highlight=False, soft_wrap=isinstance(block, str))
            else:
                typer.echo("\n".join(lines(block)))

    def note(self, text: str) -> None:
        """Something beside the result, such as advice; it never mixes with the document."""
        typer.secho(text, err=True, fg="yellow")

    def confirm(self, question: str, *, yes: bool, option: str = "--yes") -> None:
        """Go on only when a person says so, or `yes` has said so before. Raises RefusedError."""
        if yes:
            return
        if self.as_json or not (sys.stdin.isatty() and sys.stdout.isatty()):
            raise RefusedError(f"{question} Nothing was done: nobody can be asked here; say so with {option}.")
        if not typer.confirm(question):
            raise RefusedError("Nothing was done.")

    @contextmanager
    def progress(self, title: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
        """A bar for as long as the block takes; call what it gives with how much is done. Only people see it."""
        from rich.progress import MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

        columns = (SpinnerColumn(), TextColumn("{task.description}"), MofNCompleteColumn(), TimeRemainingColumn())
        console = _console(stderr=True)
        with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
            task = progress.add_task(title, total=total)
            yield lambda done: progress.update(task, completed=done)


def _console(*, stderr: bool = False) -> "Console":
    from rich.console import Console

    return Console(stderr=stderr)


def _rich(block: Block) -> Any:
    from rich.table import Table as RichTable
    from rich.text import Text

    match block:
        case Table(columns=columns, rows=rows, title=title):
            table = RichTable(*columns, title=title or None, title_justify="left")
            for row in rows:
                table.add_row(*(Text(_cell(cell)) for cell in row))
            return table
        case Tree():
            return _grown(block)
        case _:
            return Text(block)


def _grown(tree: Tree) -> Any:
    from rich.text import Text
    from rich.tree import Tree as RichTree

    def grow(from_: Tree, onto: RichTree) -> RichTree:
        for branch in from_.branches:
            grow(branch, onto.add(Text(branch.label)))
        return onto

    return grow(tree, RichTree(Text(tree.label)))


def lines(block: Block) -> Iterator[str]:
    """A block as plain text: columns stand under each other, and nothing is ever cut off."""
    match block:
        case Table(columns=columns, rows=rows, title=title):
            yield from [title] if title else []
            cells = [columns, *(tuple(map(_cell, row)) for row in rows)]
            widths = [max(len(row[number]) for row in cells) for number in range(len(columns))]
            for row in cells:
                padded = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
                yield "  ".join(padded).rstrip()
        case Tree(label=label, branches=branches):
            yield label
            yield from (f"  {line}" for branch in branches for line in lines(branch))
        case _:
            yield block


def _cell(value: object) -> str:
    from datetime import datetime

    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M:%S}"
    return "" if value is None else str(value)


def plain(value: Any) -> Any:
    """What JSON knows, of what it does not know: sets in order, models and dataclasses by field, all else as text."""
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    if hasattr(value, "model_dump"):
        return value.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    if isinstance(value, set | frozenset):
        return sorted(value)
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
