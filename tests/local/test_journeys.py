"""Publishing a folder of journeys, and folders that look as if all journeys were gone."""

from pathlib import Path

import pytest
import pytest_asyncio

from local.errors import NoJourneysError
from local.journeys import apply, told
from store.journeys import live_versions
from store.session import Database
from tests.conftest import NewDatabase

TEMPLATES = Path(__file__).parents[2] / "templates"
JOURNEY = """
journey: hello
title: Say hello
class: transactional
trigger: {event: Signed Up}
steps:
  - send: order-thanks
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "journeys"
    folder.mkdir()
    for name in ("hello", "goodbye"):
        (folder / f"{name}.yaml").write_text(JOURNEY.replace("hello", name))
    return folder


@pytest_asyncio.fixture
async def address(new_database: NewDatabase) -> str:
    """A database of this test's own."""
    return await new_database()


async def live(address: str) -> dict[str, int]:
    database = Database(address)
    try:
        async with database.transaction() as session:
            return await live_versions(session)
    finally:
        await database.close()


async def test_a_journey_whose_file_is_gone_is_withdrawn(folder: Path, address: str) -> None:
    await apply(address, folder, TEMPLATES)
    (folder / "goodbye.yaml").unlink()
    applied = await apply(address, folder, TEMPLATES)
    assert told(applied.published) == [
        "hello: version 1, unchanged",
        "goodbye: its file is gone, so it takes no new contacts",
    ]
    assert await live(address) == {"hello": 1}


async def test_without_one_file_nothing_is_withdrawn_and_the_reason_is_told(folder: Path, address: str) -> None:
    await apply(address, folder, TEMPLATES)
    mistyped = folder.with_name("jurneys")
    with pytest.raises(NoJourneysError, match=r"no journeys in .*/jurneys: there is no such folder. Nothing was"):
        await apply(address, mistyped, TEMPLATES)
    mistyped.mkdir()
    (mistyped / ".hidden.yaml").write_text(JOURNEY)
    with pytest.raises(NoJourneysError, match=r"it has no \*\.yaml file"):
        await apply(address, mistyped, TEMPLATES)
    (mistyped / "hello.yml").write_text(JOURNEY)
    with pytest.raises(NoJourneysError, match=r"(?s)it has no \*\.yaml file.*call it 'hello.yaml'"):
        await apply(address, mistyped, TEMPLATES)
    assert await live(address) == {"goodbye": 1, "hello": 1}
