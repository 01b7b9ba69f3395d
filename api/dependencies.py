"""What every route may ask for."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from fastapi import Depends, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBasic, HTTPBasicCredentials, HTTPBearer
from temporalio.client import Client

from api.figures import CouponStock, FeedbackCount, MessageCount
from api.keys import Keys
from mail.feedback.proving import Webhook
from mail.links import Links
from mail.translations import SOURCE, Translations
from store.intake import Intake
from store.session import Database
from workflows.starting import TemporalAway


@dataclass(frozen=True)
class FrontDoor:
    """The tools of the API, opened when it starts and closed when it stops."""

    database: Database
    intake: Intake
    temporal: Client
    keys: Keys
    links: Links
    shop_name: str
    temporal_ui_url: str
    templates: Path
    staff: frozenset[str]
    senders: frozenset[str]
    message_count: MessageCount = field(default_factory=MessageCount)
    locale: str = SOURCE
    translations: Translations = field(default_factory=Translations)
    coupon_stock: CouponStock = field(default_factory=CouponStock)
    webhooks: Mapping[str, Webhook] = field(default_factory=dict)
    feedback_count: FeedbackCount = field(default_factory=FeedbackCount)


def front_door(request: Request) -> FrontDoor:
    """The tools of the running application."""
    door: FrontDoor = request.app.state.front_door
    return door


Door = Annotated[FrontDoor, Depends(front_door)]

# These two describe the keys in the OpenAPI pages. The comparing is done by `Keys`, in one place.
_basic = HTTPBasic(auto_error=False, description="The write key is the user name; the password is empty.")
_bearer = HTTPBearer(auto_error=False, description="The admin key.")


async def writer(
    request: Request, door: Door, _: Annotated[HTTPBasicCredentials | None, Depends(_basic)] = None
) -> None:
    """Let in who bears a write key."""
    door.keys.admit_writer(request.headers.get("authorization"))


async def admin(
    request: Request, door: Door, _: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)] = None
) -> None:
    """Let in who bears the admin key."""
    door.keys.admit_admin(request.headers.get("authorization"))


@contextmanager
def reaching_temporal() -> Iterator[None]:
    """Name it when the server was never reached: the SDK's lazy client has no error of its own for that."""
    try:
        yield
    except RuntimeError as error:
        if not str(error).startswith("Failed client connect"):
            raise
        raise TemporalAway("Temporal is away: no connection") from error
