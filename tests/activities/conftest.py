"""What the tests of the activities share: an empty database, a relay that fails on command, a post office between."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
from sqlmodel import SQLModel

from store.session import Database
from tests.activities.office import Office, write_letters
from tests.conftest import NewDatabase
from tests.mail.fault_smtp import FaultServer


@pytest_asyncio.fixture(scope="session")
async def activities_database_url(new_database: NewDatabase) -> str:
    return await new_database()


@pytest_asyncio.fixture
async def database(activities_database_url: str) -> AsyncIterator[Database]:
    database = Database(activities_database_url)
    async with database.transaction() as session:
        for table in reversed(SQLModel.metadata.sorted_tables):  # for so few rows faster than TRUNCATE
            await session.execute(table.delete())
    yield database
    await database.close()


@pytest_asyncio.fixture
async def server() -> AsyncIterator[FaultServer]:
    async with FaultServer() as server:
        yield server


@pytest.fixture
def templates(tmp_path: Path) -> Path:
    """A folder of letters that the test may change."""
    write_letters(tmp_path)
    return tmp_path


@pytest_asyncio.fixture
async def office(database: Database, server: FaultServer, templates: Path) -> AsyncIterator[Office]:
    office = Office(database, server, templates)
    await office.open()
    yield office
    await office.close()
