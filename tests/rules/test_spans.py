"""Spans are never later than flips: whatever time can change for a contact is told of its events and their spans."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import TypeAdapter

from rules.conditions import Condition
from rules.facts import Facts, Happening, Named
from rules.flips import flips
from rules.spans import Span, spans
from tests.rules.worlds import EXAMPLES

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
TICK = timedelta(microseconds=1)
BOUGHT = {"event": "Order Completed"}


def condition(written: dict[str, Any]) -> Condition:
    adapted: TypeAdapter[Condition] = TypeAdapter(Condition)
    return adapted.validate_python(written)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        (BOUGHT, {}),
        ({**BOUGHT, "within": "30d"}, {timedelta(days=30) + TICK}),
        ({**BOUGHT, "after": "5d ago"}, {timedelta(days=5)}),
        ({**BOUGHT, "before": "5d ago"}, {timedelta(days=5) + TICK}),
        ({**BOUGHT, "after": "2026-01-01"}, {}),
        ({"segment": "lately"}, {timedelta(days=7) + TICK}),
        ({"topic": "offers"}, {}),
        ({"in_journey": "welcome"}, {}),
    ],
)
def test_what_time_can_change_is_told_by_event_and_span(written: dict[str, Any], expected: set[timedelta]) -> None:
    named = Named(segments={"lately": condition({**BOUGHT, "within": "7d"})})
    assert spans(condition(written), named) == frozenset(Span("Order Completed", after) for after in expected)


@pytest.mark.parametrize(
    "written",
    [
        {"trait": "renews", "before": "in 7d"},
        {**BOUGHT, "where": {"property": "due", "after": "now"}},
        {**BOUGHT, "last": {"property": "due", "after": "now"}},
        {"in_journey": "welcome", "within": "7d"},
        {"letter": "hello", "within": "7d"},
        {"all": [BOUGHT, {"not": {"trait": "renews", "before": "now"}}]},
    ],
)
def test_what_is_not_about_spans_after_events_is_told_to_be_so(written: dict[str, Any]) -> None:
    assert spans(condition(written), Named()) is None


_PARTS = st.sampled_from(
    [
        BOUGHT,
        {**BOUGHT, "within": "10d"},
        {**BOUGHT, "within": "3d", "times": {"exactly": 1}},
        {**BOUGHT, "before": "4d ago"},
        {"event": "Product Viewed", "after": "6d ago", "where": {"property": "total", "gt": 5}},
        {"event": "Product Viewed", "within": "12h", "sum": {"property": "total", "gte": 10}},
        {"segment": "lately"},
    ]
)
_CONDITIONS = st.recursive(
    _PARTS,
    lambda inner: st.one_of(
        inner.map(lambda part: {"not": part}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"all": parts}),
        st.lists(inner, min_size=1, max_size=3).map(lambda parts: {"any": parts}),
    ),
    max_leaves=4,
)
_HAPPENINGS = st.lists(
    st.builds(
        lambda name, hours, total: Happening(name, NOW - timedelta(hours=hours), {"total": total}),
        st.sampled_from(["Order Completed", "Product Viewed"]),
        st.integers(-24, 400),
        st.integers(0, 12),
    ),
    max_size=6,
)


@settings(max_examples=EXAMPLES)
@given(_CONDITIONS, _HAPPENINGS)
def test_the_first_span_that_ends_is_never_later_than_the_first_flip(
    written: dict[str, Any], events: list[Happening]
) -> None:
    named = Named(segments={"lately": condition({**BOUGHT, "within": "7d"})})
    asked = condition(written)
    flip = flips(asked, Facts(now=NOW, events=sorted(events, key=lambda event: event.at), named=named))
    found = spans(asked, named)
    assert found is not None
    ends = [event.at + span.after for span in found for event in events if event.name == span.event]
    first = min((end for end in ends if end > NOW), default=None)
    assert flip is None or (first is not None and first <= flip)
