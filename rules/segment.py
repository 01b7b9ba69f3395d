"""A segment as its author writes it: a named condition over contacts. One file of `segments/`."""

from pydantic import Field

from rules.conditions import Condition
from rules.definition import Definition, Slug


class Segment(Definition):
    """A named condition over contacts. Entering and leaving it are events."""

    segment: Slug
    title: str = Field(min_length=1, max_length=120)
    when: Condition
