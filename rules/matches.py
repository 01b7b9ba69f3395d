"""Events that count: by name, by what their properties say, and by the order that they belong to."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from rules.conditions import Condition
from rules.definition import Definition, EventName, OneOrMany, Same


def listed(value: Any) -> Any:
    """A list of one may be written without being a list."""
    return value if isinstance(value, list | tuple) else [value]


def named(value: Any) -> Any:
    """An event may be written as its name alone."""
    return [{"event": item} if isinstance(item, str) else item for item in listed(value)]


EventNames = Annotated[tuple[EventName, ...], BeforeValidator(listed), Field(min_length=1), OneOrMany()]


class EventMatch(Definition):
    """Events that count here: any of the names, passing `where`, and of the same order as the run's if `same` asks."""

    event: EventNames
    where: Condition | None = None
    same: Same = None


EventMatches = Annotated[tuple[EventMatch, ...], BeforeValidator(named), OneOrMany(text=True)]
