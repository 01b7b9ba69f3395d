from collections.abc import AsyncIterator

import pytest_asyncio

from store.intake import Intake
from store.session import Database, Line


@pytest_asyncio.fixture
async def intake(database: Database) -> AsyncIterator[Intake]:
    line = Line(database.url)
    intake = Intake(line)
    await intake.start()
    yield intake
    await intake.stop()
    await line.close()
