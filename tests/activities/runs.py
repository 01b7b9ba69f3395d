"""Runs of enrolments, started as the router starts them; no worker takes them."""

from datetime import UTC, datetime
from uuid import UUID

from temporalio.client import Client

from rules.layout import lay_out
from store import journeys
from tests.activities.office import Office
from workflows.starting import Starting, start


async def started(office: Office, client: Client, enrolment: UUID) -> str:
    """Start the enrolment's run, as the router does; no worker takes it."""
    row = await office.row("SELECT workflow_id FROM enrolments WHERE id = :id", id=enrolment)
    async with office.database.transaction() as session:
        definition = await journeys.definition(session, "tried", 1)
    workflow = str(row["workflow_id"])
    await start(client, Starting(workflow, enrolment, lay_out(definition, 1), "Tried", datetime.now(UTC), {}))
    return workflow


async def status(office: Office, enrolment: UUID) -> tuple[str, str | None]:
    row = await office.row("SELECT status, reason FROM enrolments WHERE id = :id", id=enrolment)
    return row["status"], row["reason"]
