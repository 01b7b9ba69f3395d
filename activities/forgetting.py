"""Keep what was decided for a time, and no longer."""

from datetime import timedelta

from temporalio import activity

from activities.housekeeping import Swept
from store import explanations
from store.session import Database

_BATCHES = 200


class Forgetting:
    """Activities that remove what has been kept long enough. `kept` is how long decisions are kept."""

    def __init__(self, database: Database, kept: timedelta) -> None:
        self._database = database
        self._kept = kept

    @activity.defn
    async def forget_decisions(self) -> Swept:
        """Remove old decisions, in batches of a transaction each; what is left after many waits for the next round."""
        removed = 0
        for _ in range(_BATCHES):
            async with self._database.transaction() as session:
                batch = await explanations.forget(session, self._kept)
            activity.heartbeat(removed := removed + batch)
            if not batch:
                break
        return Swept(removed)
