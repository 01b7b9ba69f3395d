"""Columns that many tables have."""

from datetime import datetime

from sqlalchemy import Column, DateTime, func


def stamped() -> "Column[datetime]":
    """A moment with its offset, filled in by the database's clock when it is not given."""
    return Column(DateTime(timezone=True), nullable=False, server_default=func.now())


def moment(*, nullable: bool = True) -> "Column[datetime]":
    """A moment with its offset."""
    return Column(DateTime(timezone=True), nullable=nullable)
