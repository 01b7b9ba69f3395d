"""`kundresa schema` and `language`: the language of the files, for editors and for people."""

import json
from typing import Annotated, Literal

import typer

from commands.reaching import ROOT

Kind = Literal["journey", "segment", "stages", "pacing", "coupon"]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    app.command()(schema)
    app.command()(language)


def schema(kind: Annotated[Kind, typer.Argument(help="What the file holds.")] = "journey") -> None:
    """Print the JSON Schema of a kind of file, for editors."""
    from rules import schema as schemas

    typer.echo(json.dumps(schemas.schema(kind), indent=2))


def language() -> None:
    """Print the manual of the language, which stands in docs/language.md."""
    from rules.manual.writing import manual

    shipped = (path for folder in ("journeys", "segments", "coupons") for path in (ROOT / folder).glob("*.yaml"))
    texts = {f"{path.parent.name}/{path.name}": path.read_text(encoding="utf-8") for path in shipped}
    typer.echo(manual(texts), nl=False)
