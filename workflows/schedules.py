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

HOUSEKEEPING = "housekeeping"
"""The schedule's id, and the beginning of its workflows' ids."""

# A round that was missed while Temporal was away is not made up for: the next one sees all that it would have seen.
_CATCH_UP = timedelta(seconds=10)
_ROUND_AT_MOST = timedelta(minutes=30)


async def schedule_housekeeping(client: Client, every: timedelta) -> None:
    """Have the housekeeping done; to say so again changes no more than how often. A paused schedule stays paused."""
    schedule = Schedule(
        action=ScheduleActionStartWorkflow(
            "Housekeeping",
            id=HOUSEKEEPING,
            task_queue=SWEEPS_QUEUE,
            execution_timeout=_ROUND_AT_MOST,
            static_summary="Housekeeping: runs ended from outside, letters left behind",
        ),
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
        await client.create_schedule(HOUSEKEEPING, schedule)
    except ScheduleAlreadyRunningError:
        await client.get_schedule_handle(HOUSEKEEPING).update(update)
