"""`kundresa translations`: what is still to be translated in letters and pages; `.po` files brought up to date."""

from pathlib import Path
from typing import Annotated

import typer

from commands.output import REFUSED, Json, Output, Table
from commands.reaching import ROOT

Locale = Annotated[Path, typer.Option("--locale", envvar="KUNDRESA_LOCALE_DIR", help="The folder of translations.")]
Templates = Annotated[Path, typer.Option("--templates", envvar="KUNDRESA_TEMPLATES_DIR", help="The folder of letters.")]
Update = Annotated[bool, typer.Option("--update", help="Add new words to every file, and take out unused ones.")]
Begin = Annotated[list[str], typer.Option("--language", help="Begin this language too, such as `fi`.")]


def register(app: typer.Typer) -> None:
    """Add the command."""
    app.command()(translations)


def translations(
    locale: Locale = ROOT / "locale",
    templates: Templates = ROOT / "templates",
    update: Update = False,
    language: Begin = [],  # noqa: B006  (typer reads the default, and nobody changes it)
    as_json: Json = False,
) -> None:
    """Tell what is missing, unsure or wrong in the translations of letters and pages."""
    from api import page
    from mail import catalogues
    from mail.rendering import Letters
    from mail.translations import DOMAIN

    places = {DOMAIN: catalogues.collected(Letters(templates)), page.DOMAIN: catalogues.placed(page.messages())}
    languages = sorted({path.name for path in locale.glob("*") if (path / "LC_MESSAGES").is_dir()}.union(language))
    files = {locale / each / "LC_MESSAGES" / f"{domain}.po": places[domain] for each in languages for domain in places}
    if update or language:
        for path, messages in files.items():
            catalogues.update(path, messages)
    found = [(path.parts[-3], fault) for path, messages in files.items() for fault in catalogues.faults(path, messages)]
    count = sum(map(len, places.values()))
    document = {"messages": count, "faults": [{"language": each, "fault": fault} for each, fault in found]}
    told = "language" if len(languages) == 1 else "languages"
    summary = f"{count} messages, {len(languages)} {told} beside English, {len(found)} faults."
    Output(as_json=as_json).show(document, *([Table(("language", "fault"), [*found])] if found else []), summary)
    if found:
        raise typer.Exit(REFUSED)
