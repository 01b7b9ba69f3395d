"""When time alone changes the truth: told exactly, and never too late."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import Phase, given, settings

from rules.conditions import Condition
from rules.facts import Facts, Happening, Named, Stay
from rules.flips import TRIED, flips
from rules.holds import holds
from rules.references import Circle
from tests.rules.worlds import EXAMPLES, NOW, TICK, World, parsed, worlds

DAY, MINUTE = timedelta(days=1), timedelta(minutes=1)
WATCHED = timedelta(hours=3)


def order(ago: timedelta, **properties: Any) -> Happening:
    return Happening("Order Completed", NOW - ago, properties)


FACTS = Facts(
    now=NOW,
    traits={"birthday": "2026-12-24", "trial_ends": "2026-11-22T12:00:00Z", "plan": "gold"},
    events=[order(40 * DAY, total=5), order(3 * DAY, total=80, due="2026-12-01"), order(timedelta(0), total=10)],
    stays=[Stay("welcome", NOW - 2 * DAY)],
    start={"due": "2026-12-01"},
    named=Named({"buyers": parsed({"event": "Order Completed", "within": "30d"})}),
)
FLIPS: list[tuple[dict[str, Any], timedelta | None]] = [
    ({"event": "Order Completed", "within": "30d"}, 30 * DAY + TICK),
    ({"event": "Order Completed", "within": "30d", "times": {"at_least": 2}}, 27 * DAY + TICK),
    ({"event": "Order Completed", "within": "50d", "sum": {"property": "total", "gte": 91}}, 10 * DAY + TICK),
    ({"not": {"event": "Order Completed", "within": "30d"}}, 30 * DAY + TICK),
    ({"segment": "buyers"}, 30 * DAY + TICK),
    ({"segment": "nobody"}, None),
    ({"event": "Order Completed"}, None),
    ({"event": "Order Completed", "times": {"exactly": 2}, "before": "2d ago"}, 2 * DAY + TICK),
    ({"event": "Order Completed", "after": "5d ago", "times": {"exactly": 2}}, 2 * DAY),
    ({"event": "Order Completed", "last": {"property": "due", "before": "now"}}, None),
    ({"event": "Order Completed", "where": {"property": "due", "before": "now"}}, timedelta(days=9, hours=12) + TICK),
    ({"property": "due", "before": "in 2d"}, timedelta(days=7, hours=12) + TICK),
    ({"trait": "trial_ends", "before": "in 12h"}, DAY / 2 + TICK),
    ({"trait": "trial_ends", "after": "now"}, DAY),
    ({"trait": "trial_ends", "after": "now", "before": "in 12h"}, DAY / 2 + TICK),
    ({"trait": "trial_ends", "before": "2026-11-22"}, None),
    ({"trait": "plan", "before": "in 12h"}, None),
    ({"in_journey": "welcome", "within": "2d"}, TICK),
    ({"in_journey": "welcome"}, None),
    ({"all": [{"trait": "plan", "is": "tin"}, {"trait": "trial_ends", "after": "now"}]}, None),
]


@pytest.mark.parametrize(("written", "after"), FLIPS, ids=str)
def test_the_next_change_by_time_alone(written: dict[str, Any], after: timedelta | None) -> None:
    assert flips(parsed(written), FACTS) == (None if after is None else NOW + after)


def test_an_answer_stays_cheap_by_telling_an_instant_that_was_not_tried() -> None:
    events = [order(timedelta(0) - number * MINUTE) for number in range(2 * TRIED)]
    within = parsed({"event": "Order Completed", "within": "1h"})
    told = flips(within, replace(FACTS, events=events))
    assert told == NOW + timedelta(hours=1) + TRIED * MINUTE + TICK


def test_beyond_the_calendar_nothing_changes() -> None:
    ever = replace(FACTS, traits={"until": "9999-12-31T23:59:59-12:00"})
    assert flips(parsed({"trait": "until", "after": "30d ago"}), ever) is None


def test_a_circle_is_told() -> None:
    circle = Named({"a": parsed({"segment": "b"}), "b": parsed({"not": {"segment": "a"}})})
    with pytest.raises(Circle, match="segment a -> segment b -> segment a"):
        flips(parsed({"segment": "a"}), replace(FACTS, named=circle))


def stepped(condition: Condition, facts: Facts, until: datetime) -> list[tuple[datetime, bool]]:
    """From when on the condition was how, stepping from one flip to the next."""
    truths = [(facts.now, holds(condition, facts))]
    while (at := flips(condition, replace(facts, now=truths[-1][0]))) is not None and at <= until:
        assert at > truths[-1][0]
        truths.append((at, holds(condition, replace(facts, now=at))))
    return truths


# A seed of another size tells nothing simpler: it is not made smaller.
@settings(max_examples=EXAMPLES, phases=[Phase.generate])
@given(world=worlds)
def test_stepping_through_the_flips_tells_what_every_minute_tells(world: World) -> None:
    condition, facts = world.timely(), world.history().facts(world.named(), NOW - WATCHED / 2)
    truths = stepped(condition, facts, facts.now + WATCHED)
    minutes = [facts.now + number * MINUTE for number in range(int(WATCHED / MINUTE))]
    # Beside the minutes, the ticks before and after those on which windows close.
    closing = [at + tick for at in minutes if at.minute % 30 < 2 for tick in (-TICK, TICK) if at > facts.now]
    for at in minutes + closing:
        told = [truth for since, truth in truths if since <= at][-1]
        assert holds(condition, replace(facts, now=at)) is told, (at, condition)
