"""`kundresa check` and `draw`: what authors do with their files before anything is published."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from commands.output import REFUSED, Json, Output
from commands.reaching import DATA, ROOT, Data, named_in_settings

Folder = Annotated[
    Path, typer.Option("--journeys", envvar="KUNDRESA_JOURNEYS_DIR", help="The folder of journey files.")
]
Letters = Annotated[Path, typer.Option("--templates", envvar="KUNDRESA_TEMPLATES_DIR", help="The folder of letters.")]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(check)
    app.command()(draw)


def check(
    journeys: Folder = ROOT / "journeys",
    templates: Letters = ROOT / "templates",
    data: Data = DATA,
    as_json: Json = False,
) -> None:
    """Read every file of authors, and tell all mistakes at once."""
    from local.journeys import read_all
    from rules.load import worst_week

    reading = read_all(journeys, templates, *named_in_settings(data))
    week = worst_week(reading.journeys.values(), reading.pacing)
    if not as_json:
        for mistake in (*reading.mistakes, *reading.warnings):
            typer.echo(str(mistake), err=True)
    kinds: dict[str, Mapping[str, object]] = {
        "journey": reading.journeys,
        "segment": reading.segments,
        "coupon": reading.coupons,
    }
    document: dict[str, object] = {f"{kind}s": sorted(good) for kind, good in kinds.items()}
    document["policies"] = [name for name in ("stages", "pacing") if getattr(reading, name) is not None]
    document |= {name: [asdict(each) for each in getattr(reading, name)] for name in ("mistakes", "warnings")}
    *most, last = [
        f"{len(good)} {kind}{'s' * (len(good) != 1)}" for kind, good in kinds.items() if good or kind == "journey"
    ]
    told = f"{', '.join(most)} and {last}" if most else last
    document["week"] = asdict(week)
    Output(as_json=as_json).show(document, f"{told} without mistakes.", *([str(week)] if week.at_most else ()))
    if reading.mistakes:
        raise typer.Exit(REFUSED)


def _known(context: typer.Context, incomplete: str) -> list[str]:
    """The journeys that can be drawn, for the shell's completion."""
    folder = context.params.get("journeys") or ROOT / "journeys"
    return sorted(path.stem for path in Path(folder).glob(f"{incomplete}*.yaml"))


def draw(
    journey: Annotated[str, typer.Argument(help="The name of the journey.", autocompletion=_known)],
    mermaid: Annotated[bool, typer.Option("--mermaid", help="As Mermaid text, for documents.")] = False,
    journeys: Folder = ROOT / "journeys",
    as_json: Json = False,
) -> None:
    """Draw a journey: a tree for the terminal, or Mermaid text."""
    from local.journeys import drawn

    drawing = drawn(journeys, journey, mermaid=mermaid)
    form = "mermaid" if mermaid else "tree"
    Output(as_json=as_json).show({"journey": journey, form: drawing}, drawing)
