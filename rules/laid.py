"""A journey's file beside its plan: which step of the one is which of the other."""

from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from typing import Any

from rules.journey import Journey
from rules.layout import ids, lay_out
from rules.paths import earliest
from rules.places import Places
from rules.plan import Plan
from rules.steps import Step, walk


class Laid(Places[Journey]):
    """A journey and all that it is made of, laid out besides."""

    @cached_property
    def plan(self) -> Plan:
        """The plan. Its names are those of the file, unless two steps of the file have one id."""
        return lay_out(self._distinct, 1)

    @cached_property
    def earliest(self) -> Mapping[str, timedelta]:
        """Of every step that a run can come to, how long after the beginning that is at the earliest."""
        return earliest(self.plan)

    def name(self, step: Step) -> str:
        """The name of the step in the plan."""
        return self._names[id(step)]

    @cached_property
    def _names(self) -> dict[int, str]:
        named = ids(self._distinct.steps)
        twins = zip(walk(self.whole.steps), walk(self._distinct.steps), strict=True)
        return {id(step): named[id(twin)] for step, twin in twins}

    @cached_property
    def _distinct(self) -> Journey:
        names = ids(self.whole.steps)
        if len(set(names.values())) == len(names):
            return self.whole
        # A plan by the given ids would lose one of two steps that share theirs.
        written = self.whole.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        return Journey.model_validate(_without_ids(written))


def _without_ids(value: Any) -> Any:
    if isinstance(value, list):
        return [_without_ids(item) for item in value]
    if isinstance(value, dict):
        return {key: inner if key == "set" else _without_ids(inner) for key, inner in value.items() if key != "id"}
    return value
