"""What was heard of messages after they left."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, UniqueConstraint
from sqlalchemy import Identity as DatabaseIdentity
from sqlmodel import Field, SQLModel

from store.models.columns import moment, stamped


class Told(SQLModel, table=True):
    """One thing that a provider or a mail server told of a message. Append-only; `event_id` is the teller's own."""

    __tablename__ = "feedback"
    __table_args__ = (UniqueConstraint("source", "event_id"),)

    id: int | None = Field(default=None, sa_column=Column(BigInteger, DatabaseIdentity(), primary_key=True))
    source: str
    event_id: str
    message: UUID = Field(foreign_key="messages.id", index=True)
    kind: str
    hardness: str | None = None
    category: str | None = None
    code: str | None = None
    at: datetime = Field(sa_column=moment(nullable=False))
    received_at: datetime = Field(sa_column=stamped())
