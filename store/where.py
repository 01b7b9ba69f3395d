"""A condition as SQL over `contacts`: the same truth as `rules/holds.py`, asked of all contacts at once.

The type mismatches are settled in `rules/values.py`. Every expression made here is true or false and never NULL, so
that `not` turns it round.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, assert_never

from sqlalchemy import ColumnElement, and_, exists, false, func, not_, or_, select, true

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
from store.comparing import Truth, compares, reach
from store.counting import happened, read
from store.tables import CONSENTS, CONTACTS, ENROLMENTS


def where(condition: Condition, named: Named, now: datetime) -> Truth:
    """Which contacts the condition holds of. Raises Circle when segments refer to each other in a circle.

    Nobody is inside a run here: outside of an event's `where` there are no properties, and nothing is since the
    enrolment. Use it in a statement that selects from, updates or deletes `contacts`.
    """
    return _Asked(named, now).of(condition)


@dataclass(frozen=True)
class _Asked:
    """What a condition is asked in. `start`: the properties of the event that it is about."""

    named: Named
    now: datetime
    start: ColumnElement[Any] | None = None
    trail: tuple[str, ...] = ()

    def of(self, condition: Condition) -> Truth:
        match condition:
            case All(all=parts):
                return and_(true(), *map(self.of, parts))
            case AnyOf(any=parts):
                return or_(false(), *map(self.of, parts))
            case Not(not_=part):
                return not_(self.of(part))
            case TraitIs(trait=path):
                return compares(condition, reach(CONTACTS.c.traits, path), self.now)
            case PropertyIs(property=path):
                return compares(condition, reach(self.start, path), self.now)
            case EventHappened():
                return self._happened(condition)
            case SegmentIs(segment=name):
                asked = self.named.segments.get(name)
                return false() if asked is None else self._inside(segment(name)).of(asked)
            case TopicIs(topic=topic, subscribed=wanted):
                return _subscribed(topic) if wanted else not_(_subscribed(topic))
            case StageIs(stage=wanted):
                return self._at(wanted)
            case InJourney():
                return self._stayed(condition)
            case LetterWas():
                return read(condition, self.now)
            case _:
                assert_never(condition)

    def _happened(self, asked: EventHappened) -> Truth:
        def inside(condition: Condition, properties: ColumnElement[Any]) -> Truth:
            return replace(self, start=properties).of(condition)

        return happened(asked, self.start, self.now, inside)

    def _inside(self, name: str) -> "_Asked":
        return replace(self, start=None, trail=looked_into(self.trail, name))

    def _at(self, wanted: Iterable[str]) -> Truth:
        deeper = self._inside(LIFECYCLE)
        earlier, ways = list[Truth](), list[Truth]()
        for stage in self.named.stages:
            here = true() if stage.when is None else deeper.of(stage.when)
            if stage.stage in wanted:
                ways.append(and_(here, *map(not_, earlier)))
            earlier.append(here)
        return or_(false(), *ways)

    def _stayed(self, asked: InJourney) -> Truth:
        stay = ENROLMENTS.alias()
        counting = [stay.c.contact_id == CONTACTS.c.id, stay.c.journey == asked.in_journey]
        if asked.within is not None:
            counting.append(stay.c.started_at >= self.now - asked.within)
        elif not asked.ever:
            counting.append(stay.c.ended_at.is_(None))
        return exists().select_from(stay).where(*counting).correlate_except(stay)


def _subscribed(topic: str) -> Truth:
    said = CONSENTS.alias()
    latest = (
        select(said.c.granted)
        .where(said.c.contact_id == CONTACTS.c.id, said.c.topic.in_((topic, "*")))
        .order_by(said.c.id.desc())
        .limit(1)
        .correlate_except(said)
    )
    return func.coalesce(latest.scalar_subquery(), false())
