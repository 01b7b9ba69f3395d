"""The audit of erasures."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column
from sqlalchemy import Identity as DatabaseIdentity
from sqlmodel import Field, SQLModel

from store.models.columns import stamped


class Erasure(SQLModel, table=True):
    """A contact was erased: when, who had it done, and what was ended with it. Append-only; it tells of no person.

    `letters` were claimed and are not sent; `on_their_way` were past the dot, and are told by the ledger.
    """

    __tablename__ = "erasures"

    id: int | None = Field(default=None, sa_column=Column(BigInteger, DatabaseIdentity(), primary_key=True))
    contact_id: UUID = Field(foreign_key="contacts.id", unique=True)
    at: datetime = Field(sa_column=stamped())
    actor: str
    runs: int
    letters: int
    on_their_way: int
