"""Feedback on letters: what providers post, and mail that a server of the shop's own hands on.

Every piece takes effect in a transaction of its own, and once. So whoever was answered with an error may send the whole
request again.
"""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Path, Request
from pydantic import BaseModel, Field

from api.bodies import read
from api.dependencies import Door, FrontDoor
from api.errors import MalformedError, NotFoundError, UnauthorizedError, documented
from mail.feedback.errors import FeedbackDisowned, FeedbackForged, FeedbackUnreadable
from rules.feedback import Feedback
from store import feedback

router = APIRouter(
    prefix="/v1/feedback",
    tags=["Feedback"],
    responses=documented(
        HTTPStatus.BAD_REQUEST,
        HTTPStatus.UNAUTHORIZED,
        HTTPStatus.NOT_FOUND,
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
        HTTPStatus.SERVICE_UNAVAILABLE,
    ),
)
_BYTES = 1024 * 1024
_MAIL_BYTES = 10 * _BYTES
"""A bounce may return the whole message, and a reply hold pictures."""

Provider = Annotated[str, Path(description="`ses`, `sendgrid`, `mailgun`, `postmark`, `standard` or `mail`.")]


class Taken(BaseModel):
    """What became of what was told."""

    applied: int = Field(default=0, examples=[1])
    known: int = Field(default=0, description="It was told before; nothing changed.")
    unknown: int = Field(default=0, description="It is about no message of ours; nothing changed.")
    forged: int = Field(default=0, description="Mail to an address that was not made here; nothing changed.")


@router.post("/{provider}", summary="Tell of bounces, complaints and the like", status_code=HTTPStatus.ACCEPTED)
async def told(provider: Provider, request: Request, door: Door) -> Taken:
    """Take what a provider posts, in its own form, once it has proved itself; `mail` takes a raw message.

    A provider is heard when its secret is set. Mail needs the key of `KUNDRESA_FEEDBACK_MAIL_KEY` as a bearer token,
    and the envelope in the headers `X-Envelope-From` and `X-Envelope-To`.
    """
    webhook = door.webhooks.get(provider)
    if webhook is None:
        raise NotFoundError("no such provider is heard; its secret is not set")
    body = await read(request, _MAIL_BYTES if provider == "mail" else _BYTES)
    try:
        pieces = await webhook.read(request.headers, body, datetime.now(UTC))
    except FeedbackForged as forged:
        door.feedback_count.add(provider, "forged")
        raise UnauthorizedError(str(forged)) from forged
    except FeedbackDisowned:
        # The server that handed it on has done its duty, and must not keep it for later.
        door.feedback_count.add(provider, "forged")
        return Taken(forged=1)
    except FeedbackUnreadable as unreadable:
        raise MalformedError(str(unreadable)) from unreadable
    return await _taken(door, provider, pieces)


async def _taken(door: FrontDoor, provider: str, pieces: list[Feedback]) -> Taken:
    taken = dict.fromkeys(feedback.Effect, 0)
    for piece in pieces:
        async with door.database.transaction() as session:
            effect = await feedback.take(session, provider, piece)
        door.feedback_count.add(provider, effect)
        taken[effect] += 1
    return Taken(**taken)
