"""Everything in a definition that the checks ask about, each thing with its place in the file."""

from collections.abc import Iterator
from typing import Any, Generic, TypeVar

from pydantic import BaseModel

from rules.conditions import (
    All,
    AnyOf,
    Condition,
    EventHappened,
    InJourney,
    LetterWas,
    Not,
    PropertyIs,
    SegmentIs,
    StageIs,
    TopicIs,
    TraitIs,
)
from rules.matches import EventMatch
from rules.mistakes import Path
from rules.steps import Step
from rules.triggers import OnEvent

CONDITIONS = (
    All,
    AnyOf,
    Not,
    TraitIs,
    PropertyIs,
    EventHappened,
    SegmentIs,
    TopicIs,
    StageIs,
    InJourney,
    LetterWas,
)
"""Every form of condition."""

Thing = TypeVar("Thing")
Whole = TypeVar("Whole", bound=BaseModel)
Placed = Iterator[tuple[Path, Thing]]


class Places(Generic[Whole]):
    """A definition and all that it is made of, walked through once, the outer before the inner."""

    def __init__(self, whole: Whole) -> None:
        self.whole = whole
        self.all = tuple(_within(whole, ()))

    def of(self, *kinds: type[Thing]) -> Placed[Thing]:
        """Everything that is of these kinds."""
        return ((path, thing) for path, thing in self.all if isinstance(thing, kinds))

    def steps(self) -> Placed[Step]:
        """Every step."""
        return self.of(Step)

    def matches(self) -> Placed[EventMatch]:
        """Every match by which a run listens, or its goal is known."""
        return self.of(EventMatch)

    def wheres(self) -> Placed[Condition]:
        """Every condition that is asked of one event's properties."""
        for path, asking in self.all:
            if isinstance(asking, OnEvent | EventMatch | EventHappened) and asking.where is not None:
                yield (*path, "where"), asking.where


def inside(condition: Condition, path: Path) -> Placed[Condition]:
    """The condition and those that it joins; not those in its `where`."""
    yield path, condition
    match condition:
        case All(all=parts) | AnyOf(any=parts):
            key = "all" if isinstance(condition, All) else "any"
            for number, part in enumerate(parts):
                yield from inside(part, (*path, key, number))
        case Not(not_=part):
            yield from inside(part, (*path, "not"))
        case _:
            pass


def _within(value: Any, path: Path) -> Placed[BaseModel]:
    if isinstance(value, BaseModel):
        yield path, value
        for name, field in type(value).model_fields.items():
            if isinstance(inner := getattr(value, name), BaseModel | tuple):
                yield from _within(inner, (*path, field.alias or name))
    elif isinstance(value, tuple):
        for number, item in enumerate(value):
            yield from _within(item, (*path, number))
