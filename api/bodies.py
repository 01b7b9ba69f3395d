"""Bodies of requests: read up to a limit, unpacked, and parsed."""

import zlib
from typing import Any

import orjson
from fastapi import Request

from api.errors import MalformedError, TooLargeError

EVENT_BYTES = 32 * 1024
BATCH_BYTES = 500 * 1024
BATCH_EVENTS = 2500
_GZIP = 16 + zlib.MAX_WBITS


async def read_json(request: Request, limit: int) -> Any:
    """The parsed body, whatever its content type says. Raises MalformedError, TooLargeError."""
    return parsed(await read_whole(request, limit))


async def read_whole(request: Request, limit: int) -> bytes:
    """The body, unpacked. Raises MalformedError, TooLargeError."""
    raw = await read(request, limit)
    match request.headers.get("content-encoding", "identity").lower():
        case "identity":
            return raw
        case "gzip" | "x-gzip":
            return unpacked(raw, limit)
        case other:
            raise MalformedError(f"content encoding {other!r} is not understood; send gzip, or none")


def parsed(raw: bytes) -> Any:
    """What the JSON says. Raises MalformedError."""
    try:
        return orjson.loads(raw)
    except orjson.JSONDecodeError as error:
        raise MalformedError(f"the body is no JSON: {error}") from error


async def read(request: Request, limit: int) -> bytes:
    """The body as it came. Raises TooLargeError as soon as it is over the limit."""
    told = request.headers.get("content-length", "")
    if told.isdigit() and int(told) > limit:
        raise _over(limit)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise _over(limit)
    return bytes(body)


def unpacked(packed: bytes, limit: int) -> bytes:
    """What was packed with gzip. It is never unpacked further than the limit."""
    unpacker = zlib.decompressobj(_GZIP)
    try:
        raw = unpacker.decompress(packed, limit + 1)
    except zlib.error as error:
        raise MalformedError(f"the body is no gzip: {error}") from error
    if len(raw) > limit:
        raise _over(limit)
    if not unpacker.eof:
        raise MalformedError("the gzip body ends in the middle")
    return raw


def _over(limit: int) -> TooLargeError:
    return TooLargeError(f"the body is larger than {limit // 1024} kB")
