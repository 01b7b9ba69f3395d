"""Evidence for messages in doubt: whether the relay took the mail whose answer we never saw."""

import enum
import logging
from typing import Protocol

import httpx2

_log = logging.getLogger(__name__)


class Verdict(enum.StrEnum):
    """What is known of a message whose final answer was lost."""

    TAKEN = "taken"
    ABSENT = "absent"
    UNKNOWABLE = "unknowable"


class Evidence(Protocol):
    """Somebody who can be asked what became of a message."""

    async def look_up(self, message_id: str) -> Verdict:
        """Return what became of the message; never raise because nobody answers."""
        ...


class NoEvidence:
    """For relays that cannot be asked."""

    async def look_up(self, message_id: str) -> Verdict:
        """Return that nobody can tell."""
        return Verdict.UNKNOWABLE


class HttpEvidence:
    """Asks `GET {url}?message_id=...`, which answers `{"accepted": true}` or `{"accepted": false}`."""

    def __init__(self, url: str, timeout: float = 10.0) -> None:
        self._url = httpx2.URL(url)
        if self._url.scheme not in ("http", "https") or not self._url.host:
            raise ValueError("the evidence address must be a full http or https address")
        self._timeout = timeout

    async def look_up(self, message_id: str) -> Verdict:
        """Ask; whatever is not a clear yes or no is `UNKNOWABLE`."""
        try:
            # Look-ups are rare: a client for each keeps nothing open between them.
            async with httpx2.AsyncClient(timeout=self._timeout) as client:
                answer = await client.get(self._url.copy_add_param("message_id", message_id))
            accepted = answer.json()["accepted"] if answer.status_code == httpx2.codes.OK else None
        except (httpx2.HTTPError, ValueError, LookupError, TypeError) as error:
            _log.warning("no evidence for message %s: %s", message_id, type(error).__name__)
            return Verdict.UNKNOWABLE
        if not isinstance(accepted, bool):
            _log.warning("no evidence for message %s: status %s without a clear answer", message_id, answer.status_code)
            return Verdict.UNKNOWABLE
        return Verdict.TAKEN if accepted else Verdict.ABSENT
