"""The worker: composition root of everything that runs behind the front door.

Any number of workers may run side by side; `--roles` gives each its part of the work.
"""

import argparse
import asyncio
import logging
import signal
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import uvloop
from prometheus_client import REGISTRY, Gauge, start_http_server
from temporalio.client import Client
from temporalio.common import VersioningBehavior, WorkerDeploymentVersion
from temporalio.runtime import LogForwardingConfig, LoggingConfig, Runtime, TelemetryConfig
from temporalio.worker import PollerBehaviorAutoscaling, UnsandboxedWorkflowRunner, Worker, WorkerDeploymentConfig

from activities.audience import Audiences
from activities.calendar import Calendar
from activities.calling import Caller
from activities.contacts import Contacts
from activities.coupons import CouponRounds
from activities.decisions import Decisions
from activities.discretion import Discretion
from activities.enrolling import Enrolling
from activities.enrolments import Enrolments
from activities.forgetting import Forgetting
from activities.housekeeping import Housekeeping
from activities.letters import LetterActivities
from activities.migrating import Migrating
from activities.orders import Staff
from activities.plans import Plans
from activities.preparing import Preparing
from activities.senders import Senders
from activities.sending import Sending
from activities.signing import secret_of
from activities.sweeps import Sweeps
from activities.timetable import Timetable
from activities.upkeep import Upkeep
from activities.webhooks import Webhooks
from mail.evidence import Evidence, HttpEvidence, NoEvidence
from mail.links import Links
from mail.relays import Relays
from mail.rendering import Letters
from mail.senders import Sender, read_senders
from mail.translations import Translations
from mail.verp import Verp
from settings import Settings
from store.knowledge import Watch
from store.session import Database
from workflows.acting import LETTERS_QUEUE, WEBHOOKS_QUEUE
from workflows.calendar import AudienceWorkflow, CalendarWorkflow
from workflows.connection import connect
from workflows.journey import JourneyWorkflow
from workflows.migrating import ChangeOverWorkflow
from workflows.router import Router
from workflows.schedules import schedule_calendar, schedule_housekeeping, schedule_upkeep
from workflows.starting import JOURNEYS_QUEUE, SWEEPS_QUEUE
from workflows.sweeps import HousekeepingWorkflow, ReleaseHeldWorkflow
from workflows.upkeep import BackFillWorkflow, UpkeepWorkflow

_log = logging.getLogger("worker")

ROLES = ("journeys", "letters", "webhooks", "sweeps", "router")
# Calls wait for other systems more than they work; each takes two short transactions of the database.
_CALLS = 20
_GRACE = timedelta(seconds=25)
# More polls at once than a small server can answer in time come back as lost tasks, found again only by their time-out.
_POLLERS = PollerBehaviorAutoscaling(maximum=10)


def sending(settings: Settings, database: Database, relays: Relays) -> Sending:
    """The send protocol, put together from the settings. Raises SendersUnusable, RelayAddressInvalid."""
    those = senders(settings)
    for each in those.known:
        relays.at(each.smtp_url)  # an address that cannot be used stops the start, and no letter
    links = Links(settings.secret.get_secret_value(), settings.public_url)
    staff = Staff(settings.staff, settings.staff_letters_per_hour)
    letters = Letters(settings.templates_dir, Translations(settings.locale_dir))
    preparing = Preparing(Plans(), letters, links, those, staff=staff, time_zone=settings.time_zone)
    timetable = Timetable(evidence_after=settings.evidence_after)
    return Sending(database, preparing, relays.at, _evidence(settings), timetable)


def senders(settings: Settings) -> Senders:
    """Those in whose names letters go out, with their keys. Raises SendersUnusable."""
    default = Sender(
        mailbox=settings.sender,
        reply_to=settings.reply_to,
        shop_name=settings.shop_name,
        shop_url=settings.shop_url,
        postal_address=settings.postal_address,
        smtp_url=settings.smtp_url,
    )
    known = read_senders(settings.senders, default) if settings.senders else (default,)
    return Senders(known, Verp(settings.secret.get_secret_value()), settings.locale)


def webhooks(settings: Settings, database: Database) -> Webhooks:
    """What calls other systems."""
    secret = secret_of(settings.webhook_secret.get_secret_value()) if settings.webhook_secret else None
    return Webhooks(database, Caller(private=settings.webhook_private), secret)


def _evidence(settings: Settings) -> Evidence:
    return HttpEvidence(settings.evidence_url) if settings.evidence_url else NoEvidence()


def housekeeping(settings: Settings, client: Client, database: Database) -> Housekeeping:
    """What is repeated from time to time. A letter may be in an attempt's hands for as long as it is in doubt."""
    return Housekeeping(database, client, _evidence(settings), patience=settings.evidence_after * 2)


def workers(
    settings: Settings, client: Client, database: Database, relays: Relays, roles: Sequence[str]
) -> list[Worker]:
    """One Temporal worker for each nature of work among the roles."""
    make = partial(
        Worker,
        client,
        graceful_shutdown_timeout=_GRACE,
        interceptors=[Discretion()],
        deployment_config=_deployment(settings),
        # Tests and replays run in the sandbox; here it would only cost the half of every wake.
        workflow_runner=UnsandboxedWorkflowRunner(),
    )
    made: dict[str, Callable[[], Worker]] = {
        "journeys": lambda: make(
            task_queue=JOURNEYS_QUEUE,
            workflows=[JourneyWorkflow],
            activities=_of_runs(settings, database),
            no_remote_activities=True,
            max_cached_workflows=settings.cached_runs,
            workflow_task_poller_behavior=_POLLERS,
        ),
        "letters": lambda: make(
            task_queue=LETTERS_QUEUE,
            activities=[LetterActivities(sending(settings, database, relays)).send],
            max_concurrent_activities=settings.smtp_connections * 2,
            max_activities_per_second=settings.letters_per_second,
            activity_task_poller_behavior=_POLLERS,
        ),
        "webhooks": lambda: make(
            task_queue=WEBHOOKS_QUEUE,
            activities=[webhooks(settings, database).call],
            max_concurrent_activities=_CALLS,
            activity_task_poller_behavior=_POLLERS,
        ),
        "sweeps": lambda: make(
            task_queue=SWEEPS_QUEUE,
            workflows=[
                ReleaseHeldWorkflow,
                HousekeepingWorkflow,
                UpkeepWorkflow,
                BackFillWorkflow,
                AudienceWorkflow,
                CalendarWorkflow,
                ChangeOverWorkflow,
            ],
            activities=_of_sweeps(settings, client, database),
        ),
    }
    return [build() for role, build in made.items() if role in roles]


def _of_runs(settings: Settings, database: Database) -> list[Callable[..., Any]]:
    decisions, enrolments = Decisions(database, settings.time_zone), Enrolments(database)
    return [
        decisions.decide,
        decisions.locate,
        Contacts(database).change,
        Enrolling(database).enrol,
        enrolments.finish,
        enrolments.stand,
        enrolments.move,
    ]


def _of_sweeps(settings: Settings, client: Client, database: Database) -> list[Callable[..., Any]]:
    rounds, migrating = housekeeping(settings, client, database), Migrating(database, client)
    upkeep = Upkeep(database, Watch(ZoneInfo(settings.time_zone)))
    return [
        Sweeps(database, client).release,
        rounds.end_closed_runs,
        rounds.settle_abandoned,
        migrating.tell_travellers,
        migrating.close_changeover,
        migrating.settle_versions,
        upkeep.work_off,
        upkeep.fill,
        Audiences(database).call,
        Calendar(database, client, settings.time_zone, SWEEPS_QUEUE).keep,
        Forgetting(database, settings.decisions_kept).forget_decisions,
        CouponRounds(database).fill_pools,
    ]


def _deployment(settings: Settings) -> WorkerDeploymentConfig:
    versioned = settings.worker_versioning
    behavior = VersioningBehavior.AUTO_UPGRADE if versioned else VersioningBehavior.UNSPECIFIED
    version = WorkerDeploymentVersion("kundresa", settings.build_id)
    return WorkerDeploymentConfig(version, use_worker_versioning=versioned, default_versioning_behavior=behavior)


@asynccontextmanager
async def running(settings: Settings, client: Client, roles: Sequence[str]) -> AsyncIterator[None]:
    """Work while the block runs; at its end finish what is under way."""
    async with AsyncExitStack() as stack:
        database = Database(
            settings.database_url,
            connections=settings.smtp_connections * 2 + 10,
            secret=settings.secret.get_secret_value(),
        )
        stack.push_async_callback(database.close)
        relays = Relays(settings.smtp_connections)
        stack.push_async_callback(relays.close)
        for each in workers(settings, client, database, relays, roles):
            await stack.enter_async_context(each)
        if "sweeps" in roles:
            await schedule_housekeeping(client, settings.housekeeping_every)
            await schedule_upkeep(client, settings.upkeep_every)
            await schedule_calendar(client)
        if "router" in roles:
            await stack.enter_async_context(_routing(settings, client))
        yield


@asynccontextmanager
async def _routing(settings: Settings, client: Client) -> AsyncIterator[None]:
    database = Database(settings.database_url)
    router = Router(database, client, ZoneInfo(settings.time_zone))
    routed = Gauge("kundresa_events_routed", "Events that this worker has routed.")
    routed.set_function(lambda: router.routed)
    try:
        # A router that fails takes the worker with it, to be started again: without one, nothing would be routed.
        async with asyncio.TaskGroup() as group:
            task = group.create_task(router.run())
            yield
            task.cancel()
    finally:
        REGISTRY.unregister(routed)
        await database.close()


def runtime() -> Runtime:
    """The SDK's own threads: our log gets their errors and why a run cannot go on, not every try to reach Temporal."""
    forwarding = LogForwardingConfig(logging.getLogger("temporalio"), append_target_to_name=False)
    logged = LoggingConfig("error,temporalio_sdk_core::worker::workflow=warn", forwarding)
    return Runtime(telemetry=TelemetryConfig(logging=logged))


async def main(roles: Sequence[str] = ROLES) -> None:
    """Work until SIGTERM or SIGINT."""
    settings = Settings()
    Runtime.set_default(runtime())
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    async with running(settings, await _connected(stop), roles):
        # Only now: whoever gets an answer, such as a health check, knows that this worker works.
        if settings.metrics_port:
            start_http_server(settings.metrics_port, addr=settings.metrics_host)
        _log.info("working on %s", ", ".join(roles))
        await stop.wait()
        _log.info("finishing what is under way")
    # A client's threads that outlive the interpreter crash it at exit: give them a moment.
    await asyncio.sleep(0.5)


async def _connected(stop: asyncio.Event) -> Client:
    """The client, as soon as Temporal answers."""
    while True:
        try:
            return await connect()
        except RuntimeError as error:
            if stop.is_set():
                raise
            _log.warning("Temporal does not answer yet: %s", error)
            await asyncio.sleep(1)


def _roles() -> Sequence[str]:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--roles", default=",".join(ROLES), help="which parts of the work to do, of: %(default)s")
    roles: list[str] = parser.parse_args().roles.split(",")
    if unknown := set(roles) - set(ROLES):
        parser.error(f"there are no roles {', '.join(sorted(unknown))}; the roles are {', '.join(ROLES)}")
    return roles


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    uvloop.run(main(_roles()))
