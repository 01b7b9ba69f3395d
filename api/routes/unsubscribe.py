"""The unsubscribe link of letters: a page on GET, the effect on POST (RFC 8058, one-click).

Mail scanners follow every link, so GET never unsubscribes. POST needs nothing but the token: no cookie, no body, no
confirmation, and it never redirects. An unknown contact is answered like a known one.
"""

from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy.exc import SQLAlchemyError

from api.bodies import BATCH_BYTES, read
from api.dependencies import Door, FrontDoor
from api.errors import documented, verdict_on
from api.receiving import take_one
from mail.links import LinkInvalid, Subscription
from store import consents
from store.consents import ALL_TOPICS, UNSUBSCRIBED
from store.incoming import Incoming, Statement
from store.recording import IntakeError

router = APIRouter(tags=["Unsubscribe"], responses=documented(HTTPStatus.UNPROCESSABLE_ENTITY))

_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent.parent / "pages"), autoescape=True, undefined=StrictUndefined
)
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}
_AWAY: tuple[type[Exception], ...] = (IntakeError, SQLAlchemyError, OSError)
# A text, so that no form of it is refused: a valid link always takes effect.
All = Annotated[str | None, Query(alias="all", description="`true` ends every topic, not only the link's.")]


@router.head("/u/{token}", include_in_schema=False)
@router.get("/u/{token}", summary="Ask before unsubscribing", response_class=HTMLResponse)
async def ask(token: str, door: Door) -> Response:
    """A page with a button. Looking at it changes nothing."""
    try:
        topic = door.links.read(token).topic
    except LinkInvalid:
        return _unreadable(door)
    return _page("ask.html", door, topic=topic)


@router.post("/u/{token}", summary="Unsubscribe", response_class=HTMLResponse)
async def unsubscribe(token: str, request: Request, door: Door, everything: All = None) -> Response:
    """End the link's topic. Answered after the commit; again and again is harmless."""
    await read(request, BATCH_BYTES)
    try:
        subscription = door.links.read(token)
    except LinkInvalid:
        return _unreadable(door)
    topic = ALL_TOPICS if everything == "true" else subscription.topic
    try:
        await _end(door, Subscription(subscription.contact, topic))
    except _AWAY as error:
        return _page(
            "later.html", door, status=HTTPStatus.SERVICE_UNAVAILABLE, headers=dict(verdict_on(error).headers or {})
        )
    return _page("done.html", door, topic=topic)


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


def _unreadable(door: FrontDoor) -> Response:
    return _page("unreadable.html", door, status=HTTPStatus.NOT_FOUND)


def _page(
    name: str,
    door: FrontDoor,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    headers: dict[str, str] | None = None,
    topic: str = ALL_TOPICS,
) -> Response:
    said = "" if topic == ALL_TOPICS else topic.replace("-", " ")
    page = _PAGES.get_template(name).render(shop_name=door.shop_name, topic=said)
    return HTMLResponse(page, status, _HEADERS | (headers or {}))
