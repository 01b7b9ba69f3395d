"""What a comparison means for a value. The types that do not fit are settled once, here, for memory and for SQL alike.

| written            | holds of                                                        | never of               |
|--------------------|-----------------------------------------------------------------|------------------------|
| is, in             | an equal value of the same type; 1 and 1.0 are one number       | "1" and 1, true and 1  |
| gt, gte, lt, lte   | a number                                                        | "5", true, a list      |
| contains           | a list with an element that `is` it; a text with that substring | an object, a number    |
| starts_with        | a text, case as written                                         | everything else        |
| matches            | a text in whose first 1,000 characters the regex is found       | everything else        |
| before, after      | an ISO 8601 text or date, strictly; no offset means UTC, and    | a number, other text   |
|                    | a bare date is its midnight in UTC                              |                        |
| exists: true       | any value                                                       | what is missing        |
| exists: false      | what is missing                                                 | any value              |

What is missing (no such key, or null) makes every comparison false but `exists: false`. Numbers are int and float,
never bool. Every comparison that is written must hold.
"""

import operator
import re
from collections.abc import Callable, Mapping
from datetime import datetime
from enum import Enum
from typing import Any, Final

from rules.conditions import Comparison, Scalar
from rules.instants import instant

SEARCHED = 1_000
"""As many characters of a text are searched by `matches`: what shops send has no bound, a regex's time neither."""


class Missing(Enum):
    """There is no value."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING


def reach(mapping: Mapping[str, Any], path: str) -> object:
    """The value at a path such as `address.city`; MISSING when a part of it is not there, is no object, or is null."""
    value: object = mapping
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return MISSING if value is None else value


def compares(comparison: Comparison, value: object) -> bool:
    """Whether every comparison that is written holds of the value."""
    missing = value is MISSING or value is None
    if comparison.exists is not None and comparison.exists is missing:
        return False
    written = [(test, wanted) for name, test in _TESTS if (wanted := getattr(comparison, name)) is not None]
    return not written if missing else all(test(value, wanted) for test, wanted in written)


def same(value: object, wanted: object) -> bool:
    """Whether two values are one: of the same type and equal, where all numbers are of one type."""
    if _is_number(value) and _is_number(wanted):
        return value == wanted
    return type(value) is type(wanted) and value == wanted


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _among(value: object, wanted: tuple[Scalar, ...]) -> bool:
    return any(same(value, each) for each in wanted)


def _ordered(holds: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda value, wanted: _is_number(value) and holds(value, wanted)


def _contains(value: object, wanted: Scalar) -> bool:
    if isinstance(value, str):
        return isinstance(wanted, str) and wanted in value
    return isinstance(value, list | tuple) and any(same(each, wanted) for each in value)


def _starts(value: object, wanted: str) -> bool:
    return isinstance(value, str) and value.startswith(wanted)


def _matches(value: object, wanted: str) -> bool:
    return isinstance(value, str) and re.search(wanted, value[:SEARCHED]) is not None


def _timed(holds: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    def test(value: object, wanted: datetime) -> bool:
        moment = instant(value)
        return moment is not None and holds(moment, wanted)

    return test


_TESTS: tuple[tuple[str, Callable[[Any, Any], bool]], ...] = (
    ("is_", same),
    ("in_", _among),
    ("gt", _ordered(operator.gt)),
    ("gte", _ordered(operator.ge)),
    ("lt", _ordered(operator.lt)),
    ("lte", _ordered(operator.le)),
    ("contains", _contains),
    ("starts_with", _starts),
    ("matches", _matches),
    ("before", _timed(operator.lt)),
    ("after", _timed(operator.gt)),
)
