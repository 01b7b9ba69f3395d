"""`kundresa suppressions`, on a real database."""

import asyncio
import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli import app
from store.session import Database
from tests.commands.test_explain import SETTINGS
from tests.store.happening import rows


async def suppressions(database: Database, *arguments: str, given: str | None = None) -> tuple[int, str]:
    environment = SETTINGS | {"KUNDRESA_DATABASE_URL": database.url, "KUNDRESA_DATA": "/nonexistent"}
    result = await asyncio.to_thread(
        CliRunner().invoke, app, ["suppressions", *arguments], env=environment, input=given
    )
    return result.exit_code, result.output


async def test_an_address_is_added_shown_and_removed(database: Database) -> None:
    added = await suppressions(database, "add", "maja@example.org", "--reason", "asked")
    assert added == (0, "1 address suppressed.\n")
    code, said = await suppressions(database, "show", "Maja@Example.org", "--json")
    (shown,) = json.loads(said)
    assert code == 0
    assert (shown["scope"], shown["reason"], shown["actor"]) == ("manual", "asked", "command line")
    removed = await suppressions(database, "remove", "maja@example.org", "--reason", "asked again")
    assert removed == (0, "maja@example.org may have mail again.\n")
    assert await suppressions(database, "show", "maja@example.org") == (
        0,
        "Nothing stands against maja@example.org.\n",
    )
    code, said = await suppressions(database, "remove", "maja@example.org", "--reason", "asked again")
    assert (code, "was not suppressed" in said) == (1, True)


async def test_what_is_exported_from_one_shop_is_imported_by_another(database: Database, tmp_path: Path) -> None:
    await suppressions(database, "add", "maja@example.org", "--reason", "bounced, twice", "--scope", "hard")
    await suppressions(database, "add", "nils@example.org", "--reason", "asked")
    _, written = await suppressions(database, "export")
    assert written.splitlines()[0] == "address,scope,reason,evidence,actor,at"
    file = tmp_path / "suppressed.csv"
    file.write_text(written)
    assert await suppressions(database, "import", str(file)) == (
        0,
        "0 addresses suppressed; 2 were suppressed already.\n",
    )
    for address in ("maja@example.org", "nils@example.org"):
        await suppressions(database, "remove", address, "--reason", "to begin again")
    assert await suppressions(database, "import", "-", given=written) == (0, "2 addresses suppressed.\n")
    told = "SELECT address, scope, reason FROM suppressions ORDER BY id DESC LIMIT 2"
    assert sorted(await rows(database, told)) == [
        ("maja@example.org", "hard", "bounced, twice"),
        ("nils@example.org", "manual", "asked"),
    ]


async def test_a_plain_list_is_taken_with_the_scope_and_reason_of_the_options(database: Database) -> None:
    options = ("--scope", "complaint", "--reason", "from the old system", "--json")
    code, said = await suppressions(database, "import", "-", *options, given="\na@example.org\n  b@example.org \n")
    assert (code, json.loads(said)) == (0, {"added": 2, "known": 0})
    assert await rows(database, "SELECT DISTINCT scope, reason FROM suppressions") == [
        ("complaint", "from the old system")
    ]


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("maja@example.org\nnobody\n", "-:2: 'nobody' is no e-mail address"),
        ("address,scope\nmaja@example.org,everything\n", "-:2: there is no scope 'everything'"),
        ("\n", "holds no addresses"),
    ],
)
async def test_a_file_with_a_mistake_is_refused_as_a_whole_with_the_line(
    database: Database, written: str, words: str
) -> None:
    code, said = await suppressions(database, "import", "-", given=written)
    assert code == 1
    assert words in said.replace("\n", " ")
    assert await rows(database, "SELECT * FROM suppressions") == []
