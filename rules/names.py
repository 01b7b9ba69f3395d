"""The names of the events that Kundresa itself records. Shops may not send those of `OWN`."""

from collections.abc import Mapping
from typing import Final

SUBSCRIBED = "Subscribed"
UNSUBSCRIBED = "Unsubscribed"

REQUESTED = "Enrolment Requested"
"""A call of the API or a step `enrol`; its property `journey` names the journey."""

TRAITS_CHANGED = "Traits Changed"
"""A journey has set traits; `traits` names them. Runs hear of what shops change under this name, too."""

SEGMENT_ENTERED = "Segment Entered"
SEGMENT_LEFT = "Segment Left"
"""The property `segment` names it."""

STAGE_CHANGED = "Stage Changed"
"""The properties `from` and `to` name stages of the lifecycle; `from` is missing at the first one."""

DATE_REACHED = "Date Reached"
"""A date that a journey waits for; `journey` names it, `trait` the trait, `date` the day of this year's occurrence."""

SCHEDULE_REACHED = "Schedule Reached"
"""A time of the calendar that a journey waits for; `journey` names it, `at` is the time."""

EVERY_TRAIT = "*"
"""Stands among the names of traits that came with an event when two contacts became one: any may have changed."""

OWN = frozenset(
    {REQUESTED, TRAITS_CHANGED, SEGMENT_ENTERED, SEGMENT_LEFT, STAGE_CHANGED, DATE_REACHED, SCHEDULE_REACHED}
)

CARRIED: Final[Mapping[str, frozenset[str]]] = {
    SEGMENT_ENTERED: frozenset({"segment"}),
    SEGMENT_LEFT: frozenset({"segment"}),
    DATE_REACHED: frozenset({"journey", "trait", "date"}),
    SCHEDULE_REACHED: frozenset({"journey", "segment", "at"}),
}
"""The properties of those that start journeys by themselves. What a request carries is up to who makes it."""
