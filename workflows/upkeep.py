"""Sweeps that keep segments, stages and dates true: as time goes by, and when their definitions change."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from activities.heartbeat import TIMEOUT
    from activities.upkeep import Upkeep, Worked

_ROUND_TIMEOUT = timedelta(minutes=10)
_FILL_TIMEOUT = timedelta(hours=12)
_PATIENT = RetryPolicy(maximum_interval=timedelta(seconds=30))


@workflow.defn(name="Upkeep")
class UpkeepWorkflow:
    """Look at everybody of whom something has fallen due."""

    @workflow.run
    async def run(self) -> Worked:
        """One round."""
        return await workflow.execute_activity_method(
            Upkeep.work_off,
            start_to_close_timeout=_ROUND_TIMEOUT,
            heartbeat_timeout=TIMEOUT,
            retry_policy=_PATIENT,
        )


@workflow.defn(name="BackFill")
class BackFillWorkflow:
    """Fill in segments, stages and dates that are new or changed, and clear those that are gone."""

    @workflow.run
    async def run(self) -> Worked:
        """One round; it begins where the last one came to, however that ended."""
        return await workflow.execute_activity_method(
            Upkeep.fill,
            start_to_close_timeout=_FILL_TIMEOUT,
            heartbeat_timeout=TIMEOUT,
            retry_policy=_PATIENT,
        )
