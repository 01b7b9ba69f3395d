"""What is kept current for each contact, as it is published now."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, tzinfo
from uuid import UUID

from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from rules.facts import Named
from rules.references import Circle
from rules.upkeep import Change, Kept, KeptDate, KeptSegment, kept_dates, kept_segment, kept_stages
from store import fills, journeys
from store.fills import CLEARING, DATE, SEGMENT, STAGE, Filling
from store.journeys import VersionProblem
from store.named import named

_log = logging.getLogger(__name__)

FillKey = tuple[str, str]
"""Kind and name of a fill."""


def fill_key(kept: Kept) -> FillKey:
    """The fill of what is kept."""
    match kept:
        case KeptSegment(name=name):
            return SEGMENT, name
        case KeptDate(journey=journey):
            return DATE, journey
        case _:
            return STAGE, ""


@dataclass(frozen=True)
class Knowledge:
    """All that is kept, by its fill. `readable` False: newer code has published some of it, which this code lacks."""

    kept: Mapping[FillKey, Sequence[Kept]] = field(default_factory=dict)
    fillings: Mapping[FillKey, Filling] = field(default_factory=dict)
    named: Named = field(default_factory=Named)
    zone: tzinfo = UTC
    readable: bool = True

    @property
    def every(self) -> list[Kept]:
        """All that is kept."""
        return [kept for several in self.kept.values() for kept in several]

    def met(self, change: Change) -> list[Kept]:
        """What may be different after this change."""
        return [kept for kept in self.every if change.meets(kept.needs)]

    def reached(self, kept: Kept, contact: UUID, created_at: datetime) -> bool:
        """Whether what is kept for this contact is what was true before, so that a difference is a change."""
        return self.fillings[fill_key(kept)].reached(contact, created_at)


class Watch:
    """What this process knows of all that is kept; it is read again when something was published.

    `zone` is the shop's. Definitions that this code cannot read are told once.
    """

    def __init__(self, zone: tzinfo) -> None:
        self._knowledge = Knowledge(zone=zone)
        self._hashes: dict[FillKey, str] = {}

    async def look(self, session: AsyncSession, *, alone: bool = False) -> Knowledge:
        """What is kept now; until the transaction ends, nobody publishes anything else (and `alone`, nobody keeps)."""
        await (fills.alone(session) if alone else fills.share(session))
        fillings = {(each.kind, each.name): each for each in await fills.fillings(session)}
        hashes = {key: each.hash for key, each in fillings.items() if each.hash != CLEARING}
        if hashes != self._hashes:
            self._knowledge = await self._read(session, hashes)
            self._hashes = hashes
        return replace(self._knowledge, fillings=fillings)

    async def _read(self, session: AsyncSession, keys: Mapping[FillKey, str]) -> Knowledge:
        zone = self._knowledge.zone
        try:
            known = await named(session)
            kept = {key: await _kept(session, key, known) for key in keys}
        except (ValidationError, VersionProblem, Circle, KeyError) as problem:
            _log.error("what is published is beyond this code, and left to newer workers: %s", type(problem).__name__)
            return Knowledge(zone=zone, readable=False)
        return Knowledge(kept=kept, named=known, zone=zone)


async def _kept(session: AsyncSession, key: FillKey, known: Named) -> list[Kept]:
    kind, name = key
    if kind == SEGMENT:
        return [kept_segment(name, known)]
    if kind == STAGE:
        return [kept_stages(known)]
    number = (await journeys.live_versions(session)).get(name)
    return [] if number is None else [*kept_dates(name, (await journeys.definition(session, name, number)).trigger)]
