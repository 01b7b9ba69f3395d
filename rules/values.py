"""What a comparison means for a value. The types that do not fit are settled once, here, for memory and for SQL alike.

| written            | holds of                                                        | never of               |
|--------------------|-----------------------------------------------------------------|------------------------|
| is, in             | an equal value of the same type; 1 and 1.0 are one number       | "1" and 1, true and 1  |
| gt, gte, lt, lte   | a number                                                        | "5", true, a list      |
| contains           | a list with an element that `is` it; a text with that substring | an object, a number    |
| starts_with        | a text, case as written                                         | everything else        |
| matches            | a text in whose first 1,000 characters the pattern is found;    | everything else        |
|                    | patterns are those of `patterns.py`                             |                        |
| before, after      | a text that is a moment (`instants.py`), strictly; no offset    | a number, other text   |
|                    | means UTC, and a bare date is its midnight in UTC               |                        |
| exists: true       | any value                                                       | what is missing        |
| exists: false      | what is missing                                                 | any value              |

What is missing (no such key, or null) makes every comparison false but `exists: false`. Every comparison that is
written must hold.

- Numbers are int and float, never bool. They are the decimals that they are written as: 0.1 is a tenth, and sums are
  exact. Averages are cut off after nine decimals. What is no finite number is none, and does not come in.
- Texts are compared character by character as they came, without folding case or accents. Text with a NUL character
  or half a surrogate cannot be stored, so what asks for it is never found.
- Paths reach into objects alone, by their keys: `list.0` is missing.
- Bounds: `within` counts an event that happened exactly so long ago; `before` and `after` do not count their moment.
"""

import math
import operator
from collections.abc import Callable, Mapping
from datetime import datetime
from decimal import Decimal
from enum import Enum
from typing import Any, Final, TypeGuard

from rules.conditions import Comparison, Scalar
from rules.instants import instant, settled
from rules.patterns import compiled

SEARCHED: Final = 1_000
"""As many characters of a text are searched by `matches`: what shops send has no bound, a regex's time neither."""

Number = int | float | Decimal


class Missing(Enum):
    """There is no value."""

    MISSING = "missing"


MISSING: Final = Missing.MISSING


def reach(mapping: Mapping[str, Any], path: str) -> object:
    """The value at a path such as `address.city`; MISSING when a part of it is not there, is no object, or is null."""
    value: object = mapping
    for key in path.split("."):
        # Most are plain dicts, which are told far sooner than mappings of other kinds.
        value = value.get(key) if isinstance(value, (dict, Mapping)) else None
    return MISSING if value is None else value


def compares(comparison: Comparison, value: object, now: datetime) -> bool:
    """Whether every comparison that is written holds of the value; `now` settles moments that move with the clock."""
    missing = value is MISSING or value is None
    if comparison.exists is not None and comparison.exists is missing:
        return False
    if missing:
        return not comparison.written
    return all(_TESTS[name](value, wanted, now) for name, wanted in comparison.written)


def same(value: object, wanted: object) -> bool:
    """Whether two values are one: of the same type and equal, where all numbers are of one type."""
    if is_number(value) and is_number(wanted):
        return _ordered(operator.eq, value, wanted)
    return type(value) is type(wanted) and value == wanted


def is_number(value: object) -> TypeGuard[Number]:
    """Whether the value counts as a number."""
    kind = type(value)
    return kind is int or kind is Decimal or (isinstance(value, float) and math.isfinite(value))


def exact(value: Number) -> Decimal:
    """The decimal that the number is written as."""
    return Decimal(repr(value)) if isinstance(value, float) else Decimal(value)


_SURE = 2**53
"""Up to here every whole number is a float, so that Python compares the two as they are written."""


def _ordered(test: Callable[[Any, Any], bool], value: Number, wanted: Number) -> bool:
    if type(value) is type(wanted) or (-_SURE < value < _SURE and Decimal not in (type(value), type(wanted))):
        return test(value, wanted)
    return test(exact(value), exact(wanted))


def _number(test: Callable[[Any, Any], bool]) -> "_Test":
    return lambda value, wanted, _: is_number(value) and _ordered(test, value, wanted)


def _same(value: object, wanted: Scalar, _: datetime) -> bool:
    return same(value, wanted)


def _among(value: object, wanted: tuple[Scalar, ...], _: datetime) -> bool:
    return any(same(value, each) for each in wanted)


def _contains(value: object, wanted: Scalar, _: datetime) -> bool:
    if isinstance(value, str):
        return isinstance(wanted, str) and wanted in value
    return isinstance(value, list | tuple) and any(same(each, wanted) for each in value)


def _starts(value: object, wanted: str, _: datetime) -> bool:
    return isinstance(value, str) and value.startswith(wanted)


def _matches(value: object, wanted: str, _: datetime) -> bool:
    pattern = compiled(wanted)
    return isinstance(value, str) and pattern is not None and pattern.search(value[:SEARCHED]) is not None


def _timed(test: Callable[[Any, Any], bool]) -> "_Test":
    def timed(value: object, wanted: Any, now: datetime) -> bool:
        moment = instant(value)
        return moment is not None and test(moment, settled(wanted, now))

    return timed


_Test = Callable[[Any, Any, datetime], bool]
_TESTS: Mapping[str, _Test] = {
    "is_": _same,
    "in_": _among,
    "gt": _number(operator.gt),
    "gte": _number(operator.ge),
    "lt": _number(operator.lt),
    "lte": _number(operator.le),
    "contains": _contains,
    "starts_with": _starts,
    "matches": _matches,
    "before": _timed(operator.lt),
    "after": _timed(operator.gt),
}
