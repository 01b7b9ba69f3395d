"""Plans of published versions, each read once: a version never changes."""

from sqlalchemy.ext.asyncio import AsyncSession

from rules.layout import lay_out
from rules.plan import Plan
from store import journeys


class Plans:
    """The plans that this process has met."""

    def __init__(self) -> None:
        self._plans: dict[tuple[str, int], Plan] = {}

    async def get(self, session: AsyncSession, journey: str, version: int) -> Plan:
        """The plan of this version. Raises LookupError when it was never published."""
        if (journey, version) not in self._plans:
            definition = await journeys.definition(session, journey, version)
            self._plans[journey, version] = lay_out(definition, version)
        return self._plans[journey, version]
