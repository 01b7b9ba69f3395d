"""Journeys for tests, written as authors write them."""

from typing import Any

import yaml

from rules.arrivals import Version, version
from rules.journey import Journey
from rules.layout import lay_out
from rules.plan import Plan

HEAD = {
    "journey": "tried",
    "title": "Tried",
    "class": "marketing",
    "topic": "offers",
    "trigger": {"event": "Signed Up"},
}


def journey(steps: str, **more: Any) -> Journey:
    """A journey of these steps, in YAML; `more` adds to its head, or replaces parts of it."""
    return Journey.model_validate({**HEAD, **more, "steps": yaml.safe_load(steps)})


def plan(steps: str, **more: Any) -> Plan:
    """The plan of such a journey, in its first version."""
    return lay_out(journey(steps, **more), 1)


def routed(definition: Journey, number: int = 1) -> Version:
    """A version of a journey, as the router knows it."""
    return version(definition, lay_out(definition, number))
