"""What is said to Temporal: ids, queues, policies, and calls that may be repeated without harm."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Literal
from uuid import UUID, uuid5

from google.protobuf.duration_pb2 import Duration
from google.protobuf.message import Message
from temporalio.api.common.v1 import Payload, Payloads, WorkflowExecution, WorkflowType
from temporalio.api.enums.v1 import ResourceExhaustedCause, WorkflowIdConflictPolicy, WorkflowIdReusePolicy
from temporalio.api.errordetails.v1 import NamespaceNotFoundFailure, ResourceExhaustedFailure
from temporalio.api.sdk.v1 import UserMetadata
from temporalio.api.taskqueue.v1 import TaskQueue
from temporalio.api.workflowservice.v1 import SignalWorkflowExecutionRequest, StartWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.common import SearchAttributeKey, WorkflowIDConflictPolicy
from temporalio.converter import encode_search_attribute_values
from temporalio.service import RPCError, RPCStatusCode

from activities.migrating import Going
from activities.sweeps import Page
from rules.plan import Plan
from rules.signals import signal_name
from rules.wording import stage
from workflows.payloads import Enrolled, Heard, Note

JOURNEYS_QUEUE = "journeys"
SWEEPS_QUEUE = "sweeps"
JOURNEY_ID = SearchAttributeKey.for_keyword("JourneyId")
JOURNEY_STAGE = SearchAttributeKey.for_keyword("JourneyStage")

_RPC_TIMEOUT = timedelta(seconds=5)
_TASK_TIMEOUT = Duration(seconds=10)
_REQUESTS = UUID("0f5df5cf-5a43-4d0e-8f4b-0a5a3a5b1c77")

# TemporalProblem
# ├── RunOver        the run that was to be told something is over, or was never there
# ├── RunBusy        a run of that id is just closing, or beginning anew: try again soon
# └── TemporalAway   Temporal cannot be reached, or asks for patience: try again later


class TemporalProblem(Exception):
    """Temporal did not do what it was asked. The words name workflows, never contacts."""


class RunOver(TemporalProblem):
    """The run is over, or was never there."""


class RunBusy(TemporalProblem):
    """A run of that id is closing, or beginning a new history, at this moment."""


class TemporalAway(TemporalProblem):
    """Temporal cannot be reached, or asks for patience."""


_AWAY = frozenset(
    {
        RPCStatusCode.UNAVAILABLE,
        RPCStatusCode.DEADLINE_EXCEEDED,
        RPCStatusCode.RESOURCE_EXHAUSTED,
        RPCStatusCode.CANCELLED,
        RPCStatusCode.ABORTED,
        RPCStatusCode.INTERNAL,
        RPCStatusCode.UNKNOWN,
    }
)


def workflow_id(journey: str, contact: UUID, key: str) -> str:
    """The id of a run: one at a time for a contact, or for a contact and key."""
    return "/".join(filter(None, ("journey", journey, str(contact), key)))


def _contact(workflow: str) -> UUID:
    return UUID(workflow.split("/")[2])


@dataclass(frozen=True)
class Starting:
    """A run to be started. `title` is what operators read first."""

    workflow_id: str
    enrolment: UUID
    plan: Plan
    title: str
    entered: datetime
    start: Mapping[str, Any]


async def start(client: Client, starting: Starting) -> None:
    """Start the run; starting it again changes nothing. Raises RunBusy, TemporalAway, TemporalProblem."""
    plan = starting.plan
    enrolled = Enrolled(
        enrolment=starting.enrolment,
        plan=plan.model_dump(mode="json", by_alias=True, exclude_defaults=True),
        entered=starting.entered,
        start=dict(starting.start),
        contact=_contact(starting.workflow_id),
    )
    request = StartWorkflowExecutionRequest(
        namespace=client.namespace,
        workflow_id=starting.workflow_id,
        workflow_type=WorkflowType(name="Journey"),
        task_queue=TaskQueue(name=JOURNEYS_QUEUE),
        input=Payloads(payloads=await client.data_converter.encode([enrolled])),
        workflow_task_timeout=_TASK_TIMEOUT,
        identity=client.identity,
        request_id=str(starting.enrolment),
        workflow_id_reuse_policy=WorkflowIdReusePolicy.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
        workflow_id_conflict_policy=WorkflowIdConflictPolicy.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
        user_metadata=UserMetadata(summary=await _payload(client, starting.title)),
    )
    for name, value in (("JourneyId", plan.journey), ("JourneyStage", stage(plan, plan.first)[:255])):
        request.search_attributes.indexed_fields[name].CopyFrom(encode_search_attribute_values([value]))
    with _told(starting.workflow_id):
        await client.workflow_service.start_workflow_execution(request, retry=False, timeout=_RPC_TIMEOUT)


async def _payload(client: Client, value: str) -> Payload:
    return (await client.data_converter.encode([value]))[0]


async def hear(client: Client, workflow: str, event: str, heard: Heard) -> None:
    """Signal an event to a run, under the event's name. The same event again is not delivered twice.

    Raises RunOver, TemporalAway, TemporalProblem.
    """
    await _signal(client, workflow, signal_name(event), [heard], f"{workflow}/{heard.seq}")


async def tell(client: Client, workflow: str, signal: Literal["pause", "resume", "exit"], note: str) -> None:
    """Steer a run, as an operator does. Raises RunOver, TemporalAway, TemporalProblem."""
    await _signal(client, workflow, signal, [Note(note)] if signal == "exit" else [], None)


async def _signal(client: Client, workflow: str, name: str, arguments: Sequence[object], once: str | None) -> None:
    request = SignalWorkflowExecutionRequest(
        namespace=client.namespace,
        workflow_execution=WorkflowExecution(workflow_id=workflow),
        signal_name=name,
        input=Payloads(payloads=await client.data_converter.encode(arguments)),
        identity=client.identity,
        request_id=str(uuid5(_REQUESTS, once)) if once else "",
    )
    with _told(workflow):
        await client.workflow_service.signal_workflow_execution(request, retry=False, timeout=_RPC_TIMEOUT)


@contextmanager
def _told(workflow: str) -> Iterator[None]:
    """Tell errors of Temporal in our words."""
    try:
        yield
    except RPCError as error:
        raise _problem(error, workflow) from error
    except RuntimeError as error:
        # A client that connects at its first call says so when it cannot.
        raise TemporalAway("Temporal is away: it cannot be reached") from error


def _problem(error: RPCError, workflow: str) -> TemporalProblem:
    if error.status is RPCStatusCode.RESOURCE_EXHAUSTED and _is_busy(error):
        return RunBusy(f"{workflow} is busy")
    if error.status in _AWAY:
        return TemporalAway(f"Temporal is away: {error.status.name}")
    if error.status is RPCStatusCode.NOT_FOUND and _tells(error, NamespaceNotFoundFailure()):
        return TemporalAway("Temporal is away: it does not know the namespace")
    if error.status is RPCStatusCode.NOT_FOUND:
        return RunOver(f"{workflow} is over")
    if error.status is RPCStatusCode.ALREADY_EXISTS:
        return RunBusy(f"an earlier run of {workflow} is not closed yet")
    return TemporalProblem(f"Temporal refused {workflow}: {error.status.name}: {error.message[:200]}")


def _is_busy(error: RPCError) -> bool:
    """Whether it is this one run, and not the server, that asks for patience."""
    failure = ResourceExhaustedFailure()
    busy = ResourceExhaustedCause.RESOURCE_EXHAUSTED_CAUSE_BUSY_WORKFLOW
    return _tells(error, failure) and failure.cause == busy


def _tells(error: RPCError, failure: Message) -> bool:
    """Whether the error carries a failure of this kind, which is then filled with what it says."""
    return any(detail.Unpack(failure) for detail in error.grpc_status.details)


async def release_held(client: Client, journey: str) -> None:
    """Tell everybody whom the paused journey held to go on: a sweep that survives restarts."""
    await client.start_workflow(
        "ReleaseHeld",
        Page(journey),
        id=f"release/{journey}",
        task_queue=SWEEPS_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.TERMINATE_EXISTING,
    )


async def change_over(client: Client, journey: str) -> None:
    """Bring those inside other versions over, as was chosen for them: a sweep that survives restarts.

    Raises TemporalAway, TemporalProblem; then the housekeeping begins it, as soon as it can.
    """
    with _told(f"changeover/{journey}"):
        await client.start_workflow(
            "ChangeOver",
            Going(journey),
            id=f"changeover/{journey}",
            task_queue=SWEEPS_QUEUE,
            id_conflict_policy=WorkflowIDConflictPolicy.TERMINATE_EXISTING,
            static_summary=f"Bring people over to the new version of {journey}",
        )
