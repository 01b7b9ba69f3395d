"""What a condition needs to know, through the segments and stages that it refers to."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings

from rules.facts import Facts, Happening, Named
from rules.holds import holds
from rules.needs import Needs, needs, reads, refers
from rules.policies import Lifecycle
from rules.references import Circle
from tests.rules.worlds import EXAMPLES, NOW, World, parsed, worlds

VIP = parsed(
    {"all": [{"trait": "address.city", "is": "Turku"}, {"event": "Order Completed", "times": {"at_least": 5}}]}
)
STAGES = Lifecycle.model_validate(
    {"stages": [{"stage": "loyal", "title": "L", "when": {"segment": "vip"}}, {"stage": "lead", "title": "Others"}]}
).stages
NAMED = Named({"vip": VIP, "calm": parsed({"not": {"segment": "vip"}})}, STAGES)
EVENTS = [Happening("A", NOW)]
OF_VIP = Needs(frozenset({"Order Completed"}), frozenset({"address"}))
NEEDED: list[tuple[dict[str, Any], Needs]] = [
    ({"trait": "plan", "is": "gold"}, Needs(traits=frozenset({"plan"}))),
    ({"property": "total", "gt": 5}, Needs()),
    (
        {"event": "A", "where": {"event": "B", "where": {"trait": "t", "is": 1}}},
        Needs(frozenset({"A", "B"}), frozenset({"t"})),
    ),
    ({"segment": "calm"}, OF_VIP),
    ({"segment": "unheard-of"}, Needs()),
    ({"stage": "lead"}, OF_VIP),
    ({"topic": "offers"}, Needs(topics=True)),
    ({"in_journey": "welcome"}, Needs(stays=True)),
    ({"letter": "hello"}, Needs(letters=True)),
    ({"letter": "hello", "was": "opened"}, Needs(frozenset({"Email Opened"}))),
    ({"letter": "hello", "was": "clicked"}, Needs(frozenset({"Email Link Clicked"}))),
    ({"any": [{"topic": "offers"}, {"not": {"in_journey": "welcome"}}]}, Needs(topics=True, stays=True)),
]


@pytest.mark.parametrize(("written", "needed"), NEEDED, ids=str)
def test_what_a_condition_needs(written: dict[str, Any], needed: Needs) -> None:
    assert needs(parsed(written), NAMED) == needed


@pytest.mark.parametrize(
    ("segments", "asked", "way"),
    [
        ({"a": {"segment": "a"}}, {"segment": "a"}, "segment a -> segment a"),
        (
            {"a": {"event": "A", "where": {"segment": "b"}}, "b": {"not": {"segment": "a"}}},
            {"segment": "b"},
            "segment b -> segment a -> segment b",
        ),
        (
            {"vip": {"any": [{"trait": "x", "is": 1}, {"stage": "loyal"}]}},
            {"segment": "vip"},
            "segment vip -> the stages of the lifecycle -> segment vip",
        ),
        (
            {"vip": {"stage": "loyal"}},
            {"stage": "loyal"},
            "the stages of the lifecycle -> segment vip -> the stages of the lifecycle",
        ),
    ],
)
@pytest.mark.parametrize("meaning", [needs, lambda asked, named: holds(asked, Facts(NOW, events=EVENTS, named=named))])
def test_a_circle_is_told_and_not_gone_round(
    segments: dict[str, Any], asked: dict[str, Any], way: str, meaning: Callable[[Any, Named], object]
) -> None:
    with pytest.raises(Circle, match=f"{way}$"):
        meaning(parsed(asked), Named({name: parsed(each) for name, each in segments.items()}, STAGES))


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ({"segment": "vip"}, True),
        ({"not": {"any": [{"stage": "lead"}]}}, True),
        ({"event": "A", "where": {"segment": "vip"}}, True),
        ({"all": [{"event": "A"}, {"trait": "x", "is": 1}, {"topic": "o"}]}, False),
    ],
)
def test_whether_names_must_be_known(written: dict[str, Any], expected: bool) -> None:
    assert refers(parsed(written)) is expected


@settings(max_examples=EXAMPLES)
@given(world=worlds)
def test_what_is_not_needed_changes_nothing(world: World) -> None:
    condition, facts = world.anything(), world.history().facts(world.named())
    asked = needs(condition, facts.named)
    pruned = replace(
        facts,
        traits={name: value for name, value in facts.traits.items() if name in asked.traits},
        events=[event for event in facts.events if event.name in asked.events],
        topics=facts.topics if asked.topics else {},
        stays=facts.stays if asked.stays else [],
        letters=facts.letters if asked.letters else [],
    )
    assert holds(condition, pruned) is holds(condition, facts)


def test_figures_and_letters_read_properties_too() -> None:
    asked = {"event": "A", "sum": {"property": "total.net", "gt": 1}, "last": {"property": "coupon", "exists": True}}
    assert reads(parsed({"any": [asked, {"letter": "l", "was": "opened"}]})) == {"total.net", "coupon", "letter"}
