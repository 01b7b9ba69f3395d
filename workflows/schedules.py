"""What Temporal does from time to time, without anybody asking."""

from datetime import timedelta

from temporalio.client import (
    Client,
    Schedule,
    ScheduleActionStartWorkflow,
    ScheduleAlreadyRunningError,
    ScheduleIntervalSpec,
    ScheduleOverlapPolicy,
    SchedulePolicy,
    ScheduleSpec,
    ScheduleUpdate,
    ScheduleUpdateInput,
)

from workflows.starting import SWEEPS_QUEUE

HOUSEKEEPING, UPKEEP, BACK_FILL, CALENDAR = "housekeeping", "upkeep", "back-fill", "calendar"
"""The schedules' ids, and the beginnings of their workflows' ids."""

# A round that was missed while Temporal was away is not made up for: the next one sees all that it would have seen.
_CATCH_UP = timedelta(seconds=10)
_ROUND_AT_MOST = timedelta(minutes=30)
_FILL_AT_MOST = timedelta(hours=13)
_CALENDAR_EVERY = timedelta(minutes=1)


async def schedule_housekeeping(client: Client, every: timedelta) -> None:
    """Have the housekeeping done; to say so again changes no more than how often. A paused schedule stays paused."""
    summary = "Housekeeping: runs ended from outside, letters left behind"
    await _schedule(client, HOUSEKEEPING, every, _action("Housekeeping", HOUSEKEEPING, _ROUND_AT_MOST, summary))


async def schedule_upkeep(client: Client, every: timedelta) -> None:
    """Have segments, stages and dates kept true. A long back-fill never keeps the other sweep from its rounds."""
    summary = "Upkeep: segments, stages and dates that change as time goes by"
    await _schedule(client, UPKEEP, every, _action("Upkeep", UPKEEP, _ROUND_AT_MOST, summary))
    summary = "Back-fill: segments, stages and dates whose definitions are new"
    await _schedule(client, BACK_FILL, every, _action("BackFill", BACK_FILL, _FILL_AT_MOST, summary))


async def schedule_calendar(client: Client) -> None:
    """Have the schedules that start journeys kept in step with what is published: now, and every minute."""
    summary = "Calendar: a schedule for each that starts a live journey"
    await _schedule(client, CALENDAR, _CALENDAR_EVERY, _action("Calendar", CALENDAR, _ROUND_AT_MOST, summary))
    await client.get_schedule_handle(CALENDAR).trigger()


def _action(workflow: str, name: str, at_most: timedelta, summary: str) -> ScheduleActionStartWorkflow:
    return ScheduleActionStartWorkflow(
        workflow, id=name, task_queue=SWEEPS_QUEUE, execution_timeout=at_most, static_summary=summary
    )


async def _schedule(client: Client, name: str, every: timedelta, action: ScheduleActionStartWorkflow) -> None:
    schedule = Schedule(
        action=action,
        spec=ScheduleSpec(intervals=[ScheduleIntervalSpec(every)]),
        policy=SchedulePolicy(overlap=ScheduleOverlapPolicy.SKIP, catchup_window=_CATCH_UP),
    )

    def update(found: ScheduleUpdateInput) -> ScheduleUpdate | None:
        known = found.description.schedule
        if known.spec.intervals == schedule.spec.intervals:
            return None
        schedule.state = known.state
        return ScheduleUpdate(schedule)

    try:
        await client.create_schedule(name, schedule)
    except ScheduleAlreadyRunningError:
        await client.get_schedule_handle(name).update(update)
