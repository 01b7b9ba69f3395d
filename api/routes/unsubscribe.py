"""The unsubscribe link of letters: a page on GET, the effect on POST (RFC 8058, one-click).

Mail scanners follow every link, so GET never unsubscribes. POST needs nothing but the token: no cookie, no body, no
confirmation, and it never redirects. An unknown contact is answered like a known one.
"""

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse

from api.bodies import BATCH_BYTES, read
from api.dependencies import Door, FrontDoor
from api.errors import documented, verdict_on
from api.page import AWAY, page, unreadable
from api.receiving import take_one
from mail.links import LinkInvalid, Subscription
from store import consents
from store.consents import ALL_TOPICS, UNSUBSCRIBED
from store.incoming import Incoming, Statement

router = APIRouter(tags=["Unsubscribe"], responses=documented(HTTPStatus.UNPROCESSABLE_ENTITY))

# A text, so that no form of it is refused: a valid link always takes effect.
All = Annotated[str | None, Query(alias="all", description="`true` ends every topic, not only the link's.")]


@router.head("/u/{token}", include_in_schema=False)
@router.get("/u/{token}", summary="Ask before unsubscribing", response_class=HTMLResponse)
async def ask(token: str, request: Request, door: Door) -> Response:
    """A page with a button. Looking at it changes nothing."""
    try:
        topic = door.links.read(token).topic
    except LinkInvalid:
        return unreadable(door, request)
    return page("ask.html", door, request, topic=topic)


@router.post("/u/{token}", summary="Unsubscribe", response_class=HTMLResponse)
async def unsubscribe(token: str, request: Request, door: Door, everything: All = None) -> Response:
    """End the link's topic. Answered after the commit; again and again is harmless."""
    await read(request, BATCH_BYTES)
    try:
        subscription = door.links.read(token)
    except LinkInvalid:
        return unreadable(door, request)
    topic = ALL_TOPICS if everything == "true" else subscription.topic
    try:
        await _end(door, Subscription(subscription.contact, topic))
    except AWAY as error:
        return page(
            "later.html",
            door,
            request,
            status=HTTPStatus.SERVICE_UNAVAILABLE,
            headers=dict(verdict_on(error).headers or {}),
        )
    return page("done.html", door, request, topic=topic)


async def _end(door: FrontDoor, subscription: Subscription) -> None:
    async with door.database.transaction() as session:
        word = await consents.word(session, subscription.contact, subscription.topic)
    if word is None or word.ended:
        return
    now = datetime.now(UTC)
    event = Incoming(
        # Two clicks at the same moment are one event; a click after a new subscription is another one.
        message_id=f"unsubscribe/{word.contact_id}/{subscription.topic}/{word.last}",
        name=UNSUBSCRIBED,
        occurred_at=now,
        received_at=now,
        contact_id=word.contact_id,
        properties={"topic": subscription.topic},
        consents=(Statement(subscription.topic, granted=False),),
    )
    await take_one(door.intake, event)
