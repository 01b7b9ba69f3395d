"""How time alone can change a condition, told of the condition and not of one contact: the coarse sister of `flips`."""

from dataclasses import dataclass
from datetime import timedelta
from typing import assert_never

from rules.conditions import (
    All,
    AnyOf,
    Comparison,
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
from rules.instants import Relative

_TICK = timedelta(microseconds=1)
"""Moments are kept to the microsecond: it is the first instant after a bound that is still inside."""


@dataclass(frozen=True)
class Span:
    """So long after an event of this name, the truth may be another."""

    event: str
    after: timedelta


Spans = frozenset[Span] | None
"""Every way in which time can change a condition; None: there are others than spans after events."""

_NONE: frozenset[Span] = frozenset()


def spans(condition: Condition, named: Named) -> Spans:
    """All spans after which the truth may change. To be asked only of conditions that meet no circle."""
    match condition:
        case All(all=parts) | AnyOf(any=parts):
            return _together(*(spans(part, named) for part in parts))
        case Not(not_=part):
            return spans(part, named)
        case TraitIs() | PropertyIs():
            return None if _moves(condition) else _NONE
        case EventHappened():
            return _happened(condition, named)
        case SegmentIs(segment=name):
            return spans(named.segments[name], named) if name in named.segments else _NONE
        case StageIs():
            return stage_spans(named)
        case InJourney(within=within) | LetterWas(within=within):
            return None if within is not None else _NONE
        case TopicIs():
            return _NONE
        case _:
            assert_never(condition)


def stage_spans(named: Named) -> Spans:
    """All spans after which a contact may be at another stage."""
    return _together(*(spans(stage.when, named) for stage in named.stages if stage.when is not None))


def _together(*several: Spans) -> Spans:
    whole = _NONE
    for each in several:
        if each is None:
            return None
        whole |= each
    return whole


def _happened(asked: EventHappened, named: Named) -> Spans:
    if any(_moves(measure) for _, measure in asked.measures):
        return None
    afters = set[timedelta]()
    if isinstance(asked.within, timedelta):
        afters.add(asked.within + _TICK)
    if isinstance(asked.before, Relative):
        afters.add(_TICK - asked.before.offset)
    if isinstance(asked.after, Relative):
        afters.add(-asked.after.offset)
    own = frozenset(Span(asked.event, after) for after in afters)
    return _together(own, spans(asked.where, named)) if asked.where is not None else own


def _moves(comparison: Comparison) -> bool:
    return isinstance(comparison.before, Relative) or isinstance(comparison.after, Relative)
