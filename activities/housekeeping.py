"""Put in order what nobody works on any more: runs that were ended from outside, and letters that their run left."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from uuid import UUID

from temporalio import activity
from temporalio.client import Client, WorkflowExecution, WorkflowExecutionStatus
from temporalio.service import RPCError, RPCStatusCode

from mail.evidence import Evidence, Verdict
from store import doubts, enrolments, erasure, ledger
from store.session import Database

_CLOSED = 'WorkflowType = "Journey" AND ExecutionStatus IN ("Terminated", "Failed", "TimedOut", "Canceled")'

_REASONS = {
    WorkflowExecutionStatus.TERMINATED: "terminated in Temporal",
    WorkflowExecutionStatus.CANCELED: "cancelled in Temporal",
    WorkflowExecutionStatus.TIMED_OUT: "timed out in Temporal",
    WorkflowExecutionStatus.FAILED: "failed in Temporal",
}


@dataclass
class Looked:
    """Runs that closed, contacts that were merged or erased, before `until` have been looked at. None: none of them."""

    until: datetime | None = None


@dataclass
class Swept:
    """How many there were."""

    number: int


@dataclass
class _Started:
    """The part of a journey's input that tells whose run it is."""

    enrolment: UUID


@dataclass
class _Note:
    """Why a run is to end, as its signal `exit` reads it."""

    reason: str


class Housekeeping:
    """Activities that are repeated from time to time. `patience` is how long a letter in doubt is left alone."""

    def __init__(self, database: Database, client: Client, evidence: Evidence, patience: timedelta) -> None:
        self._database = database
        self._client = client
        self._evidence = evidence
        self._patience = patience

    @activity.defn
    async def end_closed_runs(self, looked: Looked) -> Swept:
        """Bring our table and Temporal together where one of them alone knows that a run is over.

        Enrolments end whose run somebody ended with Temporal's own tools, so that they may enter again. Runs end whose
        contact became another one that is in the same journey, or was erased.
        """
        return Swept(
            await self._end_enrolments(looked) + await self._end_merged(looked) + await self._end_erased(looked)
        )

    async def _end_enrolments(self, looked: Looked) -> int:
        since = f' AND CloseTime > "{looked.until.isoformat()}"' if looked.until else ""
        closed = {run.id async for run in self._client.list_workflows(_CLOSED + since)}
        async with self._database.transaction() as session:
            inside = await enrolments.inside(session, closed)
        reasons = [(each, await self._over(workflow, each)) for each, workflow in inside]
        over = [(each, reason) for each, reason in reasons if reason is not None]
        async with self._database.transaction() as session:
            for each, reason in over:
                await enrolments.end(session, each, reason, datetime.now(UTC))
        return len(over)

    async def _over(self, workflow: str, enrolment: UUID) -> str | None:
        """Why the enrolment's run is closed; None while it runs, or when the workflow's latest run is another's."""
        latest = await self._client.get_workflow_handle(workflow).describe()
        reason = _REASONS.get(latest.status) if latest.status else None
        return reason if reason is not None and await self._whose(latest) == enrolment else None

    async def _whose(self, run: WorkflowExecution) -> UUID:
        """The enrolment whose run this is."""
        history = self._client.get_workflow_handle(run.id, run_id=run.run_id).fetch_history_events(page_size=1)
        first = await anext(history)
        payloads = first.workflow_execution_started_event_attributes.input.payloads
        (started,) = await self._client.data_converter.decode(payloads, [_Started])
        enrolment: UUID = started.enrolment
        return enrolment

    async def _end_merged(self, looked: Looked) -> int:
        async with self._database.transaction() as session:
            merged = await enrolments.merged(session, looked.until)
        told = [await self._leave(workflow, each, "merged") for each, workflow in merged]
        return sum(told)

    async def _end_erased(self, looked: Looked) -> int:
        """End the runs of erased contacts, and forget what was written down of these since, by work then in flight."""
        async with self._database.transaction() as session:
            left = await erasure.runs_left(session)
            contacts = await erasure.erased_since(session, looked.until)
        told = [await self._leave(workflow, each, "erased") for each, workflow in left]
        for contact in contacts:
            await erasure.erase(self._database, contact, "housekeeping")
            activity.heartbeat(str(contact))
        over = [each for (each, _), running in zip(left, told, strict=True) if not running]
        async with self._database.transaction() as session:
            await erasure.forget_runs(session, over)
        return sum(told)

    async def _leave(self, workflow: str, enrolment: UUID, why: str) -> bool:
        """Tell the enrolment's run to end. False: it is over, or was never started; a later run of its id goes on."""
        try:
            latest = await self._client.get_workflow_handle(workflow).describe()
            if latest.status is not WorkflowExecutionStatus.RUNNING or await self._whose(latest) != enrolment:
                return False
            await self._client.get_workflow_handle(workflow, run_id=latest.run_id).signal("exit", _Note(why))
        except RPCError as error:
            if error.status is not RPCStatusCode.NOT_FOUND:
                raise
            return False
        return True

    @activity.defn
    async def settle_abandoned(self) -> Swept:
        """Settle the letters that a run left behind when it ended: no attempt will come to do it."""
        async with self._database.transaction() as session:
            cancelled = await doubts.cancel_left(session)
            abandoned = await doubts.abandoned(session, self._patience)
        for message in abandoned:
            state, reason = judge_abandoned(await self._evidence.look_up(message.message_id))
            async with self._database.transaction() as session:
                await doubts.doubt(session, message.id)
                await doubts.resolve(session, message.id, message.dot_at, state, reason)
        return Swept(cancelled + len(abandoned))


def judge_abandoned(verdict: Verdict) -> tuple[str, str]:
    """The final state, and its reason, of a message in doubt whose run is over: it is not sent again."""
    match verdict:
        case Verdict.TAKEN:
            return ledger.SENT, "the relay has it"
        case Verdict.ABSENT:
            return ledger.CANCELLED, "the relay does not have it, and nobody tries again"
        case Verdict.UNKNOWABLE:
            return ledger.UNKNOWN, "nobody knows whether the relay took it; not sent again"
