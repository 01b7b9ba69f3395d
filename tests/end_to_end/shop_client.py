"""A shop's backend: it sends its events over HTTP, again and again until each is answered."""

import asyncio
from typing import Any
from uuid import uuid4

import httpx2

_PAUSE_S = 0.2

Call = dict[str, Any]


class Shop:
    """Knows what was `committed` (by `messageId`), how many calls wait for their answer, how many were sent again."""

    def __init__(self, api: httpx2.AsyncClient, write_key: str) -> None:
        self._api = api
        self._key = write_key
        self.committed: set[str] = set()
        self.unanswered = self.repeated = 0

    @property
    def answered(self) -> int:
        return len(self.committed)

    async def say(self, *calls: Call) -> None:
        """Return when all of them are committed. The `messageId`s stay the same however often they are sent."""
        self.unanswered += len(calls)
        while not await self._sent(calls):
            self.repeated += len(calls)
            await asyncio.sleep(_PAUSE_S)
        self.unanswered -= len(calls)
        self.committed |= {call["messageId"] for call in calls}

    async def _sent(self, calls: tuple[Call, ...]) -> bool:
        try:
            answer = await self._api.post("/v1/batch", json={"batch": calls}, auth=(self._key, ""))
        except httpx2.HTTPError:
            return False
        if answer.status_code == httpx2.codes.SERVICE_UNAVAILABLE:
            return False
        assert answer.status_code == httpx2.codes.OK, answer.text
        assert answer.json() == {"success": True}
        return True


def identify(user: str, **traits: object) -> Call:
    return {"type": "identify", "userId": user, "messageId": str(uuid4()), "traits": traits}


def track(user: str, event: str, **properties: object) -> Call:
    return {"type": "track", "userId": user, "messageId": str(uuid4()), "event": event, "properties": properties}
