"""`kundresa suppressions`: addresses that take no mail, or no marketing; in and out as CSV."""

import csv
import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from commands.output import Json, Output, RefusedError, Table
from commands.reaching import DATA, Data, in_database, reach

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from store.suppressions import Scope, Suppression

_ACTOR = "command line"
_COLUMNS = ("address", "scope", "reason", "evidence", "actor", "at")
_LONGEST = 254

Address = Annotated[str, typer.Argument(help="The e-mail address.")]
Reason = Annotated[str, typer.Option("--reason", help="Why; it is shown to whoever asks.")]
InScope = Annotated[
    str | None, typer.Option("--scope", help="hard: no mail at all; complaint and manual: no marketing.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    suppressions = typer.Typer(help="Addresses that take no mail, or no marketing: show, add, remove, import, export.")
    suppressions.command("show")(show)
    suppressions.command("add")(add)
    suppressions.command("remove")(remove)
    suppressions.command("import")(take_in)
    suppressions.command("export")(export)
    app.add_typer(suppressions, name="suppressions")


def show(context: typer.Context, address: Address, data: Data = DATA, as_json: Json = False) -> None:
    """Show what stands for an address, also when its contact was erased."""
    from store import suppressions as kept

    async def work(session: "AsyncSession") -> "list[Suppression]":
        return await kept.of(session, address)

    reach(context, data)
    found = in_database(work)
    document = [{**_row(each), "address": address} for each in found]
    rows = [tuple(each[name] for name in _COLUMNS) for each in document]
    Output(as_json=as_json).show(document, Table(_COLUMNS, rows) if rows else f"Nothing stands against {address}.")


def add(
    context: typer.Context,
    address: Address,
    reason: Reason,
    scope: InScope = "manual",
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Suppress an address."""
    _added(context, data, [_wanted(address, scope or "manual", reason, "the command line")], as_json=as_json)


def remove(
    context: typer.Context,
    address: Address,
    reason: Reason,
    scope: InScope = None,
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Let an address have mail again, in one scope or in all. The suppression stays on record."""
    from store import suppressions as kept

    within = _scope(scope, "the command line") if scope is not None else None

    async def work(session: "AsyncSession") -> int:
        return await kept.lift(session, address, reason, _ACTOR, within)

    reach(context, data)
    lifted = in_database(work)
    if not lifted:
        raise RefusedError(f"{address} was not suppressed.")
    Output(as_json=as_json).show({"address": address, "lifted": lifted}, f"{address} may have mail again.")


def take_in(
    context: typer.Context,
    file: Annotated[Path, typer.Argument(help="CSV of an export, or an address on each line; - is standard input.")],
    reason: Reason = "imported",
    scope: InScope = "manual",
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Suppress every address of a file. The columns scope and reason, where there are any, win over the options."""
    _added(context, data, _read(file, scope or "manual", reason), as_json=as_json)


def export(context: typer.Context, data: Data = DATA, as_json: Json = False) -> None:
    """Print all that stands as CSV, for `import` here or elsewhere. Addresses of erased contacts are not known."""
    from store import suppressions as kept

    reach(context, data)
    rows = [_row(each) for each in in_database(kept.every)]
    written = io.StringIO()
    table = csv.DictWriter(written, _COLUMNS, lineterminator="\n")
    table.writeheader()
    table.writerows(rows)
    Output(as_json=as_json).show(rows, *written.getvalue().splitlines())


def _row(each: "Suppression") -> dict[str, object]:
    told = {name: getattr(each, name) for name in _COLUMNS}
    return told | {"at": each.at.isoformat() if each.at is not None else None}


def _read(file: Path, scope: str, reason: str) -> "list[Suppression]":
    """The addresses of a file. Raises RefusedError."""
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise RefusedError(f"{file} cannot be read: {error}") from error
    table = csv.reader(io.StringIO(text))
    lines = [(table.line_num, line) for line in table if any(cell.strip() for cell in line)]
    columns = ["address"]
    if lines and lines[0][1][0].strip().lower() == "address":
        columns = [cell.strip().lower() for cell in lines.pop(0)[1]]
    if not lines:
        raise RefusedError(f"{file} holds no addresses; write one on each line.")
    wanted = []
    for number, line in lines:
        told = dict(zip(columns, (cell.strip() for cell in line), strict=False))
        place = f"{file}:{number}"
        wanted.append(_wanted(told["address"], told.get("scope") or scope, told.get("reason") or reason, place))
    return wanted


def _wanted(address: str, scope: str, reason: str, place: str) -> "Suppression":
    """A suppression to add. Raises RefusedError, which names the place."""
    from store.suppressions import Suppression

    local, _, domain = address.strip().rpartition("@")
    if not local or not domain or len(address) > _LONGEST or len(address.split()) != 1:
        raise RefusedError(f"{place}: {address!r} is no e-mail address")
    return Suppression(address.strip(), _scope(scope, place), reason, actor=_ACTOR)


def _scope(told: str, place: str) -> "Scope":
    from store.suppressions import COMPLAINT, HARD, MANUAL

    known: dict[str, Scope] = {"hard": HARD, "complaint": COMPLAINT, "manual": MANUAL}
    if told not in known:
        raise RefusedError(f"{place}: there is no scope {told!r}; write {', '.join(known)}")
    return known[told]


def _added(context: typer.Context, data: Path, wanted: "list[Suppression]", *, as_json: bool) -> None:
    from store import suppressions as kept

    async def work(session: "AsyncSession") -> int:
        return await kept.add(session, *wanted)

    reach(context, data)
    added = in_database(work)
    known = len(wanted) - added
    there = f"; {known} {'was' if known == 1 else 'were'} suppressed already" if known else ""
    said = f"{added} address{'es' * (added != 1)} suppressed{there}."
    Output(as_json=as_json).show({"added": added, "known": known}, said)
