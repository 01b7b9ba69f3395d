"""What has changed between two states of what authors write: of a journey step by step, of all else place by place.

Values are told as authors write them. Steps are known by their ids, given or derived: a wait that becomes longer and
has no id of its own is another step, and `successor` names the one that stands where it stood.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any, Literal

import yaml

from rules.definition import Definition
from rules.journey import Journey
from rules.layout import ids, lay_out
from rules.phrases import re_entry
from rules.steps import STEP_KEYS, AnyStep, walk, ways
from rules.wording import label

Kind = Literal["added", "removed", "moved", "changed"]


@dataclass(frozen=True)
class Difference:
    """At this place another value is written than before; None: nothing is."""

    place: str
    old: str | None
    new: str | None

    def __str__(self) -> str:
        if self.old is None:
            return f"{self.place}: {self.new} (new)"
        return f"{self.place}: {self.old} → {self.new if self.new is not None else 'left out'}"


@dataclass(frozen=True)
class StepChange:
    """What became of a step. `successor`, of a removed one: the step of the new version that comes nearest to it."""

    step: str
    kind: Kind
    label: str
    differences: tuple[Difference, ...] = ()
    successor: str | None = None


@dataclass(frozen=True)
class JourneyChange:
    """What changed inside a journey: its rules (trigger, entry, exit, goal), and its steps."""

    rules: tuple[Difference, ...] = ()
    steps: tuple[StepChange, ...] = ()

    @property
    def gone(self) -> dict[str, str | None]:
        """The steps that are not there any more, each with the one that comes nearest."""
        return {each.step: each.successor for each in self.steps if each.kind == "removed"}


def written(definition: Definition) -> dict[str, Any]:
    """A definition as plain data, in the words of its author's file; what is left at its default is left out."""
    return definition.model_dump(mode="json", by_alias=True, exclude_defaults=True)


def compare(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Difference, ...]:
    """The places at which two definitions (as plain data) differ."""
    return tuple(_differences(old, new, ()))


def compare_journeys(old: Journey, new: Journey) -> JourneyChange:
    """What changed inside a journey."""
    return JourneyChange(compare(_rules(old), _rules(new)), tuple(_steps(_Flat(old), _Flat(new))))


def _rules(journey: Journey) -> dict[str, Any]:
    # Whether a contact may come again is a sentence in the file, and a mapping only in our hands.
    return _without(written(journey), "steps") | {"re_entry": re_entry(journey.re_entry)}


class _Flat:
    """The steps of a journey in the order of its file: what each says itself, its words, and where it stands."""

    def __init__(self, journey: Journey) -> None:
        names, planned = ids(journey.steps), lay_out(journey, version=1).steps
        steps = {names[id(step)]: step for step in walk(journey.steps)}
        self.content = {name: _own(step) for name, step in steps.items()}
        self.label = {name: label(planned[name]) for name in steps}
        self.kind = {name: next(key for key in STEP_KEYS if key in content) for name, content in self.content.items()}
        self.place: dict[str, tuple[str, int, int]] = dict(_places(journey.steps, names))


def _places(steps: tuple[AnyStep, ...], names: dict[int, str]) -> Iterator[tuple[str, tuple[str, int, int]]]:
    """Of each step that stands in a way of another: that one, the number of the way, and how many ways it has."""
    for step in walk(steps):
        inside = list(ways(step))
        for number, way in enumerate(inside):
            yield from ((names[id(each)], (names[id(step)], number, len(inside))) for each in way)


def _own(step: AnyStep) -> dict[str, Any]:
    """What a step says itself, without the steps in it and its name."""
    content: dict[str, Any] = _bare(written(step))
    return _without(content, "id")


def _bare(value: Any) -> Any:
    if isinstance(value, list):
        return [_bare(each) for each in value]
    if isinstance(value, dict):
        # `otherwise` has no more to say than its steps; that there is one is told by its being there.
        nested = {key for key in ("then", "otherwise", "steps") if isinstance(value.get(key), list)}
        return {key: _bare(each) for key, each in value.items() if key not in nested}
    return value


def _without(content: Mapping[str, Any], key: str) -> dict[str, Any]:
    return {name: value for name, value in content.items() if name != key}


def _steps(old: _Flat, new: _Flat) -> Iterator[StepChange]:
    moved, successors = _moved(old, new), _successors(old, new)
    for step, content in new.content.items():
        if step not in old.content:
            yield StepChange(step, "added", new.label[step])
            continue
        if step in moved:
            yield StepChange(step, "moved", new.label[step])
        if differences := compare(old.content[step], content):
            yield StepChange(step, "changed", new.label[step], differences)
    for step in old.content:
        if step not in new.content:
            yield StepChange(step, "removed", old.label[step], successor=successors[step])


def _moved(old: _Flat, new: _Flat) -> set[str]:
    """The steps that stand elsewhere: in another way, or in another order among those that stayed."""
    before = [step for step in old.content if step in new.content]
    after = [step for step in new.content if step in old.content]
    blocks = SequenceMatcher(None, before, after, autojunk=False).get_matching_blocks()
    stayed = {step for block in blocks for step in before[block.a : block.a + block.size]}
    return {step for step in before if step not in stayed or _elsewhere(old.place.get(step), new.place.get(step))}


def _elsewhere(old: tuple[str, int, int] | None, new: tuple[str, int, int] | None) -> bool:
    if old is None or new is None:
        return old is not new
    # With another number of ways, the number of a way says nothing; and that the step around changed is told anyway.
    return old[0] != new[0] or (old[2] == new[2] and old[1] != new[1])


def _successors(old: _Flat, new: _Flat) -> dict[str, str | None]:
    """Of each removed step a new one of its kind in its stead, else the next step that is still there."""
    before, after = list(old.content), list(new.content)
    found: dict[str, str | None] = {}
    for tag, first, last, start, end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        fresh = [step for step in after[start:end] if step not in old.content] if tag == "replace" else []
        for step in before[first:last]:
            twin = next((each for each in fresh if new.kind[each] == old.kind[step]), None)
            fresh = [each for each in fresh if each != twin]
            found[step] = twin or next((each for each in before[before.index(step) :] if each in new.content), None)
    return found


def _differences(old: Any, new: Any, place: tuple[str, ...]) -> Iterator[Difference]:
    if old == new:
        return
    if isinstance(old, Mapping) and isinstance(new, Mapping):
        for key in dict.fromkeys((*old, *new)):
            yield from _differences(old.get(key), new.get(key), (*place, key))
    elif isinstance(old, list) and isinstance(new, list) and len(old) == len(new):
        for number, (before, after) in enumerate(zip(old, new, strict=True), 1):
            yield from _differences(before, after, (*place, f"#{number}"))
    else:
        yield Difference(" > ".join(place), _shown(old), _shown(new))


def _shown(value: Any) -> str | None:
    """A value as its author would write it on one line."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    text: str = yaml.safe_dump(value, default_flow_style=True, sort_keys=False, allow_unicode=True, width=float("inf"))
    return text.removesuffix("\n").removesuffix("\n...")
