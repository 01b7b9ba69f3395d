"""Whether a part answers: over HTTP, or in its log."""

from pathlib import Path

import httpx2


async def answers(url: str) -> bool:
    """Whether a GET is answered with success."""
    try:
        async with httpx2.AsyncClient(timeout=2) as client:
            return (await client.get(url)).is_success
    except httpx2.HTTPError:
        return False


class Said:
    """Whether a program has written some words into its log since its last start."""

    def __init__(self, log: Path, words: str) -> None:
        self._log = log
        self._words = words.encode()
        self._before = 0

    async def begin(self) -> None:
        """What is in the log by now was said before."""
        self._before = self._size()

    async def answers(self) -> bool:
        """Whether the words are there."""
        # A log that grew too long was put aside at the start, and a new one begun.
        before = self._before if self._before <= self._size() else 0
        return self._log.exists() and self._words in self._log.read_bytes()[before:]

    def _size(self) -> int:
        return self._log.stat().st_size if self._log.exists() else 0
