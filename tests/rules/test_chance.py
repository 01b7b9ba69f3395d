from collections import Counter
from uuid import UUID

import pytest

from rules.chance import drawn
from rules.moves import Finish
from rules.plan import PlannedChance
from tests.rules.driving import START, run, said, sent

LOTS = [str(UUID(int=number * 7919)) for number in range(10_000)]
SPLIT = """
- id: trial
  split:
    - {share: 60, name: old, then: [{send: a}]}
    - {share: 30, name: new, then: [{send: b}]}
    - holdout: 10
- send: bye
"""


def chances(*shares: int) -> list[PlannedChance]:
    return [PlannedChance(share=share, name=f"way-{number}") for number, share in enumerate(shares)]


@pytest.mark.parametrize("shares", [(50, 50), (60, 30, 10), (1, 1, 1), (1, 999)])
def test_over_many_lots_each_way_is_taken_as_often_as_its_share_says(shares: tuple[int, ...]) -> None:
    ways = Counter(drawn(chances(*shares), lot, "tried/trial").name for lot in LOTS)
    for number, share in enumerate(shares):
        expected = share / sum(shares) * len(LOTS)
        # Three standard deviations of the binomial distribution at its widest, plus what small shares need.
        assert abs(ways[f"way-{number}"] - expected) < 150 if expected > 100 else ways[f"way-{number}"] < 40


def test_a_lot_takes_the_same_way_each_time_and_one_of_its_own_at_each_place() -> None:
    ways = chances(50, 50)
    one = [drawn(ways, lot, "tried/trial").name for lot in LOTS]
    assert one == [drawn(ways, lot, "tried/trial").name for lot in LOTS]
    other = [drawn(ways, lot, "tried/another").name for lot in LOTS]
    together = sum(a == b for a, b in zip(one, other, strict=True))
    assert abs(together - 5000) < 200


def test_the_way_of_a_known_lot_never_changes() -> None:
    # Whoever changes the hash would send everybody another way in the middle of their trials.
    assert [drawn(chances(50, 30, 20), lot, "tried/trial").name for lot in LOTS[:8]] == [
        f"way-{n}" for n in [2, 1, 2, 1, 0, 0, 0, 0]
    ]


def test_a_split_sends_each_lot_its_way_and_holds_some_out() -> None:
    fates = Counter[str]()
    for lot in LOTS[:1000]:
        machine = run(SPLIT, lot=lot)
        move = machine.next(START)
        if isinstance(move, Finish):
            assert move == Finish("holdout")
            assert said(machine) == [("split", "holdout", None), ("ended", "holdout", None)]
            fates["holdout"] += 1
        else:
            letter = sent(machine, START)
            fates[letter] += 1
            assert said(machine)[0] == ("split", {"a": "old", "b": "new"}[letter], {"a": "old", "b": "new"}[letter])
            assert sent(machine, START) == "bye"
    assert 50 <= fates["holdout"] <= 150
    assert fates["a"] > fates["b"] > fates["holdout"]
