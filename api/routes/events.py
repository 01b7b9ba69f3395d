"""The plain form for backend teams: one event, or a list of them."""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, Field

from api.bodies import BATCH_BYTES, BATCH_EVENTS, EVENT_BYTES, parsed, read_whole
from api.dependencies import front_door
from api.errors import Detail, InvalidError, MalformedError, TooLargeError, documented
from api.fields import Object
from api.hot import HotRoute
from api.reading import Clock, plain
from api.receiving import Gathered, gather, take_one

router = APIRouter(prefix="/v1", tags=["Events"], route_class=HotRoute)


class Rejected(BaseModel):
    """An event of the list that cannot be taken."""

    index: int
    messageId: str | None  # noqa: N815  (as the field is called in the body)
    details: list[Detail]


class Received(BaseModel):
    """The `messageId`s of the events that are committed, and those events that are not."""

    accepted: list[str] = Field(examples=[["order-o-9001-paid"]])
    rejected: list[Rejected] = Field(default_factory=list, examples=[[]])


_EXAMPLE: Object = {
    "event": "Order Paid",
    "userId": "u-1042",
    "email": "maja@shop.example",
    "properties": {"order_id": "o-9001", "total": 118.0, "currency": "EUR"},
    "timestamp": "2026-11-21T09:30:00Z",
    "messageId": "order-o-9001-paid",
}
_TEXT: Object = {"type": "string"}
_ID: Object = {"anyOf": [{"type": "string", "maxLength": 256}, {"type": "integer"}]}
_EVENT: Object = {
    "type": "object",
    "required": ["event"],
    "additionalProperties": False,
    "properties": {
        "event": {**_TEXT, "maxLength": 100, "description": "What happened, in Title Case and the past tense."},
        "userId": {**_ID, "description": "The shop's id of the contact."},
        "email": {**_TEXT, "format": "email", "description": "The contact's own address."},
        "anonymousId": {**_ID, "description": "The browser's id. One of the three is needed."},
        "properties": {"type": "object", "description": "Facts of the event."},
        "traits": {"type": "object", "description": "Facts of the contact to set; null removes one."},
        "context": {"type": "object"},
        "timestamp": {**_TEXT, "format": "date-time", "description": "When it happened; left out, now."},
        "messageId": {**_TEXT, "maxLength": 255, "description": "The same one again changes nothing."},
        "backfill": {"type": "boolean", "description": "True: from the past. It is a fact, but starts no journey."},
    },
}
_LIST: Object = {"type": "array", "maxItems": BATCH_EVENTS, "items": _EVENT}
_DOCUMENT: dict[str, Any] = {
    "security": [{"HTTPBasic": []}],
    "parameters": [
        {
            "in": "header",
            "name": "Idempotency-Key",
            "schema": _TEXT,
            "description": "In place of `messageId`: the same key again changes nothing.",
        }
    ],
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {"anyOf": [_EVENT, _LIST]},
                "examples": {"one": {"value": _EXAMPLE}, "list": {"value": [_EXAMPLE]}},
            }
        },
    },
}


@router.post(
    "/events",
    status_code=HTTPStatus.ACCEPTED,
    summary="Record events",
    response_class=Response,
    responses={
        202: {"model": Received, "description": "Committed"},
        **documented(
            HTTPStatus.BAD_REQUEST,
            HTTPStatus.UNAUTHORIZED,
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            HTTPStatus.UNPROCESSABLE_ENTITY,
            HTTPStatus.SERVICE_UNAVAILABLE,
        ),
    },
    openapi_extra=_DOCUMENT,
)
async def record(request: Request) -> Response:
    """Record one event, or a list of up to 2,500 (500 kB; 32 kB an event). Answered after the commit.

    Of a list, events that cannot be taken are told under `rejected` and the others are committed; when not one can be
    taken, the answer is 422.
    """
    door = front_door(request)
    door.keys.admit_writer(request.headers.get("authorization"))
    raw = await read_whole(request, BATCH_BYTES)
    body = parsed(raw)
    clock, key = Clock(datetime.now(UTC)), request.headers.get("idempotency-key")
    match body:
        case dict():
            if len(raw) > EVENT_BYTES:
                raise TooLargeError(f"an event is at most {EVENT_BYTES // 1024} kB")
            message_id = await take_one(door.intake, plain(_keyed(body, key), clock))
            return _answer(Gathered(accepted=[message_id]))
        case list():
            if len(body) > BATCH_EVENTS:
                raise TooLargeError(f"a list holds at most {BATCH_EVENTS} events")
            keyed = [_keyed(each, key and f"{key}/{place}") for place, each in enumerate(body)]
            gathered = gather(keyed, lambda each: plain(each, clock))
            await gathered.record(door.intake)
            return _answer(gathered)
        case _:
            raise MalformedError("the body must be an event, or a list of events")


def _keyed(body: Any, key: str | None) -> Any:
    """The event with the request's own key in place of a `messageId`."""
    if not key or not isinstance(body, dict) or body.get("messageId"):
        return body
    if "\x00" in key or not key.isprintable():
        raise InvalidError("the header cannot be taken", (("Idempotency-Key", "must be printable"),))
    return body | {"messageId": key}


def _answer(gathered: Gathered) -> Response:
    body = orjson.dumps({"accepted": gathered.accepted, "rejected": gathered.rejected})
    return Response(body, HTTPStatus.ACCEPTED, media_type="application/json")
