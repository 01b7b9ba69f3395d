"""Upkeep wholesale: the truth of a segment, or the stages, of all contacts between two ids, in a few statements.

What falls due is noted coarsely: the first instant at which any window of the condition closes. Whoever looks then
finds out whether it changes anything, and notes the next instant exactly.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, Table, and_, case, delete, func, insert, literal, select, update
from sqlalchemy.dialects.postgresql import insert as insert_or_not
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

from rules.facts import Named
from rules.spans import Span
from rules.upkeep import KeptSegment, KeptStages
from store.fills import SEGMENT, STAGE
from store.tables import CONTACTS, EVENTS
from store.where import where

_MEMBERSHIPS: Table = SQLModel.metadata.tables["memberships"]
_DUE: Table = SQLModel.metadata.tables["due"]
_FAR = 9_999
"""The last year of Python's calendar; PostgreSQL's is longer."""


@dataclass(frozen=True)
class Stretch:
    """Contacts behind an id (None: from the first one on), up to another, at a moment."""

    after: UUID | None
    to: UUID
    now: datetime
    named: Named

    def within(self, column: ColumnElement[UUID]) -> ColumnElement[bool]:
        """Whether the id in this column is one of theirs."""
        upper = column <= self.to
        return upper if self.after is None else and_(column > self.after, upper)

    @property
    def people(self) -> ColumnElement[bool]:
        """The contacts themselves."""
        return and_(self.within(CONTACTS.c.id), CONTACTS.c.merged_into.is_(None), CONTACTS.c.erased_at.is_(None))


async def lock(session: AsyncSession, stretch: Stretch) -> None:
    """Lock these contacts, in the order in which everybody locks them."""
    people = select(CONTACTS.c.id).where(stretch.people).order_by(CONTACTS.c.id)
    await session.execute(people.with_for_update(key_share=True))


async def fill_segment(session: AsyncSession, kept: KeptSegment, spans: Collection[Span], stretch: Stretch) -> None:
    """Let in and put out whom the segment's condition says. Nobody else may keep these contacts meanwhile."""
    # The truth is asked once, of all of them together: asked again for each member, it costs as much as the whole.
    truth = and_(stretch.people, where(kept.condition, stretch.named, stretch.now))
    inside = select(CONTACTS.c.id).where(truth).cte("inside")
    member = and_(_MEMBERSHIPS.c.segment == kept.name, stretch.within(_MEMBERSHIPS.c.contact_id))
    left = delete(_MEMBERSHIPS).where(member, _MEMBERSHIPS.c.contact_id.not_in(select(inside.c.id))).cte("gone")
    found = select(literal(kept.name), inside.c.id, literal(stretch.now))
    into = insert_or_not(_MEMBERSHIPS).from_select(["segment", "contact_id", "since"], found)
    await session.execute(into.on_conflict_do_nothing().add_cte(left))
    await _note_due(session, SEGMENT, kept.name, spans, stretch)


async def fill_stages(session: AsyncSession, kept: KeptStages, spans: Collection[Span], stretch: Stretch) -> None:
    """Put everybody at the first stage whose condition holds. Nobody else may keep these contacts meanwhile."""
    *named, last = kept.stages
    ways = [
        (where(each.when, stretch.named, stretch.now), literal(each.stage)) for each in named if each.when is not None
    ]
    stage = case(*ways, else_=literal(last.stage)) if ways else literal(last.stage)
    there = select(CONTACTS.c.id, stage.label("stage")).where(stretch.people).subquery()
    moved = and_(CONTACTS.c.id == there.c.id, CONTACTS.c.stage.is_distinct_from(there.c.stage))
    await session.execute(update(CONTACTS).where(moved).values(stage=there.c.stage, stage_since=stretch.now))
    await _note_due(session, STAGE, kept.name, spans, stretch)


async def _note_due(session: AsyncSession, kind: str, name: str, spans: Collection[Span], stretch: Stretch) -> None:
    stands = and_(_DUE.c.kind == kind, _DUE.c.name == name, stretch.within(_DUE.c.contact_id))
    await session.execute(delete(_DUE).where(stands))
    if not spans:
        return
    coming = [_coming(span, stretch.now) for span in sorted(spans, key=repr)]
    soonest = func.least(*coming) if len(coming) > 1 else coming[0]
    found = select(literal(kind), literal(name), CONTACTS.c.id, soonest.label("at")).where(stretch.people).subquery()
    some = select(found).where(found.c.at.is_not(None), func.date_part("year", found.c.at) < _FAR)
    await session.execute(insert(_DUE).from_select(["kind", "name", "contact_id", "at"], some))


def _coming(span: Span, now: datetime) -> ColumnElement[datetime]:
    """When the span after one of a contact's events is over next."""
    return (
        select(EVENTS.c.occurred_at + literal(span.after))
        .where(EVENTS.c.contact_id == CONTACTS.c.id, EVENTS.c.name == span.event)
        .where(EVENTS.c.occurred_at > now - span.after)
        .order_by(EVENTS.c.occurred_at)
        .limit(1)
        .correlate(CONTACTS)
        .scalar_subquery()
    )
