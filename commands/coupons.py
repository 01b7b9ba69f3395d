"""`kundresa coupons`: what is left of each, and codes for their pools."""

import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from commands.output import Json, Output, RefusedError, Table
from commands.reaching import DATA, Data, in_database, reach

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from store.codes import Stock

_COLUMNS = ("coupon", "kind", "left", "on their way", "given", "redeemed", "warning")
Result = TypeVar("Result")
Name = Annotated[str, typer.Argument(help="The name of the coupon.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    coupons = typer.Typer(invoke_without_command=True, help="Show what is left of each coupon; upload and make codes.")
    coupons.callback()(stock)
    coupons.command()(upload)
    coupons.command()(generate)
    coupons.command()(codes)
    app.add_typer(coupons, name="coupons")


def stock(context: typer.Context, data: Data = DATA, as_json: Json = False) -> None:
    """Show every coupon: codes left and given, people on their way to one, and codes that were used."""
    if context.invoked_subcommand is not None:
        return
    from store import codes as pools

    reach(context, data)
    found = in_database(pools.stock)
    document = [{**vars(each), "warning": each.warning} for each in found]
    Output(as_json=as_json).show(document, Table(_COLUMNS, [_row(each) for each in found]))


def _row(stock: "Stock") -> tuple[object, ...]:
    return stock.coupon, stock.kind, stock.left, stock.ahead, stock.given, stock.redeemed, stock.warning


def upload(
    context: typer.Context,
    coupon: Name,
    file: Annotated[Path, typer.Argument(help="A file with a code on each line; - reads from standard input.")],
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Put codes of the shop's own into a pool. Those that are there already are left out."""
    from store import codes as pools

    written = _codes(file)

    async def work(session: "AsyncSession") -> int:
        return await pools.upload(session, coupon, written)

    _added(context, data, coupon, len(written), work, as_json=as_json)


def generate(
    context: typer.Context,
    coupon: Name,
    number: Annotated[int, typer.Argument(min=1, max=100_000, help="How many codes to make.")],
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Make new codes for a generated pool, beyond those that are made by themselves."""
    from store import codes as pools

    async def work(session: "AsyncSession") -> int:
        pool = await pools.pool_of(session, coupon)
        if pool.pool != "generated":
            raise pools.CouponUnfit(f"the codes of {coupon} are uploaded; `kundresa coupons upload` takes them")
        return await pools.generate(session, coupon, pool, number)

    _added(context, data, coupon, number, work, as_json=as_json)


def codes(context: typer.Context, coupon: Name, data: Data = DATA, as_json: Json = False) -> None:
    """Print the codes of a pool that nobody has yet, one a line: for a checkout that has to know them."""
    from store import codes as pools

    async def work(session: "AsyncSession") -> list[str]:
        await pools.pool_of(session, coupon)
        return await pools.free(session, coupon)

    reach(context, data)
    free = _fit(work)
    Output(as_json=as_json).show(free, *free)


def _codes(file: Path) -> list[str]:
    """The codes of a file, checked. Raises RefusedError."""
    from rules.coupon import is_code

    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise RefusedError(f"{file} cannot be read: {error}") from error
    lines = [(number, line.strip()) for number, line in enumerate(text.splitlines(), start=1) if line.strip()]
    for number, line in lines:
        if not is_code(line):
            raise RefusedError(
                f"{file}:{number}: {line!r} is no code; write 3 to 40 letters, digits, hyphens and underscores"
            )
    if not lines:
        raise RefusedError(f"{file} holds no codes; write one on each line.")
    return [line for _, line in lines]


def _added(
    context: typer.Context,
    data: Path,
    coupon: str,
    number: int,
    work: "Callable[[AsyncSession], Awaitable[int]]",
    *,
    as_json: bool,
) -> None:
    reach(context, data)
    added = _fit(work)
    document = {"coupon": coupon, "added": added, "known": number - added}
    known = f"; {number - added} were there already" if number > added else ""
    Output(as_json=as_json).show(document, f"{coupon}: {added} codes added{known}.")


def _fit(work: "Callable[[AsyncSession], Awaitable[Result]]") -> "Result":
    """Work on a pool. Raises RefusedError when the coupon has none of that kind."""
    from store.codes import CouponUnfit

    try:
        return in_database(work)
    except CouponUnfit as unfit:
        advice = " `kundresa coupons` tells which there are." if unfit.missing else ""
        raise RefusedError(f"{str(unfit)[0].upper()}{str(unfit)[1:]}.{advice}") from unfit
