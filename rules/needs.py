"""What must be known of a contact to tell whether a condition holds, so that nothing else is fetched."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import assert_never

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
from rules.facts import Named
from rules.references import LIFECYCLE, looked_into, segment

_EMPTY = Named()


@dataclass(frozen=True)
class Needs:
    """Names of events, first parts of the paths of traits, and whether topics, enrolments and letters are asked for."""

    events: frozenset[str] = frozenset()
    traits: frozenset[str] = frozenset()
    topics: bool = False
    stays: bool = False
    letters: bool = False

    def __or__(self, other: "Needs") -> "Needs":
        return Needs(
            self.events | other.events,
            self.traits | other.traits,
            self.topics or other.topics,
            self.stays or other.stays,
            self.letters or other.letters,
        )


def together(several: Iterable[Needs]) -> Needs:
    """All that any of them needs."""
    whole = Needs()
    for each in several:
        whole |= each
    return whole


def needs(condition: Condition, named: Named = _EMPTY) -> Needs:
    """What the condition asks for, through the segments and stages that it refers to. Raises Circle."""
    return _needs(condition, named, ())


def _needs(condition: Condition, named: Named, trail: tuple[str, ...]) -> Needs:
    match condition:
        case All(all=parts) | AnyOf(any=parts):
            return together(_needs(part, named, trail) for part in parts)
        case Not(not_=part):
            return _needs(part, named, trail)
        case TraitIs(trait=path):
            return Needs(traits=frozenset({path.split(".")[0]}))
        case PropertyIs():
            return Needs()
        case EventHappened(event=name, where=where):
            return Needs(events=frozenset({name})) | (_needs(where, named, trail) if where is not None else Needs())
        case SegmentIs(segment=name):
            asked = named.segments.get(name)
            return Needs() if asked is None else _needs(asked, named, looked_into(trail, segment(name)))
        case StageIs():
            deeper = looked_into(trail, LIFECYCLE)
            return together(_needs(stage.when, named, deeper) for stage in named.stages if stage.when is not None)
        case TopicIs():
            return Needs(topics=True)
        case InJourney():
            return Needs(stays=True)
        case LetterWas(event=event):
            return Needs(letters=True) if event is None else Needs(events=frozenset({event}))
        case _:
            assert_never(condition)


def refers(condition: Condition) -> bool:
    """Whether the condition refers to segments or stages, so that these must be known before it is asked."""
    match condition:
        case All(all=parts) | AnyOf(any=parts):
            return any(map(refers, parts))
        case Not(not_=part):
            return refers(part)
        case EventHappened(where=where):
            return where is not None and refers(where)
        case SegmentIs() | StageIs():
            return True
        case TraitIs() | PropertyIs() | TopicIs() | InJourney() | LetterWas():
            return False
        case _:
            assert_never(condition)


def reads(condition: Condition) -> frozenset[str]:
    """The paths of the event properties that the condition looks at, in `where`, in `same` and in figures too."""
    match condition:
        case All(all=parts) | AnyOf(any=parts):
            return frozenset[str]().union(*map(reads, parts))
        case Not(not_=part):
            return reads(part)
        case PropertyIs(property=path):
            return frozenset({path})
        case EventHappened(where=where, same=path, measures=measures):
            figures = frozenset(measure.property for _, measure in measures)
            return figures | (frozenset({path}) if path else frozenset()) | (reads(where) if where else frozenset())
        case LetterWas(was="opened" | "clicked"):
            return frozenset({"letter"})
        case TraitIs() | SegmentIs() | TopicIs() | StageIs() | InJourney() | LetterWas():
            return frozenset()
        case _:
            assert_never(condition)
