"""Segments and the stages of the lifecycle, for operators: how many people are where, who they are, how they move."""

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from api.dependencies import Door, admin
from api.errors import NotFoundError, documented
from store import reports, segments, stages
from store.segments import Standing

router = APIRouter(
    tags=["Admin"],
    dependencies=[Depends(admin)],
    responses=documented(HTTPStatus.UNAUTHORIZED, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
)
_MISSING = documented(HTTPStatus.NOT_FOUND)
Limit = Annotated[int, Query(ge=1, le=1000, description="Rows of a page.")]
Days = Annotated[int, Query(ge=1, le=3650, description="How many days are looked back.")]


class SegmentAnswer(BaseModel):
    """A segment. Until `filled_at`, it has been filled in for `seen` of `contacts`, and `size` still grows."""

    name: str = Field(examples=["one-time-buyers"])
    title: str = Field(examples=["Ordered once, and did not come back to look"])
    size: int = Field(examples=[1204])
    published_at: datetime
    seen: int = Field(examples=[50_000])
    contacts: int = Field(examples=[50_000])
    filled_at: datetime | None

    @classmethod
    def of(cls, standing: Standing) -> "SegmentAnswer":
        """The answer out of what is kept."""
        return cls.model_validate(asdict(standing))


class SegmentDefinitionAnswer(SegmentAnswer):
    """A segment with its definition, as its file says it."""

    definition: dict[str, Any] = Field(
        examples=[{"segment": "buyers", "title": "Buyers", "when": {"event": "Order Completed"}}]
    )


class MemberAnswer(BaseModel):
    """A contact in a segment."""

    contact: UUID
    since: datetime


class MembersAnswer(BaseModel):
    """A page of members in the order of their ids. `next` goes into `after`; null: that was the last page."""

    items: list[MemberAnswer]
    next: UUID | None = None


class InAnswer(BaseModel):
    """A segment that a contact is in."""

    segment: str = Field(examples=["one-time-buyers"])
    since: datetime


class StandingAnswer(BaseModel):
    """Where a contact stands: its stage (null: not computed yet, or there are no stages) and its segments."""

    contact: UUID
    stage: str | None = Field(examples=["first-time"])
    since: datetime | None
    segments: list[InAnswer]


class MoveAnswer(BaseModel):
    """How often contacts went to this stage; `rate`: the part of all who were at the stage in that while."""

    to: str = Field(examples=["repeat"])
    moves: int = Field(examples=[120])
    contacts: int = Field(examples=[118])
    rate: float | None = Field(examples=[0.24])


class StageAnswer(BaseModel):
    """A stage of the lifecycle: who is there now, who came and went, and where they went."""

    stage: str = Field(examples=["first-time"])
    title: str = Field(examples=["Has ordered once"])
    contacts: int = Field(examples=[380])
    arrived: int = Field(examples=[210])
    left: int = Field(examples=[160])
    moves: list[MoveAnswer]


@router.get("/v1/admin/segments", summary="List segments")
async def listed(door: Door) -> list[SegmentAnswer]:
    """Every segment in force, with its size and how far it is filled in."""
    async with door.database.transaction() as session:
        return [SegmentAnswer.of(each) for each in await segments.every(session)]


@router.get("/v1/admin/segments/{name}", summary="Show a segment", responses=_MISSING)
async def shown(name: str, door: Door) -> SegmentDefinitionAnswer:
    """A segment with its definition."""
    async with door.database.transaction() as session:
        standing, definition = await segments.one(session, name), await segments.definition(session, name)
    if standing is None:
        raise NotFoundError("there is no such segment")
    return SegmentDefinitionAnswer.model_validate(asdict(standing) | {"definition": definition})


@router.get("/v1/admin/segments/{name}/members", summary="List a segment's members", responses=_MISSING)
async def members(
    name: str,
    door: Door,
    limit: Limit = 100,
    after: Annotated[UUID | None, Query(description="`next` of the page before.")] = None,
) -> MembersAnswer:
    """Who is in a segment, as it was kept last: at most a few seconds ago for changes that time alone makes."""
    async with door.database.transaction() as session:
        if await segments.one(session, name) is None:
            raise NotFoundError("there is no such segment")
        rows = await segments.page(session, name, after, limit + 1)
    items = [MemberAnswer(contact=row.contact, since=row.since) for row in rows[:limit]]
    return MembersAnswer(items=items, next=items[-1].contact if len(rows) > limit else None)


@router.get("/v1/admin/contacts/{contact}/segments", summary="Show a contact's stage and segments", responses=_MISSING)
async def of_contact(contact: UUID, door: Door) -> StandingAnswer:
    """Where a contact stands; when it was merged, the contact that it became."""
    async with door.database.transaction() as session:
        known = await reports.contact(session, contact)
        at = await stages.of_contact(session, known.id) if known is not None else None
        if known is None or at is None:
            raise NotFoundError("there is no such contact")
        inside = await segments.of_contact(session, known.id)
    within = [InAnswer(segment=each.segment, since=each.since) for each in inside]
    return StandingAnswer(contact=known.id, stage=at.stage, since=at.since, segments=within)


@router.get("/v1/admin/stages", summary="Show the lifecycle's funnel")
async def funnel(door: Door, days: Days = 30) -> list[StageAnswer]:
    """Every stage in its order: how many are there, and how people moved in the last days."""
    async with door.database.transaction() as session:
        figures = await stages.funnel(session, datetime.now(UTC) - timedelta(days=days))
    return [
        StageAnswer(
            stage=each.stage,
            title=each.title,
            contacts=each.contacts,
            arrived=each.arrived,
            left=each.left,
            moves=[
                MoveAnswer(to=move.to, moves=move.moves, contacts=move.contacts, rate=each.rate(move))
                for move in each.moves
            ],
        )
        for each in figures
    ]
