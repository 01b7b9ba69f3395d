"""The lifecycle that comes with Kundresa, as one person goes through it: by what she does, and by time alone."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from rules.facts import Facts, Happening, Named
from rules.policies import Lifecycle
from rules.upkeep import kept_stages, stage_of

SHIPPED = Path(__file__).parent.parent.parent / "policies" / "stages.yaml"
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)


class Person:
    """Somebody to whom things happen on days of her own calendar, which begins with day 0."""

    def __init__(self) -> None:
        lifecycle = Lifecycle.model_validate(yaml.safe_load(SHIPPED.read_text()))
        self.kept = kept_stages(Named(stages=lifecycle.stages))
        self.events: list[Happening] = []

    def does(self, name: str, day: float, **properties: Any) -> str:
        """The stage that she is at right after it."""
        self.events.append(Happening(name, BEGIN + timedelta(days=day), properties))
        return self.stage(day)

    def stage(self, day: float) -> str:
        return stage_of(self.kept, Facts(now=BEGIN + timedelta(days=day), events=self.events))[0]

    def passes(self, day: float, until: float) -> list[tuple[int, str]]:
        """The days on which she comes to other stages by time alone, and these stages."""
        now, met, last = BEGIN + timedelta(days=day), list[tuple[int, str]](), self.stage(day)
        while True:
            _, flip = stage_of(self.kept, Facts(now=now, events=self.events))
            if flip is None or flip > BEGIN + timedelta(days=until):
                return met
            now, stage = flip, stage_of(self.kept, Facts(now=flip, events=self.events))[0]
            if stage != last:
                met.append(((now - BEGIN).days, stage))
            last = stage


def test_a_newcomer_looks_buys_comes_again_and_becomes_loyal() -> None:
    person = Person()
    assert person.stage(0) == "lead"
    assert person.does("Product Viewed", 1) == "engaged"
    assert person.does("Order Completed", 2) == "first-time"
    assert person.does("Order Completed", 40) == "repeat"
    assert [person.does("Order Completed", day) for day in (80, 120)] == ["repeat", "loyal"]


def test_who_only_looked_is_a_lead_again_after_a_month() -> None:
    person = Person()
    person.does("Product Viewed", 1)
    assert person.passes(1, 100) == [(31, "lead")]


def test_without_orders_customers_are_at_risk_and_then_lapse_and_an_order_brings_them_back() -> None:
    person = Person()
    person.does("Order Completed", 0)
    assert person.passes(0, 1000) == [(120, "at-risk"), (365, "lapsed")]
    assert person.does("Order Completed", 500) == "repeat"
    assert person.passes(500, 2000) == [(620, "at-risk"), (865, "lapsed")]


def test_who_buys_again_and_tells_others_is_an_ambassador() -> None:
    person = Person()
    for day in (0, 30):
        person.does("Order Completed", day)
    assert person.does("Product Reviewed", 40, rating=2) == "repeat"
    assert [person.does("Product Reviewed", day, rating=5) for day in (41, 42)] == ["repeat", "ambassador"]
