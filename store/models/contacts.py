"""Who a contact is: a person, and the identities by which the shop and we know that person."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import BigInteger, Column, Index, text
from sqlalchemy import Identity as DatabaseIdentity
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from store.models.columns import moment, stamped


class Contact(SQLModel, table=True):
    """A person. A contact that turned out to be another one points to that one with `merged_into`.

    `stage` is the stage of the lifecycle that was computed last; None: none was yet. Of a contact that was erased
    (`erased_at`) nothing is left but this row, to which rows of the ledger and of results refer.
    """

    __tablename__ = "contacts"

    id: UUID = Field(default_factory=uuid4, primary_key=True)
    traits: dict[str, Any] = Field(default_factory=dict, sa_column=Column(JSONB, nullable=False, server_default="{}"))
    created_at: datetime = Field(sa_column=stamped())
    seen_at: datetime = Field(sa_column=stamped())
    stage: str | None = None
    stage_since: datetime | None = Field(default=None, sa_column=moment())
    merged_into: UUID | None = Field(default=None, foreign_key="contacts.id", index=True)
    erased_at: datetime | None = Field(default=None, sa_column=moment())


class Identity(SQLModel, table=True):
    """One name of a contact: `user` (the shop's id), `email` (lower case) or `anonymous` (a browser)."""

    __tablename__ = "identities"

    kind: str = Field(primary_key=True)
    value: str = Field(primary_key=True)
    contact_id: UUID = Field(foreign_key="contacts.id", index=True)


class Consent(SQLModel, table=True):
    """One statement of a contact about a topic (`*`: all of them). Append-only; the latest one stands."""

    __tablename__ = "consents"
    __table_args__ = (Index("ix_consents_contact_topic", "contact_id", "topic", text("id DESC")),)

    id: int | None = Field(default=None, sa_column=Column(BigInteger, DatabaseIdentity(), primary_key=True))
    contact_id: UUID = Field(foreign_key="contacts.id")
    topic: str
    granted: bool
    source: str
    at: datetime = Field(sa_column=stamped())


class Suppression(SQLModel, table=True):
    """A statement about an address that takes no mail (`lifted`: that it does again). Append-only; the latest stands.

    What a `scope` blocks is told in `store/suppressions.py`. `address` is in lower case; of a contact that was erased
    it is a keyed hash. `evidence` says what the statement rests on, `actor` who made it.
    """

    __tablename__ = "suppressions"
    __table_args__ = (Index("ix_suppressions_address", "address", "scope", text("id DESC")),)

    id: int | None = Field(default=None, sa_column=Column(BigInteger, DatabaseIdentity(), primary_key=True))
    address: str
    scope: str = Field(default="hard", sa_column_kwargs={"server_default": "hard"})
    lifted: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    reason: str
    evidence: str | None = None
    actor: str = Field(default="relay", sa_column_kwargs={"server_default": "relay"})
    at: datetime = Field(sa_column=stamped())
