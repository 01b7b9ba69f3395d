"""The paths through a plan: where a run can come, how soon, and what is known there."""

from datetime import timedelta

import pytest

from rules.given import given
from rules.laid import Laid
from rules.paths import earliest, round_of
from rules.segment import Segment
from tests.rules.journeys import journey, plan

HOURS = {
    "waits add up": ("[{wait: 1h}, {send: a}, {wait: 2h}, {send: b}]", {"a": 1, "b": 3}),
    "an event may come at once": (
        "[{wait_for: X, timeout: 5h, otherwise: [{send: late}]}, {send: a}]",
        {"a": 0, "late": 5},
    ),
    "a local time may be now": ("[{wait_until: {time: '09:00'}}, {send: a}]", {"a": 0}),
    "the shorter way counts": (
        "[{branch: [{when: {topic: x}, then: [{wait: 1h}]}, {otherwise: [{wait: 4h}]}]}, {send: a}]",
        {"a": 1},
    ),
    "nobody comes behind an exit": ("[{exit: x}, {send: a}]", {"a": None}),
    "nobody takes a way that contradicts itself": (
        "[{branch: [{when: {trait: n, gt: 2, lt: 1}, then: [{send: a}]}]}, {send: b}]",
        {"a": None, "b": 0},
    ),
    "rounds go round": (
        "[{repeat: {every: 1d, at_most: 3, steps: [{send: a}, {wait: 2h}]}}, {send: b}]",
        {"a": 0, "b": 0},
    ),
    "behind rounds that end the run comes nobody": (
        "[{repeat: {every: 1d, at_most: 3, steps: [{exit: x}]}}, {send: b}]",
        {"b": None},
    ),
    "behind rounds that are not begun at all comes somebody": (
        "[{repeat: {every: 1d, until: {topic: x}, steps: [{exit: x}]}}, {send: b}]",
        {"b": 0},
    ),
}


@pytest.mark.parametrize(("steps", "hours"), HOURS.values(), ids=HOURS)
def test_the_earliest_moment_of_each_step_is_known(steps: str, hours: dict[str, int | None]) -> None:
    came = earliest(plan(steps))
    assert {name: came.get(name) for name in hours} == {
        name: None if after is None else timedelta(hours=after) for name, after in hours.items()
    }


def test_how_long_a_round_takes_at_least_is_known() -> None:
    repeating = plan("[{id: rounds, repeat: {every: 1d, at_most: 3, steps: [{send: a}, {wait: 2h}]}}]")
    assert round_of(repeating, "rounds") == timedelta(hours=2)


def test_what_is_known_at_a_step_is_known_on_every_way_to_it() -> None:
    asked = journey(
        "[{branch: [{when: {all: [{trait: city, exists: true}, {trait: age, gt: 1}]}, then: [{send: a}]},"
        " {when: {trait: city, is: Turku}}, {otherwise: [{set: {traits: {city: Oslo, age: null}}}]}]}, {send: b}]",
        trigger={"event": "A", "where": {"property": "plan", "in": ["x", "y"]}},
    )
    known = given(Laid(asked).plan, asked, {})
    assert known["a"] == {"event.plan", "contact.city", "contact.age"}
    assert known["b"] == {"event.plan", "contact.city"}


def test_what_a_segment_asks_for_is_known_of_who_enters_it() -> None:
    inner = Segment.model_validate({"segment": "in", "title": "I", "when": {"trait": "city", "is": "Turku"}})
    outer = Segment.model_validate(
        {"segment": "out", "title": "O", "when": {"all": [{"segment": "in"}, {"topic": "x"}]}}
    )
    entered = journey("[{send: a}]", trigger={"segment": "out"})
    assert given(Laid(entered).plan, entered, {"in": inner, "out": outer})["a"] == {"contact.city"}
    left = journey("[{send: a}]", trigger={"segment": "out", "on": "left"})
    assert given(Laid(left).plan, left, {"in": inner, "out": outer})["a"] == frozenset()


def test_a_journey_with_one_id_twice_is_laid_out_all_the_same() -> None:
    twice = Laid(journey("[{send: a, id: x}, {wait: 1h}, {send: b, id: x}, {set: {traits: {id: 1}}}]"))
    assert [twice.name(step) for _, step in twice.steps()] == ["a", "wait-1h", "b", "set"]
    assert len(twice.plan.steps) == 4
