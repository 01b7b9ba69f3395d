"""Enrolments: asked for by the shop's own programs, and steered by operators."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any, Literal
from uuid import UUID

import orjson
from fastapi import APIRouter, Body, Depends, Request, Response
from pydantic import BaseModel, Field

from api.answers import EnrolmentAnswer
from api.bodies import EVENT_BYTES, read_json
from api.dependencies import Door, admin, reaching_temporal, writer
from api.errors import ConflictError, InvalidError, MalformedError, NotFoundError, documented
from api.reading import Clock
from api.reading import request as read_request
from api.receiving import take_one
from api.routes.events import Received
from store import reports
from workflows.starting import tell

router = APIRouter(tags=["Enrolments"], dependencies=[Depends(writer)])
steering = APIRouter(
    prefix="/v1/admin/enrolments",
    tags=["Admin"],
    dependencies=[Depends(admin)],
    responses=documented(
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.CONFLICT,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.SERVICE_UNAVAILABLE,
    ),
)

_ID: dict[str, Any] = {"anyOf": [{"type": "string", "maxLength": 256}, {"type": "integer"}]}
_DOCUMENT: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "additionalProperties": False,
                    "properties": {
                        "userId": _ID,
                        "email": {"type": "string", "format": "email"},
                        "anonymousId": _ID,
                        "properties": {"type": "object", "description": "What the journey's letters may tell."},
                        "messageId": {"type": "string", "description": "The same one again changes nothing."},
                    },
                },
                "example": {
                    "userId": "u-1042",
                    "properties": {"order_id": "o-9001"},
                    "messageId": "review-o-9001",
                },
            }
        },
    }
}


@router.post(
    "/v1/journeys/{journey}/enrolments",
    status_code=HTTPStatus.ACCEPTED,
    summary="Ask for an enrolment",
    response_class=Response,
    responses={
        202: {"model": Received, "description": "Committed; the contact enters if the journey's rules allow it"},
        **documented(
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.UNAUTHORIZED,
            HTTPStatus.NOT_FOUND,
            HTTPStatus.CONFLICT,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            HTTPStatus.UNPROCESSABLE_ENTITY,
            HTTPStatus.SERVICE_UNAVAILABLE,
        ),
    },
    openapi_extra=_DOCUMENT,
)
async def ask(journey: str, request: Request, door: Door) -> Response:
    """Record `Enrolment Requested`, on which a live journey with the trigger `api: true` takes the contact in."""
    body = await read_json(request, EVENT_BYTES)
    if not isinstance(body, dict):
        raise MalformedError("the body must be an object")
    if "event" in body:
        raise InvalidError("1 field cannot be taken", (("event", "is given by the address"),))
    async with door.database.transaction() as session:
        takes_requests = await reports.takes_requests(session, journey)
    if takes_requests is None:
        raise NotFoundError("there is no live journey of that name")
    if not takes_requests:
        raise ConflictError("this journey has no trigger `api: true`; only events start it")
    properties = body.get("properties")
    if properties is None or isinstance(properties, dict):
        body = body | {"properties": (properties or {}) | {"journey": journey}}
    message_id = await take_one(door.intake, read_request(body, Clock(datetime.now(UTC))))
    answer = orjson.dumps({"accepted": [message_id], "rejected": []})
    return Response(answer, HTTPStatus.ACCEPTED, media_type="application/json")


class Why(BaseModel):
    """The operator's reason, which the run's history keeps. It must not name the contact."""

    reason: str = Field(default="by an operator", max_length=200, examples=["asked for by support"])


Reason = Annotated[Why | None, Body()]


@steering.post("/{enrolment}/end", status_code=HTTPStatus.ACCEPTED, summary="End an enrolment")
async def end(enrolment: UUID, door: Door, why: Reason = None) -> EnrolmentAnswer:
    """End the run at once, from any step. The answer shows the enrolment as it was when asked."""
    return await _steer(enrolment, door, "exit", why)


@steering.post("/{enrolment}/pause", status_code=HTTPStatus.ACCEPTED, summary="Pause an enrolment")
async def pause(enrolment: UUID, door: Door, why: Reason = None) -> EnrolmentAnswer:
    """Hold the run where it is, until it is resumed."""
    return await _steer(enrolment, door, "pause", why)


@steering.post("/{enrolment}/resume", status_code=HTTPStatus.ACCEPTED, summary="Resume an enrolment")
async def resume(enrolment: UUID, door: Door, why: Reason = None) -> EnrolmentAnswer:
    """Let the run go on."""
    return await _steer(enrolment, door, "resume", why)


async def _steer(
    enrolment: UUID, door: Door, signal: Literal["pause", "resume", "exit"], why: Why | None
) -> EnrolmentAnswer:
    async with door.database.transaction() as session:
        row = await reports.enrolment(session, enrolment)
    if row is None:
        raise NotFoundError("there is no such enrolment")
    if row["status"] == "ended":
        raise ConflictError("the run is over")
    with reaching_temporal():
        await tell(door.temporal, row["workflow_id"], signal, (why or Why()).reason)
    return EnrolmentAnswer.of(row, door)
