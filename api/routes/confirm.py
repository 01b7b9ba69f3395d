"""The link that confirms a subscription (double opt-in): a page on GET, the consent on POST.

Mail scanners follow every link, so GET never confirms. The consent is written with the click as its source.
"""

from datetime import UTC, datetime
from http import HTTPStatus

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from api.bodies import BATCH_BYTES, read
from api.dependencies import Door, FrontDoor
from api.errors import documented, verdict_on
from api.page import AWAY, page, unreadable
from api.receiving import take_one
from mail.links import LinkInvalid, Subscription
from store import consents
from store.consents import SUBSCRIBED
from store.incoming import Incoming, Statement

router = APIRouter(tags=["Confirm"], responses=documented(HTTPStatus.UNPROCESSABLE_ENTITY))


@router.head("/c/{token}", include_in_schema=False)
@router.get("/c/{token}", summary="Ask before confirming a subscription", response_class=HTMLResponse)
async def ask(token: str, request: Request, door: Door) -> Response:
    """A page with a button. Looking at it changes nothing."""
    try:
        topic = door.links.read_confirmation(token).topic
    except LinkInvalid:
        return unreadable(door, request)
    return page("confirm.html", door, request, topic=topic)


@router.post("/c/{token}", summary="Confirm a subscription", response_class=HTMLResponse)
async def confirm(token: str, request: Request, door: Door) -> Response:
    """Subscribe the contact to the link's topic. Answered after the commit; again and again is harmless."""
    await read(request, BATCH_BYTES)
    try:
        subscription = door.links.read_confirmation(token)
    except LinkInvalid:
        return unreadable(door, request)
    try:
        await _begin(door, subscription)
    except AWAY as error:
        headers = dict(verdict_on(error).headers or {})
        return page("later.html", door, request, status=HTTPStatus.SERVICE_UNAVAILABLE, headers=headers)
    return page("confirmed.html", door, request, topic=subscription.topic)


async def _begin(door: FrontDoor, subscription: Subscription) -> None:
    async with door.database.transaction() as session:
        word = await consents.word(session, subscription.contact, subscription.topic)
    if word is None or word.granted:
        return
    now = datetime.now(UTC)
    event = Incoming(
        # Two clicks at the same moment are one event; a click after an end is another one.
        message_id=f"confirm/{word.contact_id}/{subscription.topic}/{word.last}",
        name=SUBSCRIBED,
        occurred_at=now,
        received_at=now,
        contact_id=word.contact_id,
        properties={"topic": subscription.topic, "source": "double opt-in"},
        consents=(Statement(subscription.topic, granted=True),),
    )
    await take_one(door.intake, event)
