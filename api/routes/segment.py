"""The Segment HTTP tracking API: what Segment-compatible clients and shop plugins send, unchanged.

Browsers call from the shop's own pages, so these addresses answer any origin; a write key in a page is public anyway.
"""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from functools import wraps
from http import HTTPStatus
from typing import Any

import orjson
from fastapi import APIRouter, Request, Response

from api.bodies import BATCH_BYTES, BATCH_EVENTS, EVENT_BYTES, read_json
from api.dependencies import front_door
from api.errors import ApiError, InvalidError, MalformedError, TooLargeError, answer_to, documented
from api.fields import Object
from api.hot import HotRoute
from api.reading import KINDS, Clock
from api.receiving import Gathered, gather, take_one
from api.routes import segment_examples as examples
from store.recording import IntakeError

router = APIRouter(prefix="/v1", tags=["Segment tracking API"], route_class=HotRoute)

Endpoint = Callable[[Request], Awaitable[Response]]

_PREFLIGHT = {
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST",
    "Access-Control-Allow-Headers": "Authorization, Content-Type, Content-Encoding",
    "Access-Control-Max-Age": "86400",
}
_DONE = b'{"success":true}'
_ERRORS = documented(
    HTTPStatus.BAD_REQUEST,
    HTTPStatus.UNAUTHORIZED,
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    HTTPStatus.UNPROCESSABLE_ENTITY,
    HTTPStatus.SERVICE_UNAVAILABLE,
)


async def _body(request: Request, limit: int) -> Object:
    """The body, from somebody who has a write key: in the header, or, as browsers send it, in the body."""
    keys, authorization = front_door(request).keys, request.headers.get("authorization")
    if authorization:
        keys.admit_writer(authorization)
    body = await read_json(request, limit)
    if not isinstance(body, dict):
        raise MalformedError("the body must be an object")
    if not authorization:
        keys.admit_writer(None, body.get("writeKey"))
    return body


def _from_any_page(endpoint: Endpoint) -> Endpoint:
    """The same endpoint, whose answers, also its errors, a browser lets the calling page see."""

    @wraps(endpoint)
    async def call(request: Request) -> Response:
        try:
            response = await endpoint(request)
        except (ApiError, IntakeError) as error:
            response = answer_to(error)
        response.headers["Access-Control-Allow-Origin"] = "*"
        return response

    return call


def _single(kind: str) -> Endpoint:
    read = KINDS[kind]

    async def call(request: Request) -> Response:
        body = await _body(request, EVENT_BYTES)
        await take_one(front_door(request).intake, read(body, Clock.of(body, datetime.now(UTC))))
        return Response(_DONE, media_type="application/json")

    return _from_any_page(call)


@_from_any_page
async def batch(request: Request) -> Response:
    """Many calls in one body, each with its `type`. Calls that cannot be taken are told, the others are kept."""
    body = await _body(request, BATCH_BYTES)
    calls = body.get("batch")
    if not isinstance(calls, list):
        raise InvalidError("1 field cannot be taken", (("batch", "must be a list of calls"),))
    if len(calls) > BATCH_EVENTS:
        raise TooLargeError(f"a batch holds at most {BATCH_EVENTS} events")
    clock = Clock.of(body, datetime.now(UTC))
    gathered = gather(calls, lambda call: _call(call, clock, body))
    await gathered.record(front_door(request).intake)
    return Response(_batch_answer(gathered), media_type="application/json")


def _call(call: Object, clock: Clock, whole: Object) -> Any:
    """One call of the batch, which says `context` and `backfill` for all that do not say otherwise."""
    kind = call.get("type")
    read = KINDS.get(kind) if isinstance(kind, str) else None
    if read is None:
        raise InvalidError("1 field cannot be taken", (("type", f"must be one of {', '.join(KINDS)}"),))
    if isinstance(shared := whole.get("context"), dict) and isinstance(own := call.get("context") or {}, dict):
        call = call | {"context": shared | own}
    if "backfill" in whole and "backfill" not in call:
        call = call | {"backfill": whole["backfill"]}
    return read(call, clock)


def _batch_answer(gathered: Gathered) -> bytes:
    return orjson.dumps({"success": True, "rejected": gathered.rejected}) if gathered.rejected else _DONE


async def preflight(request: Request) -> Response:
    """Tell a browser that it may call from any page."""
    return Response(status_code=HTTPStatus.NO_CONTENT, headers=_PREFLIGHT)


def _document(example: Object, kind: str) -> dict[str, Any]:
    return {
        "security": [{"HTTPBasic": []}],
        "requestBody": {
            "required": True,
            "description": "JSON, plain or packed with gzip (`Content-Encoding: gzip`); any content type will do.",
            "content": {"application/json": {"schema": examples.SCHEMAS[kind], "example": example}},
        },
    }


def _add(kind: str, endpoint: Endpoint, short: str) -> None:
    answers: dict[int | str, dict[str, Any]] = {
        200: {
            "description": "Committed",
            "content": {"application/json": {"schema": examples.ANSWER, "example": examples.ANSWERS[kind]}},
        }
    }
    router.add_api_route(
        f"/{kind}",
        endpoint,
        methods=["POST"],
        name=kind,
        summary=examples.SUMMARIES[kind],
        description=examples.DESCRIPTIONS[kind],
        responses=answers | _ERRORS,
        response_class=Response,
        openapi_extra=_document(examples.CALLS[kind], kind),
    )
    # Segment's library for browsers calls each address by its first letter.
    for path in (f"/{kind}", f"/{short}"):
        router.add_api_route(path, preflight, methods=["OPTIONS"], include_in_schema=False)
    router.add_api_route(f"/{short}", endpoint, methods=["POST"], include_in_schema=False)


for _kind in KINDS:
    _add(_kind, _single(_kind), _kind[0])
_add("batch", batch, "b")
router.add_api_route("/import", batch, methods=["POST"], include_in_schema=False)
