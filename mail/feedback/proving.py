"""Proving that a webhook is genuine: secrets compared in constant time, and nothing that is too old."""

import base64
import binascii
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Protocol

from mail.feedback.errors import FeedbackForged
from rules.feedback import Feedback

Headers = Mapping[str, str]
"""The headers of a request; looked up in lower case."""


class Webhook(Protocol):
    """Reads what one provider posts."""

    async def read(self, headers: Headers, body: bytes, now: datetime) -> list[Feedback]:
        """Return what a request tells. Raise `FeedbackForged` or `FeedbackUnreadable`."""
        ...


def same(given: str, expected: str) -> bool:
    """Whether two secrets are equal; the time that this takes does not tell how far."""
    return hmac.compare_digest(given.encode("utf-8", "surrogateescape"), expected.encode())


def fresh(seconds: str, now: datetime, limit: timedelta) -> datetime:
    """Return a time in seconds since 1970 that is not further from now than the limit. Raise `FeedbackForged`."""
    try:
        at = datetime.fromtimestamp(int(seconds), UTC)
    except (ValueError, OverflowError, OSError):
        raise FeedbackForged("the time of the request cannot be read") from None
    if abs(now - at) > limit:
        raise FeedbackForged("the request is too old, or from the future")
    return at


def decoded(text: str) -> bytes:
    """Return what base64 says. Raise `FeedbackForged`."""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise FeedbackForged("the signature cannot be read") from None
