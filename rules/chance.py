"""Chance that can be repeated: the same lot takes the same way of a split, in every run and every version."""

import hashlib
from collections.abc import Sequence

from rules.plan import PlannedChance


def drawn(chances: Sequence[PlannedChance], lot: str, place: str) -> PlannedChance:
    """The way of this lot at this place; over many lots, each way is taken as often as its share says."""
    digest = hashlib.sha256(f"{lot}/{place}".encode()).digest()
    total = sum(chance.share for chance in chances)
    point = int.from_bytes(digest[:8], "big") * total >> 64
    for chance in chances:
        if point < chance.share:
            return chance
        point -= chance.share
    raise AssertionError("the point lies within the shares")
