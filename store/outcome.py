"""What a look at contacts has found: who enters and leaves, who is at another stage, which dates have come."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import assert_never
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from rules.dates import Occurrence
from rules.facts import Facts
from rules.names import DATE_REACHED, SEGMENT_ENTERED, SEGMENT_LEFT, STAGE_CHANGED
from rules.upkeep import Kept, KeptDate, KeptSegment, KeptStages, dates_of, segment_of, stage_of
from store import due, segments, stages
from store.announcing import Announcement, announce
from store.due import Instant, Key
from store.fills import DATE, SEGMENT, STAGE
from store.knowledge import Knowledge
from store.segments import Pair


@dataclass(frozen=True)
class Person:
    """A contact that is looked at, and the stage that is kept of it."""

    created_at: datetime
    stage: str | None


@dataclass(frozen=True)
class Tally:
    """How many entered and left segments, changed their stage, and came to a date; all of them, announced or not."""

    entered: int = 0
    left: int = 0
    moved: int = 0
    dates: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(
            self.entered + other.entered,
            self.left + other.left,
            self.moved + other.moved,
            self.dates + other.dates,
        )


def kind_of(kept: Kept) -> str:
    """The kind of its due rows."""
    match kept:
        case KeptSegment():
            return SEGMENT
        case KeptStages():
            return STAGE
        case KeptDate():
            return DATE
        case _:
            assert_never(kept)


_ORDER = (SEGMENT_LEFT, SEGMENT_ENTERED, STAGE_CHANGED, DATE_REACHED)


def _place(announcement: Announcement) -> tuple[int, str]:
    return _ORDER.index(announcement.name), announcement.message_id


class Outcome:
    """Gathers what was found of locked contacts, and writes all of it at once."""

    def __init__(
        self,
        knowledge: Knowledge,
        now: datetime,
        people: Mapping[UUID, Person],
        members: set[Pair],
        known: Mapping[Key, Instant],
    ) -> None:
        self._knowledge = knowledge
        self._now = now
        self._people = people
        self._members = members
        self._known = known
        self._due: dict[Key, Instant | None] = {}
        self._entered: list[Pair] = []
        self._left: list[Pair] = []
        self._stages: dict[UUID, str] = {}
        self._announced: list[Announcement] = []
        self._dates = 0

    @classmethod
    async def begin(
        cls, session: AsyncSession, knowledge: Knowledge, now: datetime, people: Mapping[UUID, Person]
    ) -> "Outcome":
        """An outcome for these contacts, with what is kept of them."""
        return cls(knowledge, now, people, await segments.members(session, people), await due.of(session, people))

    def look(self, kept: Kept, contact: UUID, facts: Facts, *, silent: bool) -> None:
        """Compare what is kept with the truth."""
        known = self._knowledge.reached(kept, contact, self._people[contact].created_at)
        told = known and not silent
        match kept:
            case KeptSegment():
                self._segment(kept, contact, facts, told=told)
            case KeptStages():
                self._stage(kept, contact, facts, told=told)
            case KeptDate():
                self._date(kept, contact, facts)
            case _:
                assert_never(kept)

    def _segment(self, kept: KeptSegment, contact: UUID, facts: Facts, *, told: bool) -> None:
        (inside, until), was = segment_of(kept, facts), (kept.name, contact) in self._members
        if inside != was:
            (self._entered if inside else self._left).append((kept.name, contact))
        if inside != was and told:
            name, word = (SEGMENT_ENTERED, "entered") if inside else (SEGMENT_LEFT, "left")
            self._tell(f"segment/{kept.name}/{word}", contact, name, {"segment": kept.name})
        self._next(SEGMENT, kept.name, contact, until)

    def _stage(self, kept: KeptStages, contact: UUID, facts: Facts, *, told: bool) -> None:
        (stage, until), was = stage_of(kept, facts), self._people[contact].stage
        if stage != was:
            self._stages[contact] = stage
        if stage != was and told:
            origin = {"from": was} if was is not None else {}
            self._tell(f"stage/{stage}", contact, STAGE_CHANGED, {**origin, "to": stage})
        self._next(STAGE, "", contact, until)

    def _next(self, kind: str, name: str, contact: UUID, at: datetime | None) -> None:
        self._due[kind, name, contact] = Instant(at) if at is not None else None

    def _date(self, kept: KeptDate, contact: UUID, facts: Facts) -> None:
        key = (DATE, kept.name, contact)
        noted = self._known.get(key)
        expected = Occurrence(noted.at, date.fromisoformat(noted.day)) if noted and noted.day else None
        dates = dates_of(kept, expected, facts.traits, self._now, self._knowledge.zone)
        for each in dates.come:
            day = each.day.isoformat()
            told_of = {"journey": kept.journey, "trait": kept.trigger.date, "date": day}
            message = f"date/{kept.name}/{contact}/{day}"
            self._announced.append(Announcement(message, contact, DATE_REACHED, each.at, told_of))
        self._dates += len(dates.come)
        self._due[key] = Instant(dates.next.at, dates.next.day.isoformat()) if dates.next is not None else None

    def _tell(self, what: str, contact: UUID, name: str, properties: Mapping[str, str]) -> None:
        message = f"{what}/{contact}/{self._now.isoformat()}"
        self._announced.append(Announcement(message, contact, name, self._now, properties))

    async def write(self, session: AsyncSession) -> Tally:
        """Write down what was found, and announce it: first what ended, then what began."""
        await segments.leave(session, self._left)
        await segments.enter(session, self._entered, self._now)
        await stages.move(session, self._stages, self._now)
        await due.change(session, self._known, self._due)
        await announce(session, sorted(self._announced, key=_place))
        return Tally(len(self._entered), len(self._left), len(self._stages), self._dates)
