from typing import Any

import pytest

from rules.checking import check, look
from tests.rules.journeys import journey

WAIT = "[{wait: 1h}]"


def told(steps: str = WAIT, **more: Any) -> list[str]:
    return [f"{' > '.join(map(str, fault.path))}: {fault.message}" for fault in check(look(journey(steps, **more)))]


@pytest.mark.parametrize("path", ["email", "customer.email", "customer.First-Name", "phone", "shipping.address"])
def test_a_key_that_is_personal_is_refused(path: str) -> None:
    if "-" in path:
        path = path.replace("-", "_")
    (fault,) = told(key=f"properties.{path}")
    assert fault.startswith("key: ")
    assert "take an id" in fault


def test_comparing_what_is_personal_is_refused_where_it_would_stand_in_a_history() -> None:
    exits = [
        {"event": "Order Paid", "same": "email"},
        {"event": "A", "where": {"property": "to.phone", "exists": True}},
    ]
    first, second = told(exit_on=exits)
    assert first.startswith("exit_on > 0 > same: 'email' is personal")
    assert second.startswith("exit_on > 1 > where: 'to.phone' is personal")


def test_a_trigger_a_goal_and_a_branch_may_ask_for_it_since_the_store_answers() -> None:
    asked = {"property": "email", "exists": True}
    steps = "[{branch: [{when: {trait: email, exists: true}, then: [{wait: 1h}]}]}]"
    goal = {"event": "Order Completed", "within": "1d", "where": asked}
    assert told(steps, trigger={"event": "Signed Up", "where": asked}, goal=goal) == []


def test_ids_are_welcome() -> None:
    assert told(key="properties.order_id", exit_on=[{"event": "Order Paid", "same": "order_id"}]) == []


@pytest.mark.parametrize(
    "asked",
    [
        {"trait": "owner", "is": "anna@shop.example"},
        {"trait": "owner", "in": ["x", "anna@shop.example"]},
        {"trait": "owners", "contains": "anna@shop.example"},
    ],
)
def test_an_address_in_a_step_is_refused_since_the_plan_travels(asked: dict[str, Any]) -> None:
    (fault,) = told(f"[{{branch: [{{when: {asked}, then: [{{wait: 1h}}]}}]}}]")
    assert fault.startswith("steps > 0 > branch > 0 > when > ")
    assert "take a trait that tells who is meant" in fault


def test_an_address_that_would_be_set_is_refused_and_a_domain_is_not() -> None:
    (fault,) = told("[{set: {traits: {seller: anna@shop.example}}}]")
    assert fault.startswith("steps > 0 > set > traits > seller: ")
    assert told("[{branch: [{when: {trait: owner, contains: '@shop.example'}, then: [{wait: 1h}]}]}]") == []
