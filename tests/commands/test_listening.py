"""`kundresa listen`: what comes back by SMTP, spoken to as mail servers do."""

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import aiosmtplib
import httpx2
import pytest
import pytest_asyncio

from commands.listening import listening
from mail.verp import Verp
from store.models import Message
from store.session import Database
from tests.api.inside import Shop
from tests.api.serving import ADMIN_KEY, SECRET, running
from tests.api.told import VERP, sent
from tests.commands.test_explain import SETTINGS
from tests.conftest import NewDatabase
from tests.mail.feedback import samples
from tests.store.happening import rows

LOOP = "fbl@shop.example"


@pytest_asyncio.fixture(scope="module")
async def shop(new_database: NewDatabase) -> AsyncIterator[Shop]:
    database = Database(await new_database(), secret=SECRET)
    with running(database.url) as served:
        headers = {"Authorization": f"Bearer {ADMIN_KEY}"}
        async with httpx2.AsyncClient(base_url=served.url, headers=headers, timeout=30) as client:
            yield client, database
    await database.close()


@pytest_asyncio.fixture(scope="module")
async def port(shop: Shop) -> AsyncIterator[int]:
    """Where the server listens; it also takes mail of feedback loops."""
    async with await listening(shop[1], SECRET, "127.0.0.1", 0, [LOOP]) as server:
        yield server.sockets[0].getsockname()[1]


async def bring(port: int, raw: bytes, to: str, sender: str = "") -> str:
    """Hand over a mail; the last answer."""
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port) as client:
        _, said = await client.sendmail(sender, [to], raw)
    return said


async def scopes(database: Database, message: Message) -> list[str]:
    told = "SELECT scope FROM suppressions WHERE address = :address ORDER BY id"
    return [scope for (scope,) in await rows(database, told, address=message.recipient)]


async def test_a_bounce_to_the_sealed_address_takes_effect_once(shop: Shop, port: int) -> None:
    message = await sent(*shop)
    to = VERP.bounce(message.id, "shop.example").upper()
    assert "applied" in await bring(port, samples.POSTFIX, to)
    assert "known" in await bring(port, samples.POSTFIX, to)
    assert await scopes(shop[1], message) == ["hard"]


async def test_a_complaint_comes_to_the_address_that_was_named(shop: Shop, port: int) -> None:
    message = await sent(*shop)
    raw = samples.complaint().replace(samples.MESSAGE_ID.encode(), message.message_id.encode())
    assert "applied" in await bring(port, raw, LOOP.upper(), "feedback@mailbox.example")
    assert await scopes(shop[1], message) == ["complaint"]


async def test_mail_to_anybody_else_and_to_made_up_addresses_is_refused(shop: Shop, port: int) -> None:
    message = await sent(*shop)
    made_up = Verp("another secret").bounce(message.id, "shop.example")
    for to in ("hello@shop.example", "somebody@else.example", made_up):
        with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as refused:
            await bring(port, samples.POSTFIX, to)
        assert [each.code for each in refused.value.recipients] == [550]
    assert await scopes(shop[1], message) == []


async def test_one_mail_to_two_sealed_addresses_tells_of_two_messages(shop: Shop, port: int) -> None:
    messages = [await sent(*shop) for _ in range(2)]
    to = [VERP.bounce(message.id, "shop.example") for message in messages]
    async with aiosmtplib.SMTP(hostname="127.0.0.1", port=port) as client:
        assert (await client.sendmail("", to, samples.POSTFIX))[0] == {}
    assert [await scopes(shop[1], message) for message in messages] == [["hard"], ["hard"]]


async def test_while_the_database_is_away_whoever_brings_a_mail_keeps_it() -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        away = Database(f"postgresql://x:x@127.0.0.1:{nobody.getsockname()[1]}/x")
        async with await listening(away, SECRET, "127.0.0.1", 0, [LOOP]) as server:
            with pytest.raises(aiosmtplib.SMTPDataError) as refused:
                await bring(server.sockets[0].getsockname()[1], samples.complaint(), LOOP)
        assert refused.value.code == 451
        await away.close()


async def test_the_command_listens_until_it_is_told_to_stop(shop: Shop, tmp_path: Path) -> None:
    message = await sent(*shop)
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        free = holder.getsockname()[1]
    told = {"KUNDRESA_DATABASE_URL": shop[1].url, "KUNDRESA_SECRET": SECRET, "KUNDRESA_DATA": str(tmp_path)}
    command = [sys.executable, "-m", "cli", "listen", "--port", str(free)]
    process = await asyncio.create_subprocess_exec(
        *command, env=os.environ | SETTINGS | told, stderr=asyncio.subprocess.DEVNULL
    )
    try:
        for _ in range(200):
            try:
                said = await bring(free, samples.POSTFIX, VERP.bounce(message.id, "shop.example"))
                break
            except aiosmtplib.SMTPConnectError:
                await asyncio.sleep(0.1)
        assert "applied" in said
    finally:
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 20) == 0
    assert await scopes(shop[1], message) == ["hard"]
