"""Comparisons of JSON values as SQL: the table of `rules/values.py`, said to PostgreSQL. Never NULL."""

import json
import operator
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, Final, TypeAlias

from sqlalchemy import (
    Boolean,
    ColumnElement,
    DateTime,
    Numeric,
    Text,
    and_,
    case,
    cast,
    false,
    func,
    literal,
    literal_column,
    or_,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB

from rules.conditions import Comparison, Scalar
from rules.instants import TEXT, settled
from rules.patterns import as_sql
from rules.values import SEARCHED, Number, exact

Truth: TypeAlias = ColumnElement[bool]
Value: TypeAlias = ColumnElement[Any]
"""A JSON value; NULL when it is missing."""

_NULL: Final = literal_column("'null'::jsonb", JSONB)
_WHOLE: Final[Value] = literal_column("'{}'::text[]")


def reach(mapping: Value | None, path: str) -> Value | None:
    """The value at a path such as `address.city`; None when nothing can be there."""
    if mapping is None or not storable(path):
        return None
    # `->` with a text reaches into objects alone, as rules do.
    for key in path.split("."):
        mapping = mapping.op("->", return_type=JSONB())(literal(key, Text))
    return present(mapping)


def present(value: Value) -> Value:
    """The value, where null counts as missing."""
    return func.nullif(value, _NULL, type_=JSONB)


def compares(comparison: Comparison, value: Value | None, now: datetime) -> Truth:
    """Whether every comparison that is written holds of the value."""
    if value is None:
        return false() if comparison.written or comparison.exists else true()
    known: list[Truth] = []
    if comparison.exists is not None:
        known = [value.is_not(None) if comparison.exists else value.is_(None)]
    return and_(true(), *known, *(_TESTS[name](value, wanted, now) for name, wanted in comparison.written))


def identity(value: Value | None) -> Value:
    """What tells an order from another: a text, or a whole number as a text; else NULL."""
    if value is None:
        return literal_column("NULL::text", Text)
    whole = and_(_is(value, "number"), as_text(value).op("~")(_text("^-?[0-9]+$")))
    return case((or_(_is(value, "string"), whole), as_text(value)))


def storable(text: object) -> bool:
    """Whether PostgreSQL can hold the text: none with a NUL character, or with half a surrogate."""
    return not isinstance(text, str) or not any(each == "\x00" or "\ud800" <= each <= "\udfff" for each in text)


def as_json(value: Scalar | list[Scalar]) -> Value:
    """The value of an author as JSON."""
    return cast(literal(json.dumps(value, ensure_ascii=False), Text), JSONB)


def as_text(value: Value) -> Value:
    """The text of a JSON text; of other values, how they are written."""
    return value.op("#>>", return_type=Text())(_WHOLE)


def as_number(value: Value) -> Value:
    """The number of a JSON number; else NULL."""
    return case((_is(value, "number"), cast(value, Numeric)))


def _is(value: Value, kind: str) -> Truth:
    return func.jsonb_typeof(value) == _text(kind)


def _text(constant: str) -> ColumnElement[str]:
    """A text of ours, written out in the statement: what authors write goes beside it, as parameters."""
    return literal_column(f"'{constant}'", Text)


def _only(kind: str, test: Callable[[Value, Any, datetime], Truth]) -> "_Test":
    """The test, false of what is of another type: PostgreSQL raises where Python has its `isinstance`."""
    return lambda value, wanted, now: case((_is(value, kind), test(value, wanted, now)), else_=false())


def _same(value: Value, wanted: Scalar, _: datetime) -> Truth:
    return func.coalesce(value == as_json(wanted), false()) if storable(wanted) else false()


def _among(value: Value, wanted: Sequence[Scalar], now: datetime) -> Truth:
    return or_(false(), *(_same(value, each, now) for each in wanted))


def _number(test: Callable[[Any, Any], Any]) -> "_Test":
    def compared(value: Value, wanted: Number, _: datetime) -> Truth:
        truth: Truth = test(cast(value, Numeric), cast(literal(str(exact(wanted)), Text), Numeric))
        return truth

    return _only("number", compared)


def _contains(value: Value, wanted: Scalar, _: datetime) -> Truth:
    if not storable(wanted):
        return false()
    inside = case((_is(value, "array"), value.op("@>", return_type=Boolean())(as_json([wanted]))), else_=false())
    if not isinstance(wanted, str):
        return inside
    return case((_is(value, "string"), func.strpos(as_text(value), literal(wanted, Text)) > 0), else_=inside)


def _starts(value: Value, wanted: str, _: datetime) -> Truth:
    return func.starts_with(as_text(value), literal(wanted, Text), type_=Boolean) if storable(wanted) else false()


def _matches(value: Value, wanted: str, _: datetime) -> Truth:
    pattern = as_sql(wanted)
    searched = func.left(as_text(value), SEARCHED, type_=Text).collate("C")
    return false() if pattern is None else searched.op("~", return_type=Boolean())(literal(pattern, Text))


def _timed(test: Callable[[Any, Any], Any]) -> "_Test":
    def compared(value: Value, wanted: Any, now: datetime) -> Truth:
        cut = func.regexp_replace(as_text(value), _text(r"([.][0-9]{6})[0-9]+"), _text(r"\1"), type_=Text)
        # Without an offset it is in UTC, whatever the zone of the session.
        told = case((cut.op("~")(_text("[T ].*[Z+-]")), cut), else_=cut.concat(_text("Z")))
        valid = and_(as_text(value).op("~")(_text(TEXT)), func.pg_input_is_valid(told, _text("timestamptz")))
        moment = cast(told, DateTime(timezone=True))
        return case((valid, test(moment, literal(settled(wanted, now), DateTime(timezone=True)))), else_=false())

    return _only("string", compared)


_Test = Callable[[Value, Any, datetime], Truth]
_TESTS: Mapping[str, _Test] = {
    "is_": _same,
    "in_": _among,
    "gt": _number(operator.gt),
    "gte": _number(operator.ge),
    "lt": _number(operator.lt),
    "lte": _number(operator.le),
    "contains": _contains,
    "starts_with": _only("string", _starts),
    "matches": _only("string", _matches),
    "before": _timed(operator.lt),
    "after": _timed(operator.gt),
}
