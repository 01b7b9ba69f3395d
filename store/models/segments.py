"""Segments, who is in them, what falls due by time alone, and what holds for the whole shop."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, Index
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from store.models.columns import moment, stamped


class PublishedSegment(SQLModel, table=True):
    """A segment by name. `withdrawn_at`: its file is gone, and nobody is in it any more."""

    __tablename__ = "segments"

    name: str = Field(primary_key=True)
    hash: str
    definition: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    published_at: datetime = Field(sa_column=stamped())
    withdrawn_at: datetime | None = Field(default=None, sa_column=moment())


class Fill(SQLModel, table=True):
    """The back-fill of something new over all contacts, in batches: it has come to the contact `cursor`.

    `kind` and `name` are those of `Due`; `hash` is that of the definition which is filled in. `filled_at`: it is done.
    """

    __tablename__ = "fills"

    kind: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    hash: str
    cursor: UUID | None = None
    seen: int = Field(default=0, sa_column_kwargs={"server_default": "0"})
    began_at: datetime = Field(sa_column=stamped())
    filled_at: datetime | None = Field(default=None, sa_column=moment())


class Membership(SQLModel, table=True):
    """A contact is in a segment."""

    __tablename__ = "memberships"
    __table_args__ = (Index("ix_memberships_contact", "contact_id"),)

    segment: str = Field(primary_key=True)
    contact_id: UUID = Field(primary_key=True, foreign_key="contacts.id")
    since: datetime = Field(sa_column=stamped())


class Due(SQLModel, table=True):
    """The next instant at which time alone changes something for a contact.

    `kind` `segment`: the truth of that segment's condition can change. `stage`: that of the stage (name ""). `date`: a
    date that starts a journey has come (its `name`, # and the trigger's number); `day` is the date of its occurrence.
    `look`: something else has changed.

    No foreign key: whoever settles a letter writes here, and must not wait for somebody who merges contacts.
    """

    __tablename__ = "due"
    __table_args__ = (Index("ix_due_at", "at"), Index("ix_due_contact", "contact_id"))

    kind: str = Field(primary_key=True)
    name: str = Field(primary_key=True)
    contact_id: UUID = Field(primary_key=True)
    at: datetime = Field(sa_column=moment(nullable=False))
    day: str | None = None


class Policy(SQLModel, table=True):
    """What holds for the whole shop: `stages` and `pacing`, each one definition."""

    __tablename__ = "policies"

    name: str = Field(primary_key=True)
    hash: str
    definition: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    published_at: datetime = Field(sa_column=stamped())


class PublishedLetter(SQLModel, table=True):
    """A letter as it was when it was last published: only its hash is kept here, the letter is a folder."""

    __tablename__ = "letters"

    name: str = Field(primary_key=True)
    hash: str
    published_at: datetime = Field(sa_column=stamped())
