"""Coupons, and the codes that were given away."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, text
from sqlalchemy import Identity as DatabaseIdentity
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

from store.models.columns import moment, stamped


class PublishedCoupon(SQLModel, table=True):
    """A coupon by name. `withdrawn_at`: its file is gone; who was promised a code may still get it."""

    __tablename__ = "coupons"

    name: str = Field(primary_key=True)
    hash: str
    definition: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    published_at: datetime = Field(sa_column=stamped())
    withdrawn_at: datetime | None = Field(default=None, sa_column=moment())


class CouponCode(SQLModel, table=True):
    """A code: of a pool (`pooled`), free until `given_at`, given once and never again; or a fixed one, given.

    To whom it was given is not known any more when that contact was erased.

    No two pools have the same code, whatever its case: customers type them as they like.
    """

    __tablename__ = "coupon_codes"
    __table_args__ = (
        Index("uq_coupon_codes_pooled", text("upper(code)"), unique=True, postgresql_where=text("pooled")),
        Index("uq_coupon_codes_given", "coupon", "enrolment_id", unique=True),
        Index("ix_coupon_codes_free", "coupon", "id", postgresql_where=text("given_at IS NULL")),
    )

    id: int | None = Field(default=None, sa_column=Column(BigInteger, DatabaseIdentity(), primary_key=True))
    coupon: str = Field(foreign_key="coupons.name")
    code: str
    pooled: bool
    added_at: datetime = Field(sa_column=stamped())
    enrolment_id: UUID | None = Field(default=None, foreign_key="enrolments.id")
    given_at: datetime | None = Field(default=None, sa_column=moment())
    valid_until: datetime | None = Field(default=None, sa_column=moment())


class Redemption(SQLModel, table=True):
    """A code was used. The same report again (`source`) counts once."""

    __tablename__ = "redemptions"
    __table_args__ = (
        Index("ix_redemptions_coupon_code", "coupon", "code"),
        Index("ix_redemptions_contact", "contact_id"),
    )

    source: str = Field(primary_key=True)
    coupon: str = Field(primary_key=True, foreign_key="coupons.name")
    code: str = Field(primary_key=True)
    contact_id: UUID | None = Field(default=None, foreign_key="contacts.id")
    at: datetime = Field(sa_column=stamped())
