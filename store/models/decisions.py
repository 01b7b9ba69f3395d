"""Decisions: every verdict with its reason, and the letters that wait for their turn."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index
from sqlalchemy import Identity as DatabaseIdentity
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from store.models.columns import moment, stamped


class Decision(SQLModel, table=True):
    """A verdict with its reason. Append-only; old ones are removed after a time. `key` makes a repeat harmless.

    `kind` is entered, refused, branch, split, wait, letter, set, webhook, notify, enrol, repeat, migrated or ended.
    No foreign key to the contact: its lock would wait for a merge that waits for the letter whose fate is noted here.
    `facts` are what the verdict rested on: the conditions that were looked at, with the values that they had.
    """

    __tablename__ = "decisions"
    __table_args__ = (
        Index("ix_decisions_contact", "contact_id", "id"),
        Index("ix_decisions_enrolment", "enrolment_id"),
        Index("ix_decisions_at", "at"),
    )

    id: int | None = Field(default=None, sa_column=Column(BigInteger, DatabaseIdentity(), primary_key=True))
    key: str | None = Field(default=None, unique=True)
    at: datetime = Field(sa_column=stamped())
    contact_id: UUID
    enrolment_id: UUID | None = Field(default=None, foreign_key="enrolments.id")
    journey: str
    version: int | None = None
    step: str | None = None
    kind: str
    verdict: str
    reason: str | None = None
    facts: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False, server_default="{}"))


class Wish(SQLModel, table=True):
    """A marketing letter that wants to leave and waits, since `at`, until `until` (both by the run's clock).

    Of several at the same moment, the one of the highest priority leaves. `not_after` is when it grows stale: later
    than its author said, for as long as it was made to wait.
    """

    __tablename__ = "wishes"
    __table_args__ = (Index("ix_wishes_contact", "contact_id"), Index("ix_wishes_enrolment", "enrolment_id"))

    send_key: str = Field(primary_key=True)
    enrolment_id: UUID = Field(foreign_key="enrolments.id")
    contact_id: UUID = Field(foreign_key="contacts.id")
    topic: str | None = None
    priority: int
    at: datetime = Field(sa_column=stamped())
    until: datetime = Field(sa_column=moment(nullable=False))
    not_after: datetime = Field(sa_column=moment(nullable=False))
