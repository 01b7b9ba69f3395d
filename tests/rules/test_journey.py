from datetime import time, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from pydantic import ValidationError

from rules.clocks import LocalTime
from rules.conditions import PropertyIs
from rules.journey import Journey, ReEntry
from rules.matches import EventMatch
from rules.steps import Send, WaitFor, WaitUntil, walk
from tests.rules import strategies

PLAIN: dict[str, Any] = {
    "journey": "cart",
    "title": "A cart",
    "class": "marketing",
    "trigger": {"event": "Cart Viewed"},
    "steps": [{"send": "hello"}],
}


def read(**changed: Any) -> Journey:
    return Journey.model_validate({**PLAIN, **changed})


@settings(max_examples=50)
@given(strategies.journeys)
def test_every_journey_that_is_dumped_reads_back_equal(journey: Journey) -> None:
    short = journey.model_dump_json(by_alias=True, exclude_defaults=True)
    assert Journey.model_validate_json(short) == journey
    assert Journey.model_validate_json(journey.model_dump_json(by_alias=True)) == journey
    assert Journey.model_validate(journey.model_dump(by_alias=True, exclude_defaults=True)) == journey


@pytest.mark.parametrize(
    "written", ["Order Completed", {"event": "Order Completed"}, ["Order Completed"], [{"event": ["Order Completed"]}]]
)
def test_one_event_may_be_written_without_a_list(written: object) -> None:
    assert read(exit_on=written).exit_on == (EventMatch(event=("Order Completed",)),)


@pytest.mark.parametrize(
    ("written", "rule"),
    [
        ("never", ReEntry(allowed=False)),
        ("always", ReEntry(allowed=True)),
        ("after 7d", ReEntry(allowed=True, after=timedelta(days=7))),
    ],
)
def test_re_entry_is_written_in_words(written: str, rule: ReEntry) -> None:
    assert read(re_entry=written).re_entry == rule


@pytest.mark.parametrize("written", ["sometimes", "after", "after soon", 7, None, True])
def test_other_words_are_no_rule_of_re_entry(written: object) -> None:
    with pytest.raises(ValidationError):
        read(re_entry=written)


@pytest.mark.parametrize(
    ("written", "clock"), [("09:30", time(9, 30)), ("9:30", time(9, 30)), ("23:59:59", time(23, 59, 59))]
)
def test_a_time_of_day_is_hours_and_minutes(written: str, clock: time) -> None:
    (step,) = read(steps=[{"wait_until": {"time": written, "weekday": "mon"}}]).steps
    assert isinstance(step, WaitUntil)
    assert step.wait_until == LocalTime(time=clock, weekday=("mon",))


@pytest.mark.parametrize("written", [9, 570, "9", "24:00", "09:60", "09:30+02:00", "noon", None])
def test_a_number_or_an_offset_is_no_time_of_day(written: object) -> None:
    with pytest.raises(ValidationError, match="no time of day"):
        read(steps=[{"wait_until": {"time": written}}])


def test_false_asks_on_purpose_for_events_of_every_order() -> None:
    (step,) = read(steps=[{"wait_for": {"event": "Email Opened", "same": False}}]).steps
    assert isinstance(step, WaitFor)
    (awaited,) = step.wait_for
    assert isinstance(awaited, EventMatch)
    assert awaited.same == ""


def test_otherwise_must_be_the_last_way_of_a_branch() -> None:
    ways = [{"otherwise": []}, {"when": {"trait": "a", "exists": True}}]
    with pytest.raises(ValidationError, match="must be the last way"):
        read(steps=[{"branch": ways}])


@pytest.mark.parametrize("unknown", [{"colour": "red"}, {"class_": "marketing", "colour": 1}])
def test_unknown_keys_are_refused(unknown: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        read(**unknown)


def test_every_step_is_walked_in_the_order_of_the_file() -> None:
    journey = read(
        steps=[
            {
                "branch": [
                    {"when": {"trait": "a", "exists": True}, "then": [{"send": "one"}]},
                    {"otherwise": [{"send": "two"}]},
                ]
            },
            {"wait_for": {"event": "Email Opened"}, "timeout": "1d", "otherwise": [{"send": "three"}]},
            {"send": "four"},
        ]
    )
    assert [step.send for step in walk(journey.steps) if isinstance(step, Send)] == ["one", "two", "three", "four"]


@pytest.mark.parametrize("field", ["title", "steps"])
def test_a_definition_never_changes(field: str) -> None:
    with pytest.raises(ValidationError, match="frozen"):
        setattr(read(), field, None)


def test_a_condition_is_told_by_the_key_it_begins_with() -> None:
    (trigger,) = read(trigger={"event": "A", "where": {"property": "total", "gt": 5}}).trigger
    assert trigger.model_dump(by_alias=True, exclude_defaults=True) == {
        "event": ("A",),
        "where": {"property": "total", "gt": 5.0},
    }
    assert PropertyIs(property="total", gt=5) == PropertyIs.model_validate({"property": "total", "gt": 5})
