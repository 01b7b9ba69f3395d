"""Every table, so that migrations and tests see the whole."""

from store.models.contacts import Consent, Contact, Identity, Suppression
from store.models.coupons import CouponCode, PublishedCoupon, Redemption
from store.models.decisions import Decision, Wish
from store.models.erasures import Erasure
from store.models.events import Event, Outgoing
from store.models.feedback import Told
from store.models.journeys import Changeover, Enrolment, JourneyVersion, PublishedJourney
from store.models.messages import Attempt, Message
from store.models.segments import Due, Fill, Membership, Policy, PublishedLetter, PublishedSegment

__all__ = [
    "Attempt",
    "Changeover",
    "Consent",
    "Contact",
    "CouponCode",
    "Decision",
    "Due",
    "Enrolment",
    "Erasure",
    "Event",
    "Fill",
    "Identity",
    "JourneyVersion",
    "Membership",
    "Message",
    "Outgoing",
    "Policy",
    "PublishedCoupon",
    "PublishedJourney",
    "PublishedLetter",
    "PublishedSegment",
    "Redemption",
    "Suppression",
    "Told",
    "Wish",
]
