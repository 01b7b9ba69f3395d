"""What changed between two states of a journey, told as its author would say it."""

from typing import Any

import pytest

from rules.comparing import compare, compare_journeys, written
from rules.journey import Journey
from rules.segment import Segment

STEPS: list[dict[str, Any]] = [
    {"wait": "1h"},
    {
        "branch": [
            {"when": {"trait": "orders_count", "gte": 3}, "then": [{"send": "cart-loyal"}]},
            {"otherwise": [{"send": "cart-reminder"}]},
        ]
    },
    {"send": "order-review"},
]


def journey(**says: Any) -> Journey:
    given = {
        "journey": "tried",
        "title": "Tried",
        "class": "transactional",
        "trigger": {"event": "Signed Up"},
        "steps": STEPS,
    }
    return Journey.model_validate(given | says)


def steps(*new: dict[str, Any], old: list[dict[str, Any]] = STEPS) -> list[str]:
    """Each change of the steps on one line, as a person reads it."""
    change = compare_journeys(journey(steps=old), journey(steps=list(new)))
    assert change.rules == ()
    return [
        f"{each.kind} {each.step}" + "".join(f"; {difference}" for difference in each.differences)
        for each in change.steps
    ]


@pytest.mark.parametrize(
    ("says", "told"),
    [
        ({}, []),
        ({"trigger": [{"event": ["Signed Up"]}], "re_entry": "never"}, []),
        ({"title": "Tried anew"}, ["title: Tried → Tried anew"]),
        ({"trigger": {"event": "Order Paid"}}, ["trigger > #1 > event > #1: Signed Up → Order Paid"]),
        (
            {"trigger": {"segment": "lapsed"}},
            ["trigger > #1 > event: [Signed Up] → left out", "trigger > #1 > segment: lapsed (new)"],
        ),
        ({"re_entry": "after 7d"}, ["re_entry: once → again after 1 week"]),
        ({"re_entry": "always"}, ["re_entry: once → any number of times"]),
        ({"exit_on": {"event": "Order Completed"}}, ["exit_on: [{event: [Order Completed]}] (new)"]),
        (
            {"goal": {"event": "Order Completed", "within": "5d"}},
            ["goal: {event: [Order Completed], within: 5d} (new)"],
        ),
        ({"limit": "30d", "priority": 80}, ["limit: 30d (new)", "priority: 80 (new)"]),
    ],
)
def test_changes_of_a_journeys_rules_are_told_place_by_place(says: dict[str, Any], told: list[str]) -> None:
    change = compare_journeys(journey(), journey(**says))
    assert sorted(map(str, change.rules)) == sorted(told)
    assert change.steps == ()


def test_the_same_steps_are_no_change() -> None:
    assert steps(*STEPS) == []


def test_a_longer_wait_with_an_id_is_the_same_step_changed() -> None:
    assert steps({"id": "calm", "wait": "2h"}, old=[{"id": "calm", "wait": "1h"}]) == ["changed calm; wait: 1h → 2h"]


def test_a_longer_wait_without_an_id_is_another_step_in_its_stead() -> None:
    change = compare_journeys(journey(), journey(steps=[{"wait": "2h"}, *STEPS[1:]]))
    assert [(each.kind, each.step, each.label) for each in change.steps] == [
        ("added", "wait-2h", "Wait 2 hours"),
        ("removed", "wait-1h", "Wait 1 hour"),
    ]
    assert change.gone == {"wait-1h": "wait-2h"}


def test_a_condition_deep_in_a_branch_is_told_by_its_place() -> None:
    way = {"when": {"trait": "orders_count", "gte": 5}, "then": [{"send": "cart-loyal"}]}
    branch = {"branch": [way, {"otherwise": [{"send": "cart-reminder"}]}]}
    assert steps(STEPS[0], branch, STEPS[2]) == ["changed branch; branch > #1 > when > gte: 3 → 5"]


def test_another_letter_is_an_added_and_a_removed_step_and_the_branch_around_them_stays() -> None:
    way = {"when": {"trait": "orders_count", "gte": 3}, "then": [{"send": "cart-thanks"}]}
    branch = {"branch": [way, {"otherwise": [{"send": "cart-reminder"}]}]}
    assert steps(STEPS[0], branch, STEPS[2]) == ["added cart-thanks", "removed cart-loyal"]


def test_a_step_that_comes_earlier_is_moved() -> None:
    assert steps(STEPS[2], STEPS[0], STEPS[1]) == ["moved order-review"]


def test_a_step_that_changes_its_way_is_moved_though_the_order_stays() -> None:
    ways = [
        {"when": {"trait": "orders_count", "gte": 3}, "then": [{"send": "cart-loyal"}, {"send": "cart-reminder"}]},
        {"otherwise": []},
    ]
    assert steps(STEPS[0], {"branch": ways}, STEPS[2]) == ["moved cart-reminder"]


def test_a_branch_that_is_dissolved_leaves_its_steps_moved() -> None:
    told = steps(STEPS[0], {"send": "cart-loyal"}, STEPS[2])
    assert told == ["moved cart-loyal", "removed branch", "removed cart-reminder"]


def test_a_removed_step_is_followed_by_the_next_one_that_is_still_there() -> None:
    change = compare_journeys(journey(), journey(steps=[STEPS[1], STEPS[2]]))
    assert change.gone == {"wait-1h": "branch"}
    last = compare_journeys(journey(), journey(steps=STEPS[:2]))
    assert last.gone == {"order-review": None}


def test_segments_are_told_place_by_place_in_the_words_of_their_files() -> None:
    def segment(title: str, at_least: int) -> dict[str, Any]:
        when = {"event": "Order Completed", "times": {"at_least": at_least}}
        return written(Segment.model_validate({"segment": "buyers", "title": title, "when": when}))

    assert compare(segment("Buyers", 3), segment("Buyers", 3)) == ()
    assert list(map(str, compare(segment("Buyers", 3), segment("Good buyers", 5)))) == [
        "title: Buyers → Good buyers",
        "when > times > at_least: 3 → 5",
    ]
