"""The few pages that contacts see: small, without scripts, for nobody's cache and no search engine."""

from http import HTTPStatus
from pathlib import Path

from fastapi import Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy.exc import SQLAlchemyError

from api.dependencies import FrontDoor
from store.consents import ALL_TOPICS
from store.recording import IntakeError

AWAY: tuple[type[Exception], ...] = (IntakeError, SQLAlchemyError, OSError)
"""What is raised when a click cannot be written down just now."""

_PAGES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "pages"), autoescape=True, undefined=StrictUndefined
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


def page(
    name: str,
    door: FrontDoor,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    headers: dict[str, str] | None = None,
    topic: str = ALL_TOPICS,
) -> Response:
    """One of the pages of `pages/`, about a topic or about all of them."""
    said = "" if topic == ALL_TOPICS else topic.replace("-", " ")
    shown = _PAGES.get_template(name).render(shop_name=door.shop_name, topic=said)
    return HTMLResponse(shown, status, _HEADERS | (headers or {}))


def unreadable(door: FrontDoor) -> Response:
    """The page for a link that lost something on its way, or was never ours."""
    return page("unreadable.html", door, status=HTTPStatus.NOT_FOUND)
