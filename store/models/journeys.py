"""Published journeys, and who is on their way through them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from store.models.columns import moment, stamped


class PublishedJourney(SQLModel, table=True):
    """A journey by name: which version takes new contacts (none: it was withdrawn), and whether it is held.

    `next_version` takes its place as soon as nobody is inside any more.
    """

    __tablename__ = "journeys"

    name: str = Field(primary_key=True)
    live_version: int | None = None
    next_version: int | None = None
    paused_at: datetime | None = Field(default=None, sa_column=moment())


class JourneyVersion(SQLModel, table=True):
    """One published state of a journey, immutable, known by its number and by the hash of its content."""

    __tablename__ = "journey_versions"

    journey: str = Field(primary_key=True, foreign_key="journeys.name")
    number: int = Field(primary_key=True)
    hash: str
    definition: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    published_at: datetime = Field(sa_column=stamped())


class Changeover(SQLModel, table=True):
    """What becomes of those inside other versions of a journey, since `version` was published; a sweep does it.

    `manner` is `migrate` or `end`; `mapping` tells of steps that are gone where to go on. The latest one counts.
    """

    __tablename__ = "changeovers"

    journey: str = Field(primary_key=True, foreign_key="journeys.name")
    version: int
    manner: str
    mapping: dict[str, str] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False, server_default="{}"))
    asked_at: datetime = Field(sa_column=stamped())
    done_at: datetime | None = Field(default=None, sa_column=moment())


class Enrolment(SQLModel, table=True):
    """One contact's way through one version of one journey: one Temporal workflow.

    `status` is `active`, `paused` (by an operator), `held` (the journey is paused and the run has come to its next
    move) or `ended`, with `reason`. `ways` are those that splits have given it, by the id of the split.
    """

    __tablename__ = "enrolments"
    __table_args__ = (
        Index(
            "uq_enrolments_inside",
            "journey",
            "contact_id",
            "key",
            unique=True,
            postgresql_where=text("status <> 'ended'"),
        ),
        Index("ix_enrolments_contact", "contact_id", "journey"),
        Index("ix_enrolments_erased", "ended_at", postgresql_where=text("reason = 'erased' AND workflow_id <> ''")),
        Index("ix_enrolments_merged", "ended_at", postgresql_where=text("reason = 'merged'")),
        Index("ix_enrolments_journey_status", "journey", "status", postgresql_where=text("status <> 'ended'")),
    )

    id: UUID = Field(primary_key=True)
    journey: str
    version: int
    contact_id: UUID = Field(foreign_key="contacts.id")
    key: str = ""
    workflow_id: str = Field(index=True)
    trigger_seq: int = Field(sa_column=Column(BigInteger, nullable=False))
    status: str = "active"
    started_at: datetime = Field(sa_column=moment(nullable=False))
    ended_at: datetime | None = Field(default=None, sa_column=moment())
    reason: str | None = None
    goal_until: datetime | None = Field(default=None, sa_column=moment())
    goal_at: datetime | None = Field(default=None, sa_column=moment())
    ways: dict[str, str] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False, server_default="{}"))
