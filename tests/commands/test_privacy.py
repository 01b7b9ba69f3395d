"""`kundresa export` and `erase`, on a real database."""

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from store.intake import Intake
from store.session import Database, Line
from tests.commands.test_explain import kundresa
from tests.store.happening import value
from tests.store.living import ADDRESS, NAME, USER, lives
from tests.store.test_erasure import dump, known_in


@pytest_asyncio.fixture
async def intake(database: Database) -> AsyncIterator[Intake]:
    line = Line(database.url)
    intake = Intake(line)
    await intake.start()
    yield intake
    await intake.stop()
    await line.close()


async def test_an_export_is_printed_or_written_to_a_file_for_its_owner_alone(
    database: Database, intake: Intake, tmp_path: Path
) -> None:
    contact = await lives(database, intake)
    code, printed = await kundresa(database, "export", ADDRESS.upper())
    assert code == 0
    assert json.loads(printed)["contact"] == str(contact)
    file = tmp_path / "maja.json"
    code, said = await kundresa(database, "export", USER, "--out", str(file))
    assert (code, NAME in said) == (0, False)
    assert json.loads(file.read_text())["contacts"][0]["traits"]["name"] == NAME
    assert file.stat().st_mode & 0o077 == 0


async def test_who_is_not_there_is_neither_exported_nor_erased(database: Database, tmp_path: Path) -> None:
    for arguments in (("export", "nobody"), ("erase", "nobody", "--yes")):
        code, said = await kundresa(database, *arguments)
        assert (code, "There is no such contact" in said) == (1, True)


async def test_a_file_that_cannot_be_written_is_told(database: Database, intake: Intake, tmp_path: Path) -> None:
    await lives(database, intake)
    code, said = await kundresa(database, "export", USER, "--out", str(tmp_path / "gone" / "maja.json"))
    assert (code, "cannot be written" in said) == (1, True)


async def test_nobody_is_erased_without_being_asked_for(database: Database, intake: Intake) -> None:
    await lives(database, intake)
    code, said = await kundresa(database, "erase", USER)
    assert (code, "Nothing was done" in said) == (1, True)
    assert await value(database, "SELECT count(*) FROM erasures") == 0


async def test_a_contact_is_erased_though_temporal_is_away(
    database: Database, intake: Intake, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEMPORAL_ADDRESS", "127.0.0.1:1")
    contact = await lives(database, intake)
    code, said = await kundresa(database, "erase", USER, "--yes")
    assert code == 0, said
    assert f"Contact {contact} is erased; 1 run ends, 1 letter will not be sent." in said
    assert "1 letter was past the last point" in said
    assert "by the housekeeping" in said
    assert known_in(await dump(database)).keys() == {"enrolments"}
    code, said = await kundresa(database, "erase", str(contact), "--yes", "--json")
    assert (code, json.loads(said)["again"]) == (0, True)
    code, said = await kundresa(database, "erase", USER, "--yes")
    assert (code, "There is no such contact" in said) == (1, True)
