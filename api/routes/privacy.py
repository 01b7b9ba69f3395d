"""What the law gives contacts: all that is stored of them, and its erasure (GDPR articles 15, 17 and 20)."""

from collections.abc import AsyncIterator
from datetime import datetime
from http import HTTPStatus
from typing import Any
from uuid import UUID

from fastapi import APIRouter, Depends
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, Field

from api.dependencies import Door, FrontDoor, admin
from api.errors import NotFoundError, documented
from store import erasure, portability, reports
from workflows.erasing import end_runs

router = APIRouter(
    prefix="/v1/admin/contacts",
    tags=["Privacy"],
    dependencies=[Depends(admin)],
    responses=documented(
        HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE
    ),
)
_ACTOR = "admin API"
_DOCUMENT: dict[str, Any] = {
    "description": "One JSON document: `contact`, `exported_at`, and a list for each kind of what is stored.",
    "content": {"application/json": {"schema": {"type": "object"}}},
}


class ErasureAnswer(BaseModel):
    """A contact was erased. Asked again, nothing is left to end, and `erased_at` stays the first time's."""

    contact: UUID
    erased_at: datetime
    runs: int = Field(examples=[2], description="Journeys that the contact was in; they have ended.")
    letters: int = Field(examples=[1], description="Letters that were being sent and will not be.")
    on_their_way: int = Field(examples=[0], description="Letters that the relay may have already.")


@router.get(
    "/{contact}/export",
    summary="Export all that is stored of a contact",
    response_class=StreamingResponse,
    responses={200: _DOCUMENT},
)
async def export(contact: UUID, door: Door) -> StreamingResponse:
    """Everything that is stored of the contact, as it is at one moment; of a merged one also what became of it."""
    async with door.database.transaction() as session:
        known = await reports.contact(session, contact)
    if known is None:
        raise NotFoundError("there is no such contact")
    name = {"Content-Disposition": f'attachment; filename="contact-{known.id}.json"', "Cache-Control": "no-store"}
    return StreamingResponse(_pieces(door, known.id), media_type="application/json", headers=name)


async def _pieces(door: FrontDoor, contact: UUID) -> AsyncIterator[bytes]:
    async with door.database.transaction() as session:
        async for piece in portability.export(session, contact):
            yield piece


@router.delete("/{contact}", summary="Erase a contact")
async def erase(contact: UUID, door: Door) -> ErasureAnswer:
    """Take away all that names or describes the person, and end what is under way. It cannot be undone.

    The answer comes after the commit. When Temporal is away the runs end later; nothing is sent by them any more.
    """
    erased = await erasure.erase(door.database, contact, _ACTOR)
    if erased is None:
        raise NotFoundError("there is no such contact")
    await end_runs(door.temporal, erased.runs)
    return ErasureAnswer(
        contact=erased.contact_id,
        erased_at=erased.erased_at,
        runs=len(erased.runs),
        letters=erased.letters,
        on_their_way=erased.on_their_way,
    )
