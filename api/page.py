"""The few pages that contacts see: small, without scripts, for nobody's cache and no search engine."""

from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

from fastapi import Request, Response
from fastapi.responses import HTMLResponse
from jinja2 import Environment, FileSystemLoader, StrictUndefined
from sqlalchemy.exc import SQLAlchemyError

from api.dependencies import FrontDoor
from mail.reading import Message, messages_of
from mail.sandbox import LANGUAGE, translating
from store.consents import ALL_TOPICS
from store.recording import IntakeError

AWAY: tuple[type[Exception], ...] = (IntakeError, SQLAlchemyError, OSError)
"""What is raised when a click cannot be written down just now."""

DOMAIN = "pages"
"""The name of the `.po` files with their words."""

_FOLDER = Path(__file__).parent / "pages"
_PAGES = translating(Environment(loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined))
_LANGUAGES_MAX = 10
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
    request: Request,
    *,
    status: HTTPStatus = HTTPStatus.OK,
    headers: dict[str, str] | None = None,
    topic: str = ALL_TOPICS,
) -> Response:
    """One of the pages of `pages/`, about a topic or about all of them, in the language of the browser or the shop."""
    language = door.translations.choose(*_preferred(request), door.locale)
    said = "" if topic == ALL_TOPICS else language.messages.gettext(topic).replace("-", " ")
    context = {"shop_name": door.shop_name, "topic": said, "locale": language.tag, LANGUAGE: language}
    told = {"Content-Language": language.tag, **(headers or {})}
    return HTMLResponse(_PAGES.get_template(name).render(context), status, _HEADERS | told)


def unreadable(door: FrontDoor, request: Request) -> Response:
    """The page for a link that lost something on its way, or was never ours."""
    return page("unreadable.html", door, request, status=HTTPStatus.NOT_FOUND)


def messages() -> Iterator[tuple[str, Message]]:
    """The messages of the pages, each with the page that it stands in."""
    for path in sorted(_FOLDER.glob("*.html")):
        for message in messages_of(_PAGES, path.read_text(encoding="utf-8")):
            yield path.stem, message


def _preferred(request: Request) -> list[str]:
    """The languages that the browser asks for (RFC 9110, 12.5.4), in the order in which it names them."""
    return request.headers.get("accept-language", "").split(",")[:_LANGUAGES_MAX]
