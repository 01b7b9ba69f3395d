"""The pages and the JSON of the mailbox."""

import re
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

from fastapi import APIRouter, FastAPI, HTTPException, Query, Request, Response
from fastapi.responses import HTMLResponse, PlainTextResponse
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates

from local.mailbox.archive import Archive, Summary
from local.mailbox.reading import read

_HERE = Path(__file__).parent
_PAGE_POLICY = (
    "default-src 'none'; img-src data:; style-src 'self'; script-src 'self'; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'"
)
_MAIL_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; "
    "img-src http: https: data:; style-src 'unsafe-inline' https:; font-src https: data:"
)

View = Literal["html", "text", "source"]
Limit = Annotated[int, Query(ge=1, le=100_000)]


def create_mailbox(archive: Archive) -> FastAPI:
    """The web application over one archive."""
    app = FastAPI(title="Kundresa mailbox", description="Every mail that was sent here, kept and shown.")
    app.include_router(_json(archive))
    app.include_router(_pages(archive))
    app.mount("/assets", StaticFiles(directory=_HERE / "assets"), name="assets")
    return app


def _json(archive: Archive) -> APIRouter:
    router = APIRouter(tags=["messages"])

    @router.get("/messages")
    async def messages(to: str | None = None, limit: Limit = 100) -> dict[str, Any]:
        """List the newest mails first: all, or those to one whole address."""
        return {"total": len(archive), "messages": [asdict(mail) for mail in archive.newest(to=to, limit=limit)]}

    @router.delete("/messages")
    async def clear() -> dict[str, int]:
        """Delete every mail."""
        return {"deleted": archive.clear()}

    @router.get("/messages/{mail_id}")
    async def message(mail_id: str) -> dict[str, Any]:
        """One mail, taken apart."""
        summary = _known(archive, mail_id)
        return asdict(summary) | asdict(read(archive.content(mail_id)))

    @router.get("/messages/{mail_id}/source", response_class=PlainTextResponse)
    async def source(mail_id: str) -> Response:
        """The bytes of one mail, as they came in."""
        _known(archive, mail_id)
        return Response(
            archive.content(mail_id), media_type="text/plain", headers={"X-Content-Type-Options": "nosniff"}
        )

    @router.get("/messages/{mail_id}/html", response_class=HTMLResponse)
    async def html(mail_id: str) -> HTMLResponse:
        """The HTML part of one mail, for a frame that may run nothing."""
        _known(archive, mail_id)
        headers = {"Content-Security-Policy": _MAIL_POLICY, "Referrer-Policy": "no-referrer"}
        return HTMLResponse(_opening_tabs(read(archive.content(mail_id)).html or ""), headers=headers)

    @router.get("/evidence", tags=["evidence"])
    async def evidence(message_id: str) -> dict[str, bool]:
        """Whether a mail with this Message-ID was accepted."""
        return {"accepted": archive.accepted(message_id)}

    return router


def _pages(archive: Archive) -> APIRouter:
    router = APIRouter(include_in_schema=False, default_response_class=HTMLResponse)
    templates = Jinja2Templates(directory=_HERE / "pages")
    templates.env.filters["moment"] = _moment

    def page(request: Request, name: str, **content: object) -> HTMLResponse:
        policy = {"Content-Security-Policy": _PAGE_POLICY}
        return templates.TemplateResponse(request, name, {**content, "total": len(archive)}, headers=policy)

    @router.get("/")
    async def inbox(request: Request, search: str = "", limit: Limit = 200) -> HTMLResponse:
        """The list of mails."""
        mails = archive.newest(search=search.strip(), limit=limit)
        return page(request, "inbox.html", mails=mails, search=search)

    @router.get("/mails/{mail_id}")
    async def mail(request: Request, mail_id: str, view: View = "html") -> HTMLResponse:
        """One mail, as HTML, text or source."""
        summary = _known(archive, mail_id)
        content = archive.content(mail_id)
        source = content.decode("utf-8", errors="replace") if view == "source" else ""
        return page(request, "mail.html", summary=summary, mail=read(content), source=source, view=view)

    return router


def _known(archive: Archive, mail_id: str) -> Summary:
    if (summary := archive.summary(mail_id)) is None:
        raise HTTPException(404, "there is no such mail; it may have been deleted")
    return summary


def _opening_tabs(html: str) -> str:
    # Links leave the frame for a tab of their own. In front of <head>, this would cost the page its doctype.
    return re.sub(r"(<head\b[^>]*>|\Z)", r'\1<base target="_blank">', html, count=1, flags=re.IGNORECASE)


def _moment(iso: str) -> str:
    then = datetime.fromisoformat(iso).astimezone()
    today = datetime.now(UTC).astimezone().date()
    return f"{then:%H:%M:%S}" if then.date() == today else f"{then:%Y-%m-%d %H:%M}"
