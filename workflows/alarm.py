"""The alarm of a run that sleeps: one timer a wait, that signals leave as it is."""

import asyncio
from datetime import datetime

from temporalio import workflow

_SUMMARY_MAX = 200


class Alarm:
    """At most one timer, for the wait of one step."""

    def __init__(self) -> None:
        self._timer: asyncio.Task[None] | None = None
        self._at: str | None = None
        self._until: datetime | None = None

    @property
    def rings(self) -> bool:
        """Whether the time has come."""
        return self._timer is not None and self._timer.done()

    def set(self, at: str | None, until: datetime | None, summary: str) -> None:
        """Ring at this moment, for the wait of this step; None: not at all."""
        if self._timer is not None and not self._timer.done() and self._at == at and not self._is_late(until):
            # A wait that was restarted ends later: this alarm rings too early, and the next one is set then.
            return
        self.drop()
        if until is not None and at is not None:
            self._timer = asyncio.create_task(workflow.sleep(until - workflow.now(), summary=summary[:_SUMMARY_MAX]))
            self._at, self._until = at, until

    def _is_late(self, until: datetime | None) -> bool:
        return until is not None and self._until is not None and until < self._until

    def drop(self) -> None:
        """Do not ring any more."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
