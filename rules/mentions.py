"""What a definition rests on, so that a change of one segment is seen in all that refer to it. Works on plain JSON."""

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Definition = Mapping[str, Any]
"""A published definition, as it is kept."""

LIFECYCLE = "stages of the lifecycle"
_LENGTH = 16


def digests(segments: Mapping[str, Definition], stages: Definition | None) -> tuple[dict[str, str], str | None]:
    """The hash of all that the truth of each segment, and of the stages, rests on; None: there are no stages."""
    known: dict[str, Any] = {name: definition.get("when") for name, definition in segments.items()}
    if stages is not None:
        known[LIFECYCLE] = stages.get("stages")
    hashes = {name: _digest(_whole(name, known)) for name in known}
    lifecycle = hashes.pop(LIFECYCLE, None)
    return hashes, lifecycle


def dates_digest(journey: Definition) -> str | None:
    """The hash of a journey's triggers of dates; None: it has none."""
    triggers = [trigger for trigger in _listed(journey.get("trigger")) if "date" in trigger]
    return _digest(triggers) if triggers else None


def _listed(value: Any) -> Sequence[Definition]:
    return value if isinstance(value, list) else [value]


def _whole(name: str, known: Mapping[str, Any]) -> dict[str, Any]:
    """The definition and all that it refers to, directly or not."""
    found: dict[str, Any] = {}
    waiting = [name]
    while waiting:
        each = waiting.pop()
        if each not in found:
            found[each] = known.get(each)
            waiting += _mentioned(found[each])
    return {"of": name, "rests on": found}


def _mentioned(value: Any) -> Iterator[str]:
    """The names that conditions refer to, within this value."""
    if isinstance(value, list):
        for each in value:
            yield from _mentioned(each)
    if isinstance(value, dict):
        if isinstance(value.get("segment"), str):
            yield value["segment"]
        # A stage itself has a title; a condition about stages has none.
        if "stage" in value and "title" not in value:
            yield LIFECYCLE
        for each in value.values():
            yield from _mentioned(each)


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:_LENGTH]
