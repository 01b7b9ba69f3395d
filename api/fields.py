"""Checks of single fields. A `Fields` collects everything that is wrong with one event, each thing with its path."""

import re
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from api.errors import InvalidError, counted

Object = dict[str, Any]

_MAX_DEPTH = 20
_MAX_KEYS = 1000
_MAX_ID = 256
_EMAIL = re.compile(
    r"[^\s@<>,;:\"\\()\[\]\x00-\x1f]{1,64}@[^\s@<>,;:\"\\()\[\]\x00-\x1f]+\.[^\s@<>,;:\"\\()\[\]\x00-\x1f.]+"
)
_EARLIEST = datetime(1970, 1, 1, tzinfo=UTC)


class Fields:
    """The fields of one event, taken out one by one. Missing, null and blank are the same."""

    def __init__(self, body: Mapping[str, Any], path: str = "") -> None:
        self.body = body
        self.problems: list[tuple[str, str]] = []
        self._path = path

    def wrong(self, key: str, message: str) -> None:
        """Note what is wrong with a field."""
        self.problems.append((self._path + key, message))

    def settle(self) -> None:
        """Raise InvalidError when anything was wrong."""
        if self.problems:
            raise InvalidError(counted(len(self.problems)), tuple(self.problems))

    def text(self, key: str, limit: int) -> str | None:
        """A text of at most `limit` characters, without space around it."""
        value = self.body.get(key)
        if value is None:
            return None
        if not isinstance(value, str):
            self.wrong(key, "must be a text")
            return None
        value = value.strip()
        if len(value) > limit:
            self.wrong(key, f"must be at most {limit} characters long")
            return None
        return value or None

    def identity(self, key: str) -> str | None:
        """An id: a text, or a whole number, which shops send as well."""
        value = self.body.get(key)
        if isinstance(value, int) and not isinstance(value, bool):
            return str(value)
        return self.text(key, _MAX_ID)

    def email(self, key: str) -> str | None:
        """An address, in lower case."""
        value = self.text(key, _MAX_ID)
        if value is None or is_email(value):
            return value and value.lower()
        self.wrong(key, "must be an e-mail address")
        return None

    def object(self, key: str) -> Object:
        """An object; empty when missing."""
        value = self.body.get(key)
        if value is None:
            return {}
        if isinstance(value, dict):
            return value
        self.wrong(key, "must be an object")
        return {}

    def flag(self, key: str) -> bool:
        """True or false; missing is false."""
        value = self.body.get(key)
        if value is not None and not isinstance(value, bool):
            self.wrong(key, "must be true or false")
        return value is True

    def moment(self, *keys: str) -> datetime | None:
        """The first of these that is there, as a moment; without an offset it is UTC."""
        for key in keys:
            value = self.body.get(key)
            if value is None:
                continue
            moment = read_moment(value)
            if moment is None:
                self.wrong(key, "must be a time such as 2026-11-21T09:30:00Z")
            return moment
        return None


def is_email(value: object) -> bool:
    """Whether this has the form of an address: good enough to know a contact by."""
    return isinstance(value, str) and len(value) <= 254 and _EMAIL.fullmatch(value) is not None


def read_moment(value: object) -> datetime | None:
    """A moment out of ISO 8601; None when it is not one, or from before 1970."""
    if not isinstance(value, str):
        return None
    try:
        moment = datetime.fromisoformat(value)
        moment = moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if moment >= _EARLIEST else None


def unsound(event: Object) -> tuple[str, str] | None:
    """What makes an event impossible to store (depth, number of keys, NUL characters): the path, and the reason."""
    keys = 0
    waiting: list[tuple[str, Object | list[Any], int]] = [("", event, 1)]
    while waiting:
        path, value, depth = waiting.pop()
        if depth > _MAX_DEPTH:
            return path, f"is nested deeper than {_MAX_DEPTH} levels"
        if isinstance(value, dict):
            keys += len(value)
        if keys > _MAX_KEYS:
            return path, f"the event has more than {_MAX_KEYS} keys"
        for key, inner in value.items() if isinstance(value, dict) else enumerate(value):
            kind = type(inner)
            if (kind is str and _NUL in inner) or (type(key) is str and _NUL in key):
                return _within(path, key), "holds a NUL character"
            if kind is dict or kind is list:
                waiting.append((_within(path, key), inner, depth + 1))
    return None


_NUL = "\x00"


def _within(path: str, key: str | int) -> str:
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key}" if path else key
