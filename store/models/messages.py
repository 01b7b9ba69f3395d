"""The send ledger: one row a message, with every attempt and every reason."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Column, Index, LargeBinary, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from store.models.columns import moment, stamped


class Message(SQLModel, table=True):
    """A letter to one contact. Its states and their order are told in `store/ledger.py`.

    `staff` names who of the shop's own staff gets it instead. `paced_at` is when it was claimed last, and from the dot
    on when it left, on the run's clock: by it caps count. `facts` are what the decision to send it rested on.
    """

    __tablename__ = "messages"
    __table_args__ = (
        Index("ix_messages_contact", "contact_id", text("created_at DESC")),
        Index("ix_messages_enrolment", "enrolment_id"),
        Index("ix_messages_message_id", "message_id"),
        Index("ix_messages_staff", "journey", "staff", "paced_at", postgresql_where=text("staff IS NOT NULL")),
        Index(
            "ix_messages_unsettled", "state", postgresql_where=text("state IN ('claimed', 'dot_pending', 'unknown')")
        ),
    )

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    send_key: str = Field(unique=True)
    enrolment_id: UUID = Field(foreign_key="enrolments.id")
    contact_id: UUID = Field(foreign_key="contacts.id")
    journey: str
    step: str
    letter: str
    message_class: str
    topic: str | None = None
    state: str
    reason: str | None = None
    message_id: str
    recipient: str | None = None
    raw: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    attempts: int = 0
    resent: bool = False
    lease: UUID | None = None
    dot_at: datetime | None = Field(default=None, sa_column=moment())
    not_after: datetime = Field(sa_column=moment(nullable=False))
    created_at: datetime = Field(sa_column=stamped())
    settled_at: datetime | None = Field(default=None, sa_column=moment())
    paced_at: datetime = Field(sa_column=stamped())
    staff: str | None = None
    facts: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False, server_default="{}"))


class Attempt(SQLModel, table=True):
    """One try to hand a message to the relay. Append-only; `outcome` is empty while it is under way."""

    __tablename__ = "attempts"

    id: UUID = Field(primary_key=True)
    message: UUID = Field(foreign_key="messages.id", index=True)
    number: int
    began_at: datetime = Field(sa_column=stamped())
    ended_at: datetime | None = Field(default=None, sa_column=moment())
    outcome: str | None = None
    code: int | None = None
    text: str | None = None
