"""Reading the JSON of webhooks, of which anything may be missing."""

import json
from datetime import UTC, datetime
from typing import Any

from mail.feedback.errors import FeedbackUnreadable

Json = dict[str, Any]


def parsed(body: bytes | str) -> Any:
    """Return what the JSON says. Raise `FeedbackUnreadable`."""
    try:
        return json.loads(body)
    except (ValueError, RecursionError):
        raise FeedbackUnreadable("the body is no JSON") from None


def an_object(value: Any) -> Json:
    """Return the value when it is an object. Raise `FeedbackUnreadable`."""
    if not isinstance(value, dict):
        raise FeedbackUnreadable("an object is missing")
    return value


def within(value: Any, *path: str) -> Any:
    """Return what stands at the path; None when any part of it is missing."""
    for key in path:
        value = value.get(key) if isinstance(value, dict) else None
    return value


def text(value: Any, *path: str) -> str | None:
    """Return the text at the path; a whole number counts as one. None: there is none."""
    found = within(value, *path)
    if isinstance(found, int) and not isinstance(found, bool):
        return str(found)
    return found.strip() or None if isinstance(found, str) else None


def objects(value: Any, *path: str) -> list[Json]:
    """Return the objects of the list at the path."""
    found = within(value, *path)
    return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []


def named(headers: list[Json], name: str) -> str | None:
    """Return a header out of a list of `{"name", "value"}`."""
    return next((text(each, "value") for each in headers if (text(each, "name") or "").lower() == name.lower()), None)


def moment(value: Any, otherwise: datetime) -> datetime:
    """Return a time, told in ISO 8601 or in seconds since 1970; `otherwise` when it cannot be read."""
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return datetime.fromtimestamp(value, UTC)
        at = datetime.fromisoformat(value)
    except (ValueError, TypeError, OverflowError, OSError):
        return otherwise
    return at if at.tzinfo is not None else at.replace(tzinfo=UTC)


def bracketed(message_id: str | None) -> str | None:
    """Return a Message-ID with its angle brackets, which some providers take off."""
    return f"<{message_id.strip('<>')}>" if message_id else None
