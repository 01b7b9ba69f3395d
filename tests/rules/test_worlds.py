"""The worlds that the properties are tried in hold what is hard: else all of them would hold of nothing."""

from collections import defaultdict
from collections.abc import Iterator
from random import Random

from rules.conditions import MEASURES, All, AnyOf, Comparison, Condition, EventHappened, Not
from rules.facts import Facts
from rules.flips import flips
from rules.holds import holds
from tests.rules.worlds import ANY_COMPARISON, World

WORLDS = 1_500
FORMS = ["EventHappened", "InJourney", "LetterWas", "SegmentIs", "StageIs", "TopicIs", "TraitIs"]
NARROWED = ["where", "times", "within", "after", "before", *MEASURES]


def leaves(condition: Condition) -> Iterator[Condition]:
    match condition:
        case All(all=parts) | AnyOf(any=parts):
            for part in parts:
                yield from leaves(part)
        case Not(not_=part):
            yield from leaves(part)
        case _:
            yield condition


def told(leaf: Condition) -> Iterator[str]:
    """What the leaf asks, by name."""
    yield type(leaf).__name__
    if isinstance(leaf, EventHappened):
        yield from (f"event with {name}" for name in NARROWED if getattr(leaf, name) is not None)
    if isinstance(leaf, Comparison):
        yield from (name.rstrip("_") for name in leaf.model_fields_set & {*Comparison.model_fields})


def test_everything_that_can_be_asked_is_seen_to_hold_and_not_to_hold() -> None:
    seen: dict[str, set[bool]] = defaultdict(set)
    for seed in range(WORLDS):
        world = World(Random(seed))
        condition, facts = world.anything(), world.history().facts(world.named())
        for leaf in leaves(condition):
            truth = holds(leaf, facts)
            for name in told(leaf):
                seen[name].add(truth)
    asked = [*FORMS, *ANY_COMPARISON, *(f"event with {name}" for name in NARROWED)]
    assert not [name for name in asked if seen[name] != {True, False}]


def test_many_conditions_change_by_time_alone_within_a_day() -> None:
    moving = [World(Random(seed)) for seed in range(500)]
    changing = [flips(world.timely(), _facts(world)) is not None for world in moving]
    assert sum(changing) > 100


def _facts(world: World) -> Facts:
    return world.history().facts(world.named())
