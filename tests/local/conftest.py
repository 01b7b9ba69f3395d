"""A data folder and ports of its own for each test; whatever a test starts, it stops."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
import pytest_asyncio

from local.folder import DataFolder
from local.mailbox.program import mailbox
from local.part import Part
from local.ports import Ports


@pytest.fixture
def folder() -> Iterator[DataFolder]:
    # pytest's own folders let nobody else pass, and PostgreSQL may run as somebody else.
    with TemporaryDirectory(prefix="kundresa-") as path:
        yield DataFolder.at(Path(path))


@pytest.fixture
def ports() -> Ports:
    return Ports.free()


@pytest.fixture
def mailbox_part(folder: DataFolder, ports: Ports) -> Part:
    return Part(mailbox(folder.mailbox, ports.smtp, ports.mailbox, {}), folder)


@pytest_asyncio.fixture
async def running_mailbox(mailbox_part: Part) -> AsyncIterator[Part]:
    await mailbox_part.start()
    try:
        await mailbox_part.ready()
        yield mailbox_part
    finally:
        await mailbox_part.stop()
