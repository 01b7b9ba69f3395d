"""What the admin endpoints answer."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime
from typing import Any, Generic, Literal, TypeVar
from uuid import UUID

from pydantic import BaseModel, Field

from api.dependencies import FrontDoor
from api.errors import InvalidError
from api.temporal_ui import journey_page, run_page, runs_page
from store.reports import JourneyReport

Row = TypeVar("Row")
_AT = "2026-11-21T09:30:00Z"
_WORKFLOWS = "http://127.0.0.1:8233/namespaces/default/workflows"
_RUN = f"{_WORKFLOWS}/journey%2Fcart-abandonment%2F0f9f7d0a-63a1-4a39-9f0e-3f1c9f0e2f11"


class Page(BaseModel, Generic[Row]):
    """A page of rows, the latest first. `next` goes into `before` to get the page after it; null: there is none."""

    items: list[Row]
    next: str | None = None


class JourneyAnswer(BaseModel):
    """A journey and how many people are inside, by status."""

    name: str = Field(examples=["cart-abandonment"])
    live_version: int | None = Field(examples=[3], description="Takes new contacts; null: nobody enters any more.")
    paused_at: datetime | None = Field(examples=[None])
    inside: dict[str, int] = Field(examples=[{"active": 214, "held": 3}])
    temporal_ui: str = Field(
        examples=[f"{_WORKFLOWS}?query=JourneyId%3D%22cart-abandonment%22"],
        description="The list of the journey's runs in the Temporal UI.",
    )

    @classmethod
    def of(cls, report: JourneyReport, door: FrontDoor) -> "JourneyAnswer":
        """The answer out of the report."""
        return cls.model_validate(asdict(report) | {"temporal_ui": journey_page(door, report.name)})


class IdentityAnswer(BaseModel):
    """One name of a contact."""

    kind: Literal["user", "email", "anonymous"]
    value: str = Field(examples=["u-1042"])


class ContactAnswer(BaseModel):
    """A contact, its traits, and every identity by which it is known."""

    id: UUID
    traits: dict[str, Any] = Field(examples=[{"email": "maja@shop.example", "first_name": "Maja"}])
    created_at: datetime = Field(examples=[_AT])
    seen_at: datetime = Field(examples=[_AT], description="Right to an hour.")
    identities: list[IdentityAnswer]


class EnrolmentAnswer(BaseModel):
    """One contact's way through one version of a journey."""

    id: UUID
    journey: str = Field(examples=["cart-abandonment"])
    version: int = Field(examples=[3])
    contact_id: UUID
    key: str = Field(examples=[""])
    status: str = Field(examples=["active"], description="`active`, `paused`, `held` or `ended`.")
    reason: str | None = Field(examples=[None], description="Why it ended.")
    started_at: datetime = Field(examples=[_AT])
    ended_at: datetime | None = Field(examples=[None])
    goal_until: datetime | None = Field(examples=[None])
    goal_at: datetime | None = Field(examples=[None])
    workflow_id: str = Field(examples=["journey/cart-abandonment/0f9f7d0a-63a1-4a39-9f0e-3f1c9f0e2f11"])
    temporal_ui: str = Field(examples=[_RUN], description="The run's page in the Temporal UI.")

    @classmethod
    def of(cls, row: Mapping[Any, Any], door: FrontDoor) -> "EnrolmentAnswer":
        """The answer out of a row of enrolments."""
        return cls(**row, temporal_ui=run_page(door, row["workflow_id"]))


class EventAnswer(BaseModel):
    """An event as it was recorded. `seq` is its place in the order of the contact's events."""

    seq: int
    message_id: str = Field(examples=["order-o-9001-completed"])
    name: str = Field(examples=["Order Completed"])
    properties: dict[str, Any]
    context: dict[str, Any]
    occurred_at: datetime = Field(examples=[_AT])
    received_at: datetime = Field(examples=[_AT])
    temporal_ui: str | None = Field(
        examples=[_RUN],
        description="The run that the event started, in the Temporal UI; the list of them, when it started several.",
    )

    @classmethod
    def of(cls, row: Mapping[Any, Any], door: FrontDoor) -> "EventAnswer":
        """The answer out of a row of events, with the workflows that the event started."""
        return cls(**row, temporal_ui=runs_page(door, row["started"]))


class AttemptAnswer(BaseModel):
    """One try to hand a message to the relay, and what the relay said."""

    number: int = Field(examples=[1])
    began_at: datetime = Field(examples=[_AT])
    ended_at: datetime | None = Field(examples=[_AT])
    outcome: str | None = Field(examples=["accepted"])
    code: int | None = Field(examples=[250])
    text: str | None = Field(examples=["2.0.0 Ok: queued"])


class MessageAnswer(BaseModel):
    """A letter to the contact: what became of it, why, and every attempt."""

    id: UUID
    enrolment_id: UUID
    journey: str = Field(examples=["cart-abandonment"])
    step: str = Field(examples=["cart-reminder"])
    letter: str = Field(examples=["cart-reminder"])
    message_class: str = Field(examples=["marketing"])
    topic: str | None = Field(examples=["offers"])
    state: str = Field(examples=["unsubscribed"])
    reason: str | None = Field(examples=["never subscribed to offers"])
    message_id: str
    created_at: datetime = Field(examples=[_AT])
    settled_at: datetime | None = Field(examples=[_AT])
    attempts: list[AttemptAnswer]
    temporal_ui: str = Field(examples=[_RUN], description="The page of the run it belongs to, in the Temporal UI.")

    @classmethod
    def of(cls, row: Mapping[Any, Any], door: FrontDoor) -> "MessageAnswer":
        """The answer out of a row of messages, with its attempts and its run's workflow."""
        return cls(**row, temporal_ui=run_page(door, row["workflow_id"]))


def written(at: datetime, row_id: UUID) -> str:
    """The place after a row, for `before`."""
    return base64.urlsafe_b64encode(f"{at.isoformat()} {row_id}".encode()).decode()


def place(cursor: str | None) -> tuple[datetime, UUID] | None:
    """The place that `before` names. Raises InvalidError."""
    if cursor is None:
        return None
    try:
        at, row_id = base64.urlsafe_b64decode(cursor).decode().split(" ")
        return datetime.fromisoformat(at), UUID(row_id)
    except (binascii.Error, ValueError) as error:
        raise InvalidError("1 field cannot be taken", (("before", "must be the `next` of an earlier page"),)) from error
