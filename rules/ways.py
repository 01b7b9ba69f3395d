"""Which ways of a branch (or stages of the lifecycle) are never taken, since an earlier one always is."""

from collections.abc import Sequence
from dataclasses import dataclass

from rules.conditions import AnyOf, Condition
from rules.logic import always, implies, never

CONTRADICTION = "this condition contradicts itself, so it never holds"


@dataclass(frozen=True)
class Ways:
    """Of every way why it is never taken (None: it may be), and whether one of them always is."""

    dead: tuple[str | None, ...]
    exhausted: bool


def ways_of(conditions: Sequence[Condition]) -> Ways:
    """What can be told of ways that are asked one after the other."""
    dead = tuple(_dead(conditions[:number], condition) for number, condition in enumerate(conditions))
    return Ways(dead, bool(conditions) and always(AnyOf(any=tuple(conditions))))


def _dead(earlier: Sequence[Condition], condition: Condition) -> str | None:
    if never(condition):
        return CONTRADICTION
    if (number := next((n for n, each in enumerate(earlier, 1) if implies(condition, each)), None)) is not None:
        return f"this never comes about: whenever it holds, #{number} holds, which is asked before"
    if earlier and always(AnyOf(any=tuple(earlier))):
        return "this never comes about: one of those before it always holds"
    if earlier and implies(condition, AnyOf(any=tuple(earlier))):
        return "this never comes about: whenever it holds, one of those before it holds"
    return None
