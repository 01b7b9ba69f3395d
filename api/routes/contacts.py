"""Contacts, for operators: who they are, what they did, which journeys they are in, and every letter, sent or not."""

from http import HTTPStatus
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from sqlalchemy.ext.asyncio import AsyncSession

from api.answers import (
    ContactAnswer,
    EnrolmentAnswer,
    EventAnswer,
    IdentityAnswer,
    MessageAnswer,
    Page,
    place,
    written,
)
from api.dependencies import Door, admin
from api.errors import InvalidError, NotFoundError, documented
from store import reports
from store.reports import ContactReport

router = APIRouter(
    prefix="/v1/admin/contacts",
    tags=["Admin"],
    dependencies=[Depends(admin)],
    responses=documented(
        HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE
    ),
)

Limit = Annotated[int, Query(ge=1, le=200, description="Rows of a page.")]
Before = Annotated[str | None, Query(max_length=200, description="`next` of the page before.")]
Named = Annotated[str | None, Query(min_length=1, max_length=256)]


@router.get("", summary="Find a contact")
async def found(
    door: Door,
    user_id: Annotated[Named, Query(alias="userId", examples=["u-1042"])] = None,
    email: Annotated[Named, Query(examples=["maja@shop.example"])] = None,
    anonymous_id: Annotated[Named, Query(alias="anonymousId")] = None,
) -> ContactAnswer:
    """The contact who has this user id, e-mail address or anonymous id."""
    told = {"user": user_id, "email": email and email.lower(), "anonymous": anonymous_id}
    names = [(kind, value) for kind, value in told.items() if value]
    if len(names) != 1 or "\x00" in names[0][1]:
        raise InvalidError("1 field cannot be taken", (("userId", "give one of userId, email and anonymousId"),))
    async with door.database.transaction() as session:
        contact_id = await reports.contact_named(session, *names[0])
        if contact_id is None:
            raise NotFoundError("there is no such contact")
        return _answer(await _known(session, contact_id))


@router.get("/{contact}", summary="Show a contact")
async def shown(contact: UUID, door: Door) -> ContactAnswer:
    """A contact; when it was merged, the contact that it became."""
    async with door.database.transaction() as session:
        return _answer(await _known(session, contact))


@router.get("/{contact}/enrolments", summary="List a contact's enrolments")
async def enrolments(contact: UUID, door: Door, limit: Limit = 50, before: Before = None) -> Page[EnrolmentAnswer]:
    """The journeys that a contact is or was in, the latest first, each with its page in the Temporal UI."""
    async with door.database.transaction() as session:
        known = await _known(session, contact)
        rows = await reports.enrolments(session, known.id, limit + 1, place(before))
    items = [EnrolmentAnswer.of(row, door) for row in rows[:limit]]
    return Page(items=items, next=written(items[-1].started_at, items[-1].id) if len(rows) > limit else None)


@router.get("/{contact}/events", summary="List a contact's events")
async def events(
    contact: UUID,
    door: Door,
    limit: Limit = 50,
    before: Annotated[int | None, Query(ge=0, le=2**63 - 1, description="`next` of the page before.")] = None,
) -> Page[EventAnswer]:
    """What a contact did, the latest first, each event with the runs that it started in the Temporal UI."""
    async with door.database.transaction() as session:
        known = await _known(session, contact)
        rows = await reports.events(session, known.id, limit + 1, before)
    items = [EventAnswer.of(row, door) for row in rows[:limit]]
    return Page(items=items, next=str(items[-1].seq) if len(rows) > limit else None)


@router.get("/{contact}/messages", summary="List a contact's messages")
async def messages(contact: UUID, door: Door, limit: Limit = 50, before: Before = None) -> Page[MessageAnswer]:
    """Every letter to a contact, sent or not, the latest first, with the reason and every attempt."""
    async with door.database.transaction() as session:
        known = await _known(session, contact)
        rows = await reports.messages(session, known.id, limit + 1, place(before))
    items = [MessageAnswer.of(row, door) for row in rows[:limit]]
    return Page(items=items, next=written(items[-1].created_at, items[-1].id) if len(rows) > limit else None)


async def _known(session: AsyncSession, contact: UUID) -> ContactReport:
    known = await reports.contact(session, contact)
    if known is None:
        raise NotFoundError("there is no such contact")
    return known


def _answer(report: ContactReport) -> ContactAnswer:
    return ContactAnswer(
        id=report.id,
        traits=dict(report.traits),
        created_at=report.created_at,
        seen_at=report.seen_at,
        identities=[IdentityAnswer.model_validate({"kind": kind, "value": value}) for kind, value in report.identities],
    )
