"""Every table, so that migrations and tests see the whole."""

from store.models.contacts import Consent, Contact, Identity, Suppression
from store.models.events import Event, Outgoing
from store.models.journeys import Enrolment, JourneyVersion, PublishedJourney
from store.models.messages import Attempt, Message

__all__ = [
    "Attempt",
    "Consent",
    "Contact",
    "Enrolment",
    "Event",
    "Identity",
    "JourneyVersion",
    "Message",
    "Outgoing",
    "PublishedJourney",
    "Suppression",
]
