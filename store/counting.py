"""Events and figures of a contact as SQL: how many count, and what their properties come to."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import (
    ColumnElement,
    FromClause,
    Numeric,
    Text,
    and_,
    cast,
    exists,
    false,
    func,
    literal,
    literal_column,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB

from rules.conditions import Condition, EventHappened, LetterWas, Times
from rules.instants import settled
from rules.measures import AVERAGE_DECIMALS
from store.comparing import Truth, Value, as_json, as_number, compares, identity, present, reach
from store.tables import CONTACTS, EVENTS, MESSAGES

Inside = Callable[[Condition, Value], Truth]
"""Whether a condition holds inside an event that has these properties."""


def happened(asked: EventHappened, start: Value | None, now: datetime, inside: Inside) -> Truth:
    """Whether the events that count are as many as they should be, and their figures compare."""
    event = EVENTS.alias()
    counting = _counting(asked, event, start, now, inside)
    if asked.once:
        return exists().select_from(event).where(*counting).correlate_except(event)
    figures = [_figure(name, measure.property, event).label(name) for name, measure in asked.measures]
    made = select(func.count().label("n"), *figures).select_from(event).where(*counting)
    of = made.correlate_except(event).subquery()
    frequency = [] if asked.frequency is None else [often(asked.frequency, of.c.n)]
    truths = [compares(measure, of.c[name], now) for name, measure in asked.measures]
    return select(and_(true(), *frequency, *truths)).select_from(of).scalar_subquery()


def read(asked: LetterWas, now: datetime) -> Truth:
    """Whether the letter was received, opened or clicked as often as it should have been."""
    since = None if asked.within is None else now - asked.within
    if asked.event is None:
        letter = MESSAGES.alias()
        at: ColumnElement[Any] = func.coalesce(letter.c.settled_at, letter.c.created_at)
        counting = [letter.c.contact_id == CONTACTS.c.id, letter.c.state == "sent", letter.c.letter == asked.letter]
        counting.append(letter.c.staff.is_(None))  # what went to the shop's own staff, the contact never saw
    else:
        letter = EVENTS.alias()
        at = letter.c.occurred_at
        told = reach(letter.c.properties, "letter")
        assert told is not None
        counting = [letter.c.contact_id == CONTACTS.c.id, letter.c.name == asked.event, told == as_json(asked.letter)]
    counting += [] if since is None else [at >= since]
    if asked.times == Times(at_least=1):
        return exists().select_from(letter).where(*counting).correlate_except(letter)
    made = select(func.count()).select_from(letter).where(*counting).correlate_except(letter)
    return often(asked.times, made.scalar_subquery())


def often(times: Times, count: ColumnElement[Any]) -> Truth:
    """Whether something that happened so often happened as often as it should."""
    bounds: list[Truth] = []
    if times.at_least is not None:
        bounds.append(count >= times.at_least)
    if times.at_most is not None:
        bounds.append(count <= times.at_most)
    if times.exactly is not None:
        bounds.append(count == times.exactly)
    return and_(true(), *bounds)


def _counting(
    asked: EventHappened, event: FromClause, start: Value | None, now: datetime, inside: Inside
) -> list[Truth]:
    """What is true of an event that counts."""
    counting: list[Truth] = [event.c.contact_id == CONTACTS.c.id, event.c.name == asked.event]
    if isinstance(asked.within, timedelta):
        counting.append(event.c.occurred_at >= now - asked.within)
    elif asked.within == "enrolment":
        counting.append(false())
    if asked.after is not None:
        counting.append(event.c.occurred_at > settled(asked.after, now))
    if asked.before is not None:
        counting.append(event.c.occurred_at < settled(asked.before, now))
    if asked.same:
        counting.append(identity(reach(event.c.properties, asked.same)) == identity(reach(start, asked.same)))
    if asked.where is not None:
        counting.append(inside(asked.where, event.c.properties))
    return counting


def _figure(name: str, path: str, event: FromClause) -> Value:
    """The figure over the events, as `rules/measures.py` says: a JSON value."""
    value = reach(event.c.properties, path)
    if value is None:
        value = literal_column("NULL::jsonb", JSONB)
    number, order = as_number(value), (event.c.occurred_at, event.c.seq)
    match name:
        case "first":
            return _foremost(value, *order)
        case "last":
            return _foremost(value, *(column.desc() for column in order))
        case "sum":
            return _json(func.coalesce(func.sum(number), 0))
        case "avg":
            whole = func.div(func.sum(number) * _power(AVERAGE_DECIMALS), func.nullif(func.count(number), 0))
            return _json(whole * _power(-AVERAGE_DECIMALS))
        case "min":
            return _json(func.min(number))
        case "max":
            return _json(func.max(number))
        case _:
            raise AssertionError(name)


def _foremost(value: Value, *order: ColumnElement[Any]) -> Value:
    gathered = func.jsonb_agg(value, type_=JSONB).aggregate_order_by(*order)
    return present(gathered.op("->", return_type=JSONB())(literal_column("0")))


def _power(exponent: int) -> ColumnElement[Any]:
    return cast(literal(f"1e{exponent}", Text), Numeric)


def _json(number: ColumnElement[Any]) -> Value:
    return func.to_jsonb(cast(number, Numeric), type_=JSONB)
