"""What files would change, who is inside, and making it so: for the command line and for the API alike."""

from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession
from temporalio.client import Client

from rules.choices import Choice, Inside
from rules.comparing import Difference, JourneyChange, StepChange, compare, compare_journeys, written
from rules.content import Content
from rules.journey import Journey
from rules.layout import lay_out
from rules.plan import Plan
from store import changeovers, journeys, publishing
from store.changeovers import Asked
from store.journeys import VersionProblem
from store.publishing import Live, Published, Verb
from store.session import Database
from workflows.census import Census
from workflows.starting import TemporalAway, change_over


@dataclass(frozen=True)
class Proposed:
    """What would become of one file. `version` is the one that is live (of a drained journey: the next one)."""

    kind: str
    name: str
    change: Verb
    version: int | None = None
    differences: tuple[Difference, ...] = ()
    steps: tuple[StepChange, ...] = ()
    inside: tuple[Inside, ...] = ()

    @property
    def people(self) -> dict[int, int]:
        """How many people are inside each version."""
        return {each.version: each.people or 0 for each in self.inside if each.step is None}

    @property
    def asks(self) -> bool:
        """Whether a choice is to be made: the journey changes, and people are inside."""
        return self.change in ("changed", "gone") and self.kind == "journeys" and any(self.people.values())


@dataclass(frozen=True)
class Proposal:
    """What would become of all files. `counted`: Temporal has told at which steps people are."""

    files: tuple[Proposed, ...]
    counted: bool

    def of(self, kind: str, *changes: Verb) -> list[Proposed]:
        """The files of a kind that change so."""
        return [each for each in self.files if each.kind == kind and (each.change in changes or not changes)]


async def propose(database: Database, content: Content, census: Census, chosen: Mapping[str, Choice]) -> Proposal:
    """Compare the content with what is live, and count who is inside the journeys that change or are chosen for."""
    async with database.transaction() as session:
        live, inside = await publishing.live(session), await changeovers.inside(session)
        plans = await _plans(session, inside)
        old = await _old(session, live, content)
    files = [
        _compared(kind, name, live, content, old)
        for kind in ("journeys", "segments", "coupons", "policies", "letters")
        for name in _names(kind, live, content)
    ]
    counted = []
    for each in files:
        people = inside.get(each.name, {}) if each.kind == "journeys" else {}
        asks = each.change in ("changed", "gone") or each.name in chosen
        new = (content.journeys or {}).get(each.name)
        known = await census.at_steps(plans[each.name]) if people and asks and each.name in plans else {}
        counted.append(_with(each, people, known, new))
    return Proposal(tuple(counted), census.reached)


async def _plans(session: AsyncSession, inside: Mapping[str, Mapping[int, int]]) -> dict[str, dict[int, Plan]]:
    """The plans of the versions that people are inside; of those that this code can read."""
    found: dict[str, dict[int, Plan]] = {}
    for name, versions in inside.items():
        for version in versions:
            with suppress(VersionProblem):
                definition = await journeys.definition(session, name, version)
                found.setdefault(name, {})[version] = lay_out(definition, version)
    return found


def _names(kind: str, live: Live, content: Content) -> list[str]:
    given: Mapping[str, Any] | None = getattr(content, kind)
    if given is None:
        return []
    return [*given, *content.gone(kind, live.definitions[kind])]


async def _old(session: AsyncSession, live: Live, content: Content) -> dict[str, Journey]:
    """The live versions of the journeys that are to be published; but for those that newer code has published."""
    found = {}
    for name in (content.journeys or {}).keys() & live.versions.keys():
        with suppress(VersionProblem):
            found[name] = await journeys.definition(session, name, live.versions[name])
    return found


def _compared(kind: str, name: str, live: Live, content: Content, journeys_before: Mapping[str, Journey]) -> Proposed:
    old = live.definitions[kind].get(name)
    given = getattr(content, kind).get(name)
    version = live.versions.get(name) if kind == "journeys" else None
    if old is None or given is None:
        return Proposed(kind, name, "new" if old is None else "gone", version)
    new = given if isinstance(given, str) else written(given)
    if old == new:
        return Proposed(kind, name, "unchanged", version)
    if isinstance(given, Journey):
        before = journeys_before.get(name)
        inner = compare_journeys(before, given) if before is not None else JourneyChange()
        return Proposed(kind, name, "changed", version, inner.rules, inner.steps)
    return Proposed(kind, name, "changed", version, compare(old, new) if isinstance(new, dict) else ())


def _with(
    each: Proposed, people: Mapping[int, int], at: Mapping[int, Mapping[str, int | None]], new: Journey | None
) -> Proposed:
    """The proposal with those who are inside: of each version how many, and how many at each of its steps."""
    steps = lay_out(new, 1).steps if new is not None else None
    successors = {step.step: step.successor for step in each.steps if step.kind == "removed"}
    inside = []
    for version, count in sorted(people.items()):
        inside.append(Inside(version, None, count))
        for step, number in at.get(version, {}).items():
            gone = steps is not None and step not in steps
            inside.append(Inside(version, step, number, gone, successors.get(step) if gone else None))
    return replace(each, inside=tuple(inside))


async def publish(database: Database, content: Content, chosen: Mapping[str, Choice]) -> list[Published]:
    """Publish in one transaction, with what was chosen. The sweeps of those inside are to be begun after it."""
    draining = {name: choice.manner == "drain" for name, choice in chosen.items()}
    async with database.transaction() as session:
        done = await publishing.publish(session, content, draining)
        for each in done:
            if each.kind == "journeys":
                await _go_over(session, each, chosen.get(each.name))
    return done


async def _go_over(session: AsyncSession, published: Published, choice: Choice | None) -> None:
    if choice is not None and choice.manner in ("migrate", "end"):
        asked = Asked(published.name, published.version or 0, choice.manner, dict(choice.mapping))
        await changeovers.ask(session, asked)
    elif choice is not None or published.change != "unchanged":
        await changeovers.call_off(session, published.name)


async def begin(client: Client, moving: Iterable[str]) -> list[str]:
    """Begin to bring people over. The journeys for which Temporal cannot be reached: the housekeeping begins those."""
    waiting = []
    for journey in moving:
        try:
            await change_over(client, journey)
        except TemporalAway:
            waiting.append(journey)
    return waiting
