"""Fetching what a notice points to, once its address was found to be Amazon's own."""

import httpx2

_MOST = 64 * 1024


async def fetch(url: str) -> bytes:
    """Return what is at an address. Redirects are not followed. Raise OSError when it cannot be had."""
    try:
        async with httpx2.AsyncClient(timeout=5.0, follow_redirects=False) as client:
            answer = await client.get(url)
    except httpx2.HTTPError as error:
        raise ConnectionError(f"no answer: {type(error).__name__}") from error
    if answer.status_code != httpx2.codes.OK or len(answer.content) > _MOST:
        raise ConnectionError(f"no usable answer: {answer.status_code}")
    return answer.content
