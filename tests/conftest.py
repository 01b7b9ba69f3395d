"""Real servers for every test that wants one: PostgreSQL, Temporal and a mailbox, each started once a session."""

import asyncio
import os
import shutil
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio
from playwright.async_api import Browser, async_playwright
from temporalio.client import Client
from temporalio.contrib.pydantic import pydantic_data_converter

from local.folder import DataFolder
from local.mailbox.program import mailbox
from local.part import Part
from local.ports import HOST, Ports
from local.postgres import database_url as address_of
from local.postgres import postgres
from local.temporal import temporal
from store.migrations.run import upgrade
from store.session import Database

NewDatabase = Callable[[], Awaitable[str]]


@pytest.fixture(scope="session")
def server_folder() -> Iterator[DataFolder]:
    # pytest's own folders let nobody else pass, and PostgreSQL may run as somebody else.
    with TemporaryDirectory(prefix="kundresa-") as path:
        yield DataFolder.at(Path(path))


@pytest.fixture(scope="session")
def server_ports() -> Ports:
    return Ports.free()


@pytest_asyncio.fixture(scope="session")
async def postgres_port(server_folder: DataFolder, server_ports: Ports) -> AsyncIterator[int]:
    part = Part(postgres(server_folder.postgres, server_ports.postgres), server_folder)
    await part.start()
    try:
        await part.ready()
        yield server_ports.postgres
    finally:
        await part.stop()


@pytest_asyncio.fixture(scope="session")
async def new_database(postgres_port: int) -> NewDatabase:
    """Make a fresh, migrated database; answers its URL."""
    template = f"template_{uuid4().hex}"
    await _create(postgres_port, template, "template0")
    await upgrade(address_of(postgres_port, template))

    async def make() -> str:
        name = f"test_{uuid4().hex}"
        await _create(postgres_port, name, template)
        return address_of(postgres_port, name)

    return make


async def _create(port: int, name: str, template: str) -> None:
    connection = await asyncpg.connect(address_of(port, "postgres"))
    try:
        await connection.execute(f'CREATE DATABASE "{name}" TEMPLATE "{template}"')
    finally:
        await connection.close()


@pytest_asyncio.fixture(scope="module")
async def database_url(new_database: NewDatabase) -> str:
    """The database of this test module."""
    return await new_database()


@pytest_asyncio.fixture
async def database(new_database: NewDatabase) -> AsyncIterator[Database]:
    """A database of this test's own."""
    database = Database(await new_database())
    yield database
    await database.close()


@pytest_asyncio.fixture(scope="session")
async def temporal_address(server_folder: DataFolder, server_ports: Ports) -> AsyncIterator[str]:
    part = Part(temporal(server_folder.temporal, server_ports.temporal, server_ports.ui), server_folder)
    await part.start()
    try:
        await part.ready()
        yield f"{HOST}:{server_ports.temporal}"
    finally:
        await part.stop()


@pytest_asyncio.fixture(scope="session")
async def temporal_client(temporal_address: str) -> AsyncIterator[Client]:
    yield await Client.connect(temporal_address, data_converter=pydantic_data_converter)
    # The client's threads outlive the loop and crash the interpreter at exit unless they get a moment to end.
    await asyncio.sleep(0.3)


@pytest_asyncio.fixture(scope="session")
async def mailbox_url(server_folder: DataFolder, server_ports: Ports) -> AsyncIterator[str]:
    """The pages and JSON of a mailbox; its SMTP port is `server_ports.smtp`."""
    part = Part(mailbox(server_folder.mailbox, server_ports.smtp, server_ports.mailbox, {}), server_folder)
    await part.start()
    try:
        await part.ready()
        yield f"http://{HOST}:{server_ports.mailbox}"
    finally:
        await part.stop()


# Without these Chromium looks for its maker's servers at every start.
_CHROMIUM_OPTIONS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@pytest_asyncio.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """A real browser. On the build machine it must be there."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)("there is no chromium on PATH (Debian: chromium)")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=chromium, args=_CHROMIUM_OPTIONS)
        yield browser
        await browser.close()
