"""What is kept current for each contact: who is in which segment, at which stage, and which date comes next. Pure."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from rules.conditions import Condition
from rules.dates import Occurrence, next_occurrence
from rules.facts import Facts, Named
from rules.flips import flips
from rules.holds import holds
from rules.names import EVERY_TRAIT, SUBSCRIBED, TRAITS_CHANGED, UNSUBSCRIBED
from rules.needs import Needs, needs, together
from rules.policies import Stage
from rules.spans import Spans, spans, stage_spans
from rules.triggers import OnDate

_INSTANT = timedelta(microseconds=1)
_TELL_TOPICS = frozenset({SUBSCRIBED, UNSUBSCRIBED, TRAITS_CHANGED})

_LATE_AT_MOST = 100
"""So many dates of one contact that came while nobody looked are made up for."""


@dataclass(frozen=True)
class Change:
    """What changed for a contact: the names of events that happened, and of traits that came with them.

    `since` is when the first of these events was received. `backfill`: all of them were imported, and are no occasion.
    """

    contact: UUID
    events: frozenset[str] = frozenset()
    traits: frozenset[str] = frozenset()
    stays: bool = False
    letters: bool = False
    since: datetime | None = None
    backfill: bool = False

    def meets(self, asked: Needs) -> bool:
        """Whether what is asked for may have changed."""
        return (
            EVERY_TRAIT in self.traits
            or not self.events.isdisjoint(asked.events)
            or not self.traits.isdisjoint(asked.traits)
            or (asked.topics and not self.events.isdisjoint(_TELL_TOPICS))
            or (asked.stays and self.stays)
            or (asked.letters and self.letters)
        )


def together_by_contact(changes: Iterable[Change]) -> dict[UUID, Change]:
    """One change for each contact."""
    whole: dict[UUID, Change] = {}
    for each in changes:
        known = whole.get(each.contact)
        whole[each.contact] = each if known is None else _both(known, each)
    return whole


def _both(one: Change, other: Change) -> Change:
    return Change(
        one.contact,
        one.events | other.events,
        one.traits | other.traits,
        one.stays or other.stays,
        one.letters or other.letters,
        min((since for since in (one.since, other.since) if since is not None), default=None),
        one.backfill and other.backfill,
    )


# What is kept is compared by identity: to compare whole conditions would cost more than to look at a contact.
@dataclass(frozen=True, eq=False)
class KeptSegment:
    """Who is in this segment is known, and told when it changes.

    `vacuous`: it holds, or comes to hold by time alone, of somebody of whom nothing is known. `spans`: how time alone
    can change it.
    """

    name: str
    condition: Condition
    needs: Needs
    vacuous: bool
    spans: Spans


@dataclass(frozen=True, eq=False)
class KeptStages:
    """The stage of the lifecycle that each contact is at is known, and told when it changes.

    `timed` are the stages whose conditions time alone can change.
    """

    stages: Sequence[Stage]
    timed: frozenset[str]
    needs: Needs
    spans: Spans
    name: str = ""
    vacuous: bool = True


@dataclass(frozen=True, eq=False)
class KeptDate:
    """The next date that starts this journey is known, and told when it comes. `number` counts its date triggers."""

    journey: str
    number: int
    trigger: OnDate
    needs: Needs
    vacuous: bool = False

    @property
    def name(self) -> str:
        """What its due rows are called."""
        return f"{self.journey}#{self.number}"


Kept = KeptSegment | KeptStages | KeptDate


def kept_segment(name: str, named: Named) -> KeptSegment:
    """A segment, ready to be kept. Raises Circle."""
    condition = named.segments[name]
    nothing = Facts(now=datetime(2000, 1, 1, tzinfo=UTC), named=named)
    vacuous = holds(condition, nothing) or flips(condition, nothing) is not None
    return KeptSegment(name, condition, needs(condition, named), vacuous, spans(condition, named))


def kept_stages(named: Named) -> KeptStages:
    """The lifecycle, ready to be kept. Raises Circle."""
    conditions = {stage.stage: stage.when for stage in named.stages if stage.when is not None}
    asked = together(needs(each, named) for each in conditions.values())
    timed = frozenset(name for name, each in conditions.items() if spans(each, named) != frozenset())
    return KeptStages(named.stages, timed, asked, stage_spans(named))


def kept_dates(journey: str, triggers: Iterable[object]) -> Iterator[KeptDate]:
    """The triggers of dates among a journey's triggers, ready to be kept."""
    dates = (trigger for trigger in triggers if isinstance(trigger, OnDate))
    for number, trigger in enumerate(dates):
        yield KeptDate(journey, number, trigger, Needs(traits=frozenset({trigger.date.split(".")[0], "timezone"})))


def segment_of(kept: KeptSegment, facts: Facts) -> tuple[bool, datetime | None]:
    """Whether the contact is in the segment, and the next instant at which time alone can change that."""
    return holds(kept.condition, facts), None if kept.spans == frozenset() else flips(kept.condition, facts)


def stage_of(kept: KeptStages, facts: Facts) -> tuple[str, datetime | None]:
    """The first stage whose condition holds, and the next instant at which time alone can change that."""
    until: datetime | None = None
    for stage in kept.stages:
        if stage.when is None:
            return stage.stage, until
        if stage.stage in kept.timed:
            until = min(filter(None, (until, flips(stage.when, facts))), default=None)
        if holds(stage.when, facts):
            return stage.stage, until
    raise ValueError("the last stage of a lifecycle is for everybody")


@dataclass(frozen=True)
class Dates:
    """The dates that have come, and the one that comes next."""

    come: Sequence[Occurrence]
    next: Occurrence | None


def dates_of(kept: KeptDate, due: Occurrence | None, traits: Mapping[str, Any], now: datetime, shop: tzinfo) -> Dates:
    """What has come since `due` was noted as the next date, if by what is known now it still is one."""
    zone = zone_of(traits.get("timezone")) or shop
    come: list[Occurrence] = []
    each = next_occurrence(kept.trigger, traits, due.at - _INSTANT, zone) if due is not None else None
    if each == due:
        while each is not None and each.at <= now and len(come) < _LATE_AT_MOST:
            come.append(each)
            each = next_occurrence(kept.trigger, traits, each.at, zone)
    return Dates(come, next_occurrence(kept.trigger, traits, now, zone))


def zone_of(name: object) -> ZoneInfo | None:
    """The zone of this name; None when there is none, since shops send what they like."""
    try:
        return ZoneInfo(name) if isinstance(name, str) else None
    except (LookupError, OSError, ValueError):
        return None
