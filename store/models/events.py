"""What happened, as the front door accepted it, and the outbox from which the router works."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, SmallInteger, String, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

from store.models.columns import moment, stamped


class Event(SQLModel, table=True):
    """Something that happened to a contact. Immutable but for its contact, when two contacts are merged."""

    __tablename__ = "events"
    __table_args__ = (
        Index("ix_events_contact_name", "contact_id", "name", "occurred_at"),
        Index("ix_events_stage_changed", "occurred_at", postgresql_where=text("name = 'Stage Changed'")),
    )

    seq: int | None = Field(default=None, sa_column=Column(BigInteger, primary_key=True, autoincrement=True))
    message_id: str = Field(unique=True)
    contact_id: UUID = Field(foreign_key="contacts.id")
    name: str
    properties: dict[str, Any] = Field(
        default_factory=dict, sa_column=Column(JSONB, nullable=False, server_default="{}")
    )
    context: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False, server_default="{}"))
    occurred_at: datetime = Field(sa_column=moment(nullable=False))
    received_at: datetime = Field(sa_column=stamped())


class Outgoing(SQLModel, table=True):
    """An event that the router has still to look at. Lanes keep the order of each contact's events.

    `traits` names the traits that came with it; `backfill`: it was imported, and is a fact but no occasion.
    """

    __tablename__ = "outbox"
    __table_args__ = (Index("ix_outbox_lane_seq", "lane", "seq"),)

    seq: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    contact_id: UUID
    lane: int = Field(sa_column=Column(SmallInteger, nullable=False))
    attempts: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    not_before: datetime | None = Field(default=None, sa_column=moment())
    error: str | None = None
    traits: list[str] = Field(
        default_factory=list, sa_column=Column(ARRAY(String), nullable=False, server_default="{}")
    )
    backfill: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    received_at: datetime = Field(sa_column=stamped())
