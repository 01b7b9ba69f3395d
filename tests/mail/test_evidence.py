"""Evidence, asked for over real HTTP: only a clear answer counts."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from mail.evidence import HttpEvidence, NoEvidence, Verdict

MESSAGE = "<abc+1/2&x=y@shop.example>"


@asynccontextmanager
async def answering(status: str, body: bytes, seconds: float = 0) -> AsyncIterator[tuple[str, list[str]]]:
    """Serve one fixed answer; yield the address and the requests' first lines."""
    asked: list[str] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readuntil(b"\r\n\r\n")).split(b"\r\n")[0].decode())
        await asyncio.sleep(seconds)
        writer.write(f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n".encode() + body)
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    async with server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/evidence", asked


@pytest.mark.parametrize(("accepted", "verdict"), [(True, Verdict.TAKEN), (False, Verdict.ABSENT)])
async def test_a_clear_answer_is_a_verdict(accepted: bool, verdict: Verdict) -> None:
    async with answering("200 OK", json.dumps({"accepted": accepted}).encode()) as (url, asked):
        assert await HttpEvidence(url).look_up(MESSAGE) is verdict
    assert asked == ["GET /evidence?message_id=%3Cabc%2B1%2F2%26x%3Dy%40shop.example%3E HTTP/1.1"]


@pytest.mark.parametrize(
    ("status", "body"),
    [
        ("500 Oops", b'{"accepted": true}'), ("404 Not Found", b'{"accepted": false}'), ("302 Found", b""),
        ("200 OK", b""), ("200 OK", b"<html>"), ("200 OK", b"{}"), ("200 OK", b"[]"), ("200 OK", b"null"),
        ("200 OK", b'{"accepted": "yes"}'), ("200 OK", b'{"accepted": 1}'), ("200 OK", b'{"accepted": null}'),
        ("200 OK", b"\xff\xfe"),
    ],
)  # fmt: skip
async def test_anything_unclear_is_unknowable(status: str, body: bytes, caplog: pytest.LogCaptureFixture) -> None:
    async with answering(status, body) as (url, _):
        with caplog.at_level(logging.WARNING, logger="mail.evidence"):
            assert await HttpEvidence(url).look_up(MESSAGE) is Verdict.UNKNOWABLE
    assert [record.name for record in caplog.records] == ["mail.evidence"]
    assert MESSAGE in caplog.text


async def test_silence_is_unknowable() -> None:
    async with answering("200 OK", b'{"accepted": true}', seconds=1) as (url, _):
        assert await HttpEvidence(url, timeout=0.1).look_up(MESSAGE) is Verdict.UNKNOWABLE


async def test_nobody_there_is_unknowable() -> None:
    async with answering("200 OK", b"") as (url, _):
        pass
    assert await HttpEvidence(url).look_up(MESSAGE) is Verdict.UNKNOWABLE


async def test_without_anybody_to_ask_everything_is_unknowable() -> None:
    assert await NoEvidence().look_up(MESSAGE) is Verdict.UNKNOWABLE


@pytest.mark.parametrize("url", ["", "evidence", "ftp://x.example", "http://", "file:///etc/passwd"])
def test_an_address_that_cannot_be_asked_is_refused_at_once(url: str) -> None:
    with pytest.raises(ValueError, match="evidence address"):
        HttpEvidence(url)
