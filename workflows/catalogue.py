"""The published versions of journeys, as routing needs them. Each is read once: a version never changes."""

import logging
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from rules.arrivals import Inside, Version, version
from rules.entering import occasions
from rules.layout import lay_out
from store import journeys
from store.journeys import VersionProblem

_log = logging.getLogger(__name__)


class Catalogue:
    """What this process knows of the versions. One that it cannot read is told once, and never stops the others."""

    def __init__(self) -> None:
        self.versions: dict[tuple[str, int], Version] = {}
        self._unreadable: set[tuple[str, int]] = set()
        self._live: tuple[dict[str, int], Mapping[str, Sequence[Version]]] = ({}, {})

    async def live(self, session: AsyncSession) -> Mapping[str, Sequence[Version]]:
        """The versions that take new contacts, by the events that may start them."""
        numbers = await journeys.live_versions(session)
        if numbers != self._live[0]:
            self._live = numbers, await self._by_event(session, numbers)
        return self._live[1]

    async def _by_event(self, session: AsyncSession, numbers: Mapping[str, int]) -> Mapping[str, Sequence[Version]]:
        by_event: dict[str, list[Version]] = defaultdict(list)
        for name, number in numbers.items():
            if await self._learn(session, name, number):
                for event in _triggers(self.versions[name, number]):
                    by_event[event].append(self.versions[name, number])
        return by_event

    async def strangers(self, session: AsyncSession, inside: Mapping[UUID, Iterable[Inside]]) -> set[UUID]:
        """Contacts who are on their way through a version that this process cannot read: not ours to route."""
        found = set()
        for contact, enrolments in inside.items():
            for each in enrolments:
                if not await self._learn(session, each.journey, each.version) and not each.ended:
                    found.add(contact)
        return found

    async def _learn(self, session: AsyncSession, name: str, number: int) -> bool:
        if (name, number) in self.versions:
            return True
        try:
            definition = await journeys.definition(session, name, number)
        except VersionProblem as problem:
            if (name, number) not in self._unreadable:
                self._unreadable.add((name, number))
                _log.error("%s", problem)
            return False
        self.versions[name, number] = version(definition, lay_out(definition, number))
        return True


def _triggers(known: Version) -> set[str]:
    return {event for trigger in known.journey.trigger for event in occasions(trigger)}
