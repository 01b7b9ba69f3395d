"""Work over many enrolments at once."""

from dataclasses import dataclass

from temporalio import activity
from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from store import enrolments
from store.session import Database


@dataclass
class Page:
    """The enrolments of a journey behind this workflow id."""

    journey: str
    after: str = ""


class Sweeps:
    """Activities that tell many runs the same thing."""

    def __init__(self, database: Database, client: Client) -> None:
        self._database = database
        self._client = client

    @activity.defn
    async def release(self, page: Page) -> str | None:
        """Signal `resume` to a page of held runs; the last workflow id of the page, None when there were none left."""
        async with self._database.transaction() as session:
            runs = await enrolments.held(session, page.journey, page.after)
        for run in runs:
            try:
                await self._client.get_workflow_handle(run).signal("resume")
            except RPCError as error:
                if error.status is not RPCStatusCode.NOT_FOUND:
                    raise  # a run that is over needs no telling; all else is tried again
        return runs[-1] if runs else None
