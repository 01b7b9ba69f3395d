"""How many conditions a second are decided in memory, beside a function of the same truth that is written by hand."""

import asyncio
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from pydantic import TypeAdapter

from bench.figures import Figure, Target, Tell
from bench.servers import Servers
from rules.conditions import Condition
from rules.facts import Facts, Happening
from rules.flips import flips
from rules.holds import holds

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
_ASK: TypeAdapter[Condition] = TypeAdapter(Condition)

# What an author may well ask for a win-back: enough orders, none of them lately, and a big one among them.
WRITTEN: Mapping[str, Any] = {
    "all": [
        {"trait": "plan", "in": ["gold", "silver"]},
        {"event": "Order Completed", "times": {"at_least": 3}, "sum": {"property": "total", "gte": 200}},
        {"not": {"event": "Order Completed", "within": "10d"}},
        {"event": "Order Completed", "within": "365d", "where": {"property": "total", "gt": 50}},
        {"topic": "offers"},
    ]
}
FACTS = Facts(
    now=NOW,
    traits={"plan": "gold", "city": "Turku", "orders_count": 10},
    events=[
        Happening(
            "Order Completed" if number % 2 else "Product Viewed",
            NOW - timedelta(days=10 + number),
            {"total": 45 + number},
        )
        for number in range(20)
    ],
    topics={"offers": True},
)


def by_hand(facts: Facts) -> bool:
    """The same truth, as a programmer would write it for this one case."""
    orders = [event for event in facts.events if event.name == "Order Completed"]
    lately, this_year = facts.now - timedelta(days=10), facts.now - timedelta(days=365)
    return (
        facts.traits.get("plan") in ("gold", "silver")
        and len(orders) >= 3
        and sum(event.properties.get("total", 0) for event in orders) >= 200
        and not any(event.at >= lately for event in orders)
        and any(event.at >= this_year and event.properties.get("total", 0) > 50 for event in orders)
        and facts.topics.get("offers", False)
    )


async def measure(_: Servers, tell: Tell, *, seconds: float = 2.0, rounds: int = 3) -> list[Figure]:
    """Decide over and over, in turns with the function that is written by hand."""
    condition = _ASK.validate_python(WRITTEN)
    assert holds(condition, FACTS) is by_hand(FACTS) is True
    sides: dict[str, Callable[[], object]] = {
        "holds": partial(holds, condition, FACTS),
        "by hand": partial(by_hand, FACTS),
        "flips": partial(flips, condition, FACTS),
    }
    speeds = {name: list[float]() for name in sides}
    for _round in range(rounds):
        for name, decide in sides.items():
            speeds[name].append(await asyncio.to_thread(_speed, decide, seconds))
    best = {name: max(each) for name, each in speeds.items()}
    tell(f"conditions of five parts over 20 events: {best['holds']:,.0f}/s, by hand {best['by hand']:,.0f}/s")
    return [
        Figure("conditions in memory", "/s", best["holds"], best["by hand"], Target("ratio", "at least", 0.05)),
        Figure("the next change by time alone", "/s", best["flips"], best["by hand"]),
    ]


def _speed(decide: Callable[[], object], seconds: float) -> float:
    began, done = time.perf_counter(), 0
    while (spent := time.perf_counter() - began) < seconds:
        for _ in range(100):
            decide()
        done += 100
    return done / spent
