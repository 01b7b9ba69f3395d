import json

import pytest

from rules.layout import lay_out
from rules.names import TRAITS_CHANGED
from rules.plan import Plan, PlannedBranch, PlannedSend, PlannedWaitFor, listens, watches
from tests.rules.journeys import journey, plan

BRANCHED = """
- wait: 1h
- branch:
    - when: {trait: plan, is: gold}
      then:
        - send: gold
        - wait: 1d
    - when: {trait: plan, is: silver}
    - otherwise:
        - send: others
- send: bye
"""


def following(steps: str) -> dict[str, str | None]:
    laid = plan(steps)
    return {name: getattr(step, "next", None) for name, step in laid.steps.items()}


def test_steps_stand_in_the_order_of_the_file() -> None:
    assert list(plan(BRANCHED).steps) == ["wait-1h", "branch", "gold", "wait-1d", "others", "bye"]


def test_what_ends_a_way_is_followed_by_what_follows_the_branch() -> None:
    after = following(BRANCHED)
    assert after == {
        "wait-1h": "branch",
        "branch": "others",
        "gold": "wait-1d",
        "wait-1d": "bye",
        "others": "bye",
        "bye": None,
    }


def test_an_empty_way_leads_to_what_follows_the_branch() -> None:
    branch = plan(BRANCHED).steps["branch"]
    assert isinstance(branch, PlannedBranch)
    assert [case.to for case in branch.branch] == ["gold", "bye"]


def test_a_branch_without_otherwise_goes_on_behind_itself() -> None:
    after = following("[{branch: [{when: {trait: a, is: 1}, then: [{send: one}]}]}, {send: bye}]")
    assert after["branch"] == "bye"


def test_the_last_branch_without_otherwise_ends_the_journey() -> None:
    assert following("[{branch: [{when: {trait: a, is: 1}, then: [{send: one}]}]}]")["branch"] is None


def test_a_wait_for_has_a_late_way_and_a_way_in_time() -> None:
    step = plan("[{wait_for: {event: A}, timeout: 1d, otherwise: [{send: late}]}, {send: bye}]").steps["for-a"]
    assert isinstance(step, PlannedWaitFor)
    assert (step.late, step.next) == ("late", "bye")


def test_a_wait_for_without_otherwise_goes_on_in_both_cases() -> None:
    step = plan("[{wait_for: {event: A}, timeout: 1d}, {send: bye}]").steps["for-a"]
    assert isinstance(step, PlannedWaitFor)
    assert (step.late, step.next) == ("bye", "bye")


def test_ids_come_from_the_content_and_equal_contents_are_numbered() -> None:
    steps = "[{wait: 1h}, {send: a}, {wait: 1h}, {send: a}, {wait: 60m}]"
    assert list(plan(steps).steps) == ["wait-1h", "a", "wait-1h-2", "a-2", "wait-1h-3"]


def test_a_derived_id_makes_way_for_a_given_one() -> None:
    assert list(plan("[{send: a}, {send: b, id: a}]").steps) == ["a-2", "a"]


def test_inserting_another_step_changes_no_id() -> None:
    before = set(plan("[{send: a}, {wait: 1d}, {send: b}]").steps)
    assert before < set(plan("[{send: a}, {wait: 1d}, {exit: enough}, {send: b}]").steps)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        ("{send: a}", ("marketing", "offers", 24)),
        ("{send: a, class: transactional}", ("transactional", None, 72)),
        ("{send: a, topic: news, ttl: 2h}", ("marketing", "news", 2)),
    ],
)
def test_a_send_knows_its_class_its_topic_and_how_long_it_is_worth_sending(
    step: str, expected: tuple[str, str | None, int]
) -> None:
    send = plan(f"[{step}]").steps["a"]
    assert isinstance(send, PlannedSend)
    assert (send.class_, send.topic, send.ttl.total_seconds() / 3600) == expected


def test_a_marketing_journey_is_left_by_unsubscribing() -> None:
    assert "Unsubscribed" in listens(plan("[{wait: 1d}]"))


def test_a_transactional_journey_is_not_left_by_unsubscribing() -> None:
    assert listens(plan("[{wait: 1d}]", **{"class": "transactional", "topic": None})) == frozenset()


def test_a_run_listens_to_exits_restarts_and_waits() -> None:
    steps = "[{wait: 1h, restart_on: [A, {event: [B, C]}]}, {wait_for: {event: D}}]"
    assert listens(plan(steps, exit_on=["E"])) == {"A", "B", "C", "D", "E", "Unsubscribed"}


@pytest.mark.parametrize(
    ("step", "watched"),
    [
        ("wait: 1d", set()),
        ("wait_until: {time: '09:00'}", {"timezone"}),
        ("wait_until: {time: '09:00', zone: UTC}", set()),
        ("wait_until: {trait: trial.ends}", {"trial", "timezone"}),
        ("wait_until: {trait: trial.ends, zone: UTC}", {"trial"}),
        ("wait_until: {property: departs}", {"timezone"}),
        ("wait_for: {event: A, where: {property: total, gt: 5}}", set()),
        ("wait_for: {condition: {all: [{trait: a.b, is: 1}, {not: {trait: c, exists: true}}]}}", {"a", "c"}),
        ("branch: [{when: {trait: a, is: 1}}]", set()),
    ],
)
def test_a_run_watches_the_traits_that_its_waits_rest_on(step: str, watched: set[str]) -> None:
    laid = plan(f"[{{{step}}}, {{send: a}}]")
    assert watches(laid) == watched
    assert (TRAITS_CHANGED in listens(laid)) is bool(watched)


@pytest.mark.parametrize(
    ("condition", "heard"),
    [
        ("{event: A}", {"A"}),
        ("{trait: a, is: 1}", {"Traits Changed"}),
        ("{segment: loyal}", {"Segment Entered", "Segment Left", "Stage Changed"}),
        ("{stage: lapsed}", {"Segment Entered", "Segment Left", "Stage Changed"}),
        ("{topic: news}", {"Subscribed", "Unsubscribed"}),
        ("{letter: hello, was: clicked}", {"Email Link Clicked"}),
        ("{letter: hello}", set()),
        ("{in_journey: other}", set()),
        ("{any: [{event: A}, {not: {event: B}}]}", {"A", "B"}),
    ],
)
def test_a_run_that_waits_for_a_condition_listens_to_what_may_change_it(condition: str, heard: set[str]) -> None:
    laid = plan(f"[{{wait_for: {{condition: {condition}}}}}]", **{"class": "transactional", "topic": None})
    assert listens(laid) == heard


def test_a_plan_travels_as_json_without_loss_and_without_ballast() -> None:
    laid = plan(BRANCHED, exit_on=[{"event": "E", "same": "order_id"}])
    text = laid.model_dump_json(by_alias=True, exclude_defaults=True)
    assert Plan.model_validate(json.loads(text)) == laid
    assert "null" not in text


def test_steps_that_an_author_reused_by_a_yaml_anchor_are_told_apart() -> None:
    definition = journey("[&one {send: a}, {wait: 1d}, *one]")
    assert list(lay_out(definition, 1).steps) == ["a", "wait-1d", "a-2"]
