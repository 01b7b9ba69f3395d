"""What can be told of conditions without any facts: that one never holds, or that one follows from another.

Only what is certain is told; False means that it depends on the contact, or that nobody can tell.
"""

from collections.abc import Iterator, Sequence
from datetime import timedelta

from rules.conditions import All, AnyOf, Condition, EventHappened, LetterWas, Not, PropertyIs, Times, TraitIs
from rules.ranges import covered, empty

_MANY = 10**9


def never(condition: Condition) -> bool:
    """Whether the condition holds of nobody, at no time."""
    match condition:
        case All():
            return conflict(tuple(_flat(condition)))
        case AnyOf(any=parts):
            return all(map(never, parts))
        case Not(not_=part):
            return always(part)
        case TraitIs() | PropertyIs():
            return empty([condition])
        case EventHappened(frequency=times, measures=measures):
            return (times is not None and _uncountable(times)) or any(empty([measure]) for _, measure in measures)
        case LetterWas(times=times):
            return _uncountable(times)
        case _:
            return False


def always(condition: Condition) -> bool:
    """Whether the condition holds of everybody, at all times."""
    match condition:
        case All(all=parts):
            return all(map(always, parts))
        case AnyOf(any=parts):
            return any(map(always, parts)) or _cover(parts)
        case Not(not_=part):
            return never(part)
        case _:
            return False


def conflict(parts: Sequence[Condition]) -> bool:
    """Whether these conditions cannot all hold together."""
    subjects: dict[tuple[type, str], list[TraitIs | PropertyIs]] = {}
    for part in parts:
        if isinstance(part, TraitIs | PropertyIs):
            subjects.setdefault(_subject(part), []).append(part)
    denied = [each for each in map(_denied, parts) if each is not None]
    return (
        any(map(never, parts))
        or any(map(empty, subjects.values()))
        or any(implies(part, each) for part in parts for each in denied if _denied(part) is None)
    )


def implies(first: Condition, second: Condition) -> bool:
    """Whether the second holds wherever the first does."""
    if _alike(first, second) or never(first) or always(second):
        return True
    match first, second:
        case _, All(all=parts):
            return all(implies(first, part) for part in parts)
        case AnyOf(any=parts), _:
            return all(implies(part, second) for part in parts)
        case All(), _:
            return _follows(tuple(_flat(first)), second)
        case _, AnyOf(any=parts):
            return any(implies(first, part) for part in parts)
        case Not(not_=one), Not(not_=other):
            return implies(other, one)
        case TraitIs() | PropertyIs(), TraitIs() | PropertyIs():
            return _subject(first) == _subject(second) and covered([first], second)
        case TraitIs() | PropertyIs(), Not(not_=TraitIs() | PropertyIs() as other):
            return _subject(first) == _subject(other) and empty([first, other])
        case EventHappened(), EventHappened():
            return _as_often(first, second)
        case _:
            return False


def _alike(first: Condition, second: Condition) -> bool:
    # As Python compares, 1 is True; as these are written, it is not.
    return repr(first) == repr(second)


def _flat(condition: Condition) -> Iterator[Condition]:
    if isinstance(condition, All):
        for part in condition.all:
            yield from _flat(part)
    else:
        yield condition


def _follows(parts: tuple[Condition, ...], second: Condition) -> bool:
    """Whether it follows from one of the parts, or from all that they say of one thing together."""
    if isinstance(second, TraitIs | PropertyIs):
        about = [part for part in parts if isinstance(part, TraitIs | PropertyIs)]
        about = [part for part in about if _subject(part) == _subject(second)]
        return bool(about) and covered(about, second)
    if isinstance(second, AnyOf):
        return any(_follows(parts, part) for part in second.any)
    return any(implies(part, second) for part in parts)


def _cover(parts: Sequence[Condition]) -> bool:
    """Whether one of them holds wherever another does not."""
    pairs = ((denied, other) for part in parts if (denied := _denied(part)) is not None for other in parts)
    return any(implies(denied, other) for denied, other in pairs)


def _denied(condition: Condition) -> Condition | None:
    """The condition that holds just where this one does not, when it is written as a denial."""
    match condition:
        case Not(not_=part):
            return part
        case TraitIs(exists=False, written=()) | PropertyIs(exists=False, written=()):
            return condition.model_copy(update={"exists": True})
        case EventHappened(times=Times() as times, measures=()) if _bounds(times) == (0, 0):
            return condition.model_copy(update={"times": None})
        case _:
            return None


def _subject(comparison: TraitIs | PropertyIs) -> tuple[type, str]:
    return type(comparison), comparison.trait if isinstance(comparison, TraitIs) else comparison.property


def _bounds(times: Times) -> tuple[int, int]:
    exactly = times.exactly
    low, high = times.at_least or 0, _MANY if times.at_most is None else times.at_most
    return (low, high) if exactly is None else (max(low, exactly), min(high, exactly))


def _uncountable(times: Times) -> bool:
    low, high = _bounds(times)
    return low > high


def _as_often(first: EventHappened, second: EventHappened) -> bool:
    """Whether so many events of the one kind are so many of the other."""
    if first.measures or second.measures or first.frequency is None or second.frequency is None:
        return False
    (low, high), (least, most) = _bounds(first.frequency), _bounds(second.frequency)
    alike = {"times": None, "within": None}
    if not _alike(first.model_copy(update=alike), second.model_copy(update=alike)):
        return False
    if first.within == second.within:
        return least <= low and high <= most
    longer = second.within is None or (
        isinstance(first.within, timedelta) and isinstance(second.within, timedelta) and first.within <= second.within
    )
    return longer and least <= low and most == _MANY
