"""Whether something answers over HTTP."""

import httpx2


async def answers(url: str) -> bool:
    """Whether a GET is answered with success."""
    try:
        async with httpx2.AsyncClient(timeout=2) as client:
            return (await client.get(url)).is_success
    except httpx2.HTTPError:
        return False
