"""The front door: one application, its tools opened when it starts and closed when it stops."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from fastapi import FastAPI
from fastapi_offline import FastAPIOffline
from pydantic import SecretStr

from api import errors
from api.dependencies import FrontDoor
from api.keys import Keys
from api.routes import (
    confirm,
    contacts,
    coupons,
    enrolments,
    events,
    explanations,
    feedback,
    health,
    journeys,
    privacy,
    segment,
    segments,
    suppressions,
    unsubscribe,
    versions,
)
from mail.feedback.trust import Trust, webhooks
from mail.links import Links
from mail.senders import sender_names
from mail.translations import Translations
from mail.verp import Verp
from settings import Settings
from store.intake import Intake
from store.session import Database, Line
from workflows.connection import connect

_ABOUT = """
The front door of Kundresa: shop events come in, operators look and steer.

**Events.** Existing Segment-compatible clients send to `/v1/track` and its siblings; backend teams send to
`/v1/events`. An event is answered when it is committed: what was answered with 200 or 202 is never lost, and the same
`messageId` again is accepted and changes nothing. Taking in events needs the database alone; Temporal may be down.

**Whose event?** `userId` names the contact; without it the e-mail address does; without either `anonymousId`. A name
that nobody has goes to that contact, and an anonymous contact that becomes known keeps its events. Two contacts with
different user ids never become one.

**Errors** have one shape: `{"error": {"code", "message", "details": [{"path", "message"}]}}`. 503 always comes with
`Retry-After`: send it again, under the same `messageId`, and it is recorded once.
"""
_TAGS: list[dict[str, Any]] = [
    {"name": "Events", "description": "The plain form, for backend teams."},
    {"name": "Segment tracking API", "description": "For existing Segment-compatible clients and shop plugins."},
    {"name": "Enrolments", "description": "Journeys that start on request."},
    {"name": "Versions", "description": "Publishing what authors write; needs the admin key."},
    {"name": "Admin", "description": "For operators; needs the admin key."},
    {"name": "Privacy", "description": "Export and erasure of a contact; needs the admin key."},
    {"name": "Coupons", "description": "Stock, codes of the shop's own, codes that were used; needs the admin key."},
    {"name": "Suppressions", "description": "Addresses that take no mail, or no marketing; needs the admin key."},
    {"name": "Feedback", "description": "What providers and mail servers tell; each proves itself in its own way."},
    {"name": "Confirm", "description": "The link that confirms a subscription (double opt-in); needs no key."},
    {"name": "Unsubscribe", "description": "The link in letters; needs no key."},
    {"name": "Health", "description": "For those who run Kundresa."},
]


@asynccontextmanager
async def _opened(settings: Settings) -> AsyncIterator[FrontDoor]:
    """The tools of the API. What intake has taken is recorded before they are closed."""
    secret = settings.secret.get_secret_value()
    database, line = Database(settings.database_url, secret=secret), Line(settings.database_url)
    intake = Intake(line)
    await intake.start()
    try:
        yield FrontDoor(
            database=database,
            intake=intake,
            temporal=await connect(lazy=True),
            keys=Keys(settings.accepted_keys, settings.admin_key.get_secret_value()),
            links=Links(secret, settings.public_url),
            shop_name=settings.shop_name,
            temporal_ui_url=settings.temporal_ui_url,
            locale=settings.locale,
            translations=Translations(settings.locale_dir),
            templates=settings.templates_dir,
            webhooks=webhooks(_trust(settings), Verp(secret)),
            staff=frozenset(settings.staff),
            senders=sender_names(settings.senders),
        )
    finally:
        await intake.stop()
        await line.close()
        await database.close()


def _trust(settings: Settings) -> Trust:
    def told(secret: SecretStr | None) -> str:
        return secret.get_secret_value() if secret is not None else ""

    return Trust(
        mail_key=told(settings.feedback_mail_key),
        topics=settings.feedback_ses_topics,
        sendgrid_key=settings.feedback_sendgrid_key or "",
        mailgun_key=told(settings.feedback_mailgun_key),
        postmark_login=told(settings.feedback_postmark_login),
        standard_secret=told(settings.feedback_standard_secret),
    )


def create_app(settings: Settings) -> FastAPI:
    """The application. It needs the database once it serves; Temporal may come later."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with _opened(settings) as app.state.front_door:
            yield

    # The pages' scripts come out of an installed package: /docs works without the internet. A redirect would break
    # one-click unsubscribing, so a stray slash is simply not found.
    app = FastAPIOffline(
        docs_url="/docs",
        redoc_url=None,
        title="Kundresa",
        version="0.1.0",
        description=_ABOUT,
        openapi_tags=_TAGS,
        lifespan=lifespan,
        redirect_slashes=False,
        # Spans would bear the addresses of requests, and those may hold e-mail addresses and the tokens of letters.
        telemetry={"tracing": False, "metrics": False, "logs": False},
    )
    errors.install(app)
    for router in (
        events.router,
        segment.router,
        enrolments.router,
        journeys.router,
        versions.router,
        contacts.router,
        privacy.router,
        segments.router,
        explanations.router,
        coupons.router,
        enrolments.steering,
        suppressions.router,
        feedback.router,
        confirm.router,
        unsubscribe.router,
        health.router,
    ):
        app.include_router(router)
    return app
