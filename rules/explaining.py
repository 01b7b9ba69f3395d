"""Why a condition holds or not: each part in words, whether it held, and the value that it was asked of."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from itertools import islice
from typing import Any, Final, assert_never

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
from rules.facts import Facts
from rules.holds import counted, holds, inside, read, stage_of
from rules.measures import figure
from rules.phrases import words
from rules.references import segment
from rules.values import MISSING, reach

MOST: Final = 30
"""As many parts are told of one condition."""

_LONGEST_TEXT, _MOST_ELEMENTS, _DEEPEST, _BITS = 200, 10, 3, 64


@dataclass(frozen=True)
class Finding:
    """One part of a condition: in words, whether it held, and the value that it was asked of, as JSON (None: none).

    `through` names the segments by which the condition came to ask it, the outermost first.
    """

    words: str
    held: bool
    value: Any
    through: tuple[str, ...] = ()

    def __str__(self) -> str:
        way = f" (in the segment {' > '.join(self.through)})" if self.through else ""
        return f"{self.words}{way}: {'yes' if self.held else 'no'}, {_said(self.value)}"

    def as_data(self) -> dict[str, Any]:
        """Plain data, to keep with a decision."""
        told = {"words": self.words, "held": self.held, "value": self.value}
        return {**told, "through": list(self.through)} if self.through else told


def findings(condition: Condition, facts: Facts) -> list[Finding]:
    """Every part of the condition, whether or not it decided, up to MOST of them. Raises Circle."""
    return list(islice(_findings(condition, facts), MOST))


def decisive(condition: Condition, facts: Facts) -> Finding:
    """The part on which the truth of the condition rests: the first that fails, or that lets it hold. Raises Circle."""
    match condition:
        case All(all=parts):
            return decisive(next((part for part in parts if not holds(part, facts)), parts[0]), facts)
        case AnyOf(any=parts):
            return decisive(next((part for part in parts if holds(part, facts)), parts[0]), facts)
        case Not(not_=part):
            return decisive(part, facts)
        case SegmentIs(segment=name) if name in facts.named.segments:
            return _through(name, decisive(facts.named.segments[name], inside(facts, segment(name))))
        case _:
            return _finding(condition, facts)


def _findings(condition: Condition, facts: Facts) -> Iterator[Finding]:
    match condition:
        case All(all=parts) | AnyOf(any=parts):
            for part in parts:
                yield from _findings(part, facts)
        case Not(not_=part):
            yield from _findings(part, facts)
        case SegmentIs(segment=name) if name in facts.named.segments:
            yield _finding(condition, facts)
            for found in _findings(facts.named.segments[name], inside(facts, segment(name))):
                yield _through(name, found)
        case _:
            yield _finding(condition, facts)


def _through(name: str, found: Finding) -> Finding:
    return replace(found, through=(name, *found.through))


def _finding(condition: Condition, facts: Facts) -> Finding:
    return Finding(_storable(words(condition)), holds(condition, facts), as_json(_asked(condition, facts)))


def _asked(condition: Condition, facts: Facts) -> object:
    """The value that a part of a condition is asked of."""
    match condition:
        case TraitIs(trait=path):
            return reach(facts.traits, path)
        case PropertyIs(property=path):
            return reach(facts.start, path)
        case EventHappened():
            events = counted(condition, facts)
            told = {
                f"{name} of {asked.property}": figure(name, asked.property, events)
                for name, asked in condition.measures
            }
            return {"times": len(events), **told} if told else len(events)
        case TopicIs(topic=topic):
            return facts.topics.get(topic, facts.topics.get("*"))
        case StageIs():
            return stage_of(facts)
        case InJourney(in_journey=journey):
            return max((stay.entered for stay in facts.stays if stay.journey == journey), default=None)
        case LetterWas():
            return len(read(condition, facts))
        case SegmentIs() | All() | AnyOf() | Not():
            return None
        case _:
            assert_never(condition)


def as_json(value: object, depth: int = 0) -> Any:
    """The value as JSON that is short enough to keep."""
    match value:
        case None | bool() | float():
            return value
        case int():
            # Programs read no greater numbers, and so neither can decisions be written down with them.
            return value if value.bit_length() < _BITS else f"{Decimal(value):.15G}"
        case Decimal():
            return as_json(int(value)) if value == value.to_integral_value() else float(value)
        case str():
            return _storable(value if len(value) <= _LONGEST_TEXT else f"{value[:_LONGEST_TEXT]}…")
        case datetime() | date():
            return value.isoformat()
        case Mapping() if depth < _DEEPEST:
            return {
                _storable(str(key)): as_json(each, depth + 1) for key, each in islice(value.items(), _MOST_ELEMENTS)
            }
        case Sequence() if depth < _DEEPEST:
            return [as_json(each, depth + 1) for each in value[:_MOST_ELEMENTS]]
        case _:
            return None if value is MISSING else "…"


def _storable(told: str) -> str:
    """Text that a database takes: authors may write what it does not, such as U+0000."""
    return told.encode(errors="replace").decode().replace("\0", "�")


def _said(value: Any) -> str:
    return "there is none" if value is None else f"it is {json.dumps(value, ensure_ascii=False)}"
