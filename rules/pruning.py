"""What of an event travels into Temporal: only what the journey reads."""

from collections.abc import Mapping
from typing import Any

from rules.arrivals import Version
from rules.facts import Happening
from rules.needs import reads
from rules.plan import Plan, matches
from rules.values import MISSING, reach


def prune(event: Happening, plan: Plan) -> dict[str, Any]:
    """Only those properties of the event that this plan's matches read: the rest stays out of Temporal."""
    paths: set[str] = set()
    for match in matches(plan):
        if event.name in match.event:
            paths |= {match.same} if match.same else set()
            paths |= reads(match.where) if match.where else set()
    return _only(event.properties, paths)


def started_with(event: Happening, candidate: Version) -> dict[str, Any]:
    """Of the event that starts a run, only the properties that `same` compares with later."""
    goal = [candidate.journey.goal] if candidate.journey.goal else []
    return _only(event.properties, {match.same for match in (*matches(candidate.plan), *goal) if match.same})


def _only(properties: Mapping[str, Any], paths: set[str]) -> dict[str, Any]:
    kept: dict[str, Any] = {}
    for path in sorted(paths):
        value = reach(properties, path)
        if value is MISSING:
            continue
        *outer, last = path.split(".")
        place = kept
        for name in outer:
            place = place.setdefault(name, {})
        place[last] = value
    return kept
