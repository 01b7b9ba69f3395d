"""Lanes of the outbox: every contact's events stand in one lane, and one router at a time works on a lane."""

from uuid import UUID

LANES = 32
CHANNEL = "kundresa_outbox"
"""PostgreSQL's notification channel that wakes the routers when events were committed."""


def lane_of(contact_id: UUID) -> int:
    """The lane in which this contact's events wait."""
    return contact_id.int % LANES
