"""Sweeps: work over many enrolments."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from activities.coupons import CouponRounds
    from activities.forgetting import Forgetting
    from activities.housekeeping import Housekeeping, Looked
    from activities.migrating import Migrating
    from activities.sweeps import Page, Sweeps

_PAGES_A_RUN = 100
_PAGE_TIMEOUT = timedelta(minutes=5)
_PATIENT = RetryPolicy(maximum_interval=timedelta(seconds=30))
_ROUND_TIMEOUT = timedelta(minutes=10)
# Temporal's list of closed runs is behind by some seconds.
_LOOK_BACK = timedelta(minutes=10)


@workflow.defn(name="ReleaseHeld")
class ReleaseHeldWorkflow:
    """A paused journey was resumed: tell everybody whom it held to go on."""

    @workflow.run
    async def run(self, page: Page) -> None:
        """Release page after page."""
        for _ in range(_PAGES_A_RUN):
            last = await workflow.execute_activity_method(
                Sweeps.release, page, start_to_close_timeout=_PAGE_TIMEOUT, retry_policy=_PATIENT
            )
            if last is None:
                return
            page = Page(page.journey, last)
        workflow.continue_as_new(page)


@workflow.defn(name="Housekeeping")
class HousekeepingWorkflow:
    """Put in order what nobody works on any more. A schedule starts it; each round begins where the last one ended."""

    @workflow.run
    async def run(self) -> Looked:
        """One round."""
        last = workflow.get_last_completion_result(Looked) if workflow.has_last_completion_result() else None
        began = workflow.now()
        await workflow.execute_activity_method(
            Housekeeping.end_closed_runs,
            last or Looked(),
            start_to_close_timeout=_ROUND_TIMEOUT,
            retry_policy=_PATIENT,
        )
        await workflow.execute_activity_method(
            Housekeeping.settle_abandoned, start_to_close_timeout=_ROUND_TIMEOUT, retry_policy=_PATIENT
        )
        await workflow.execute_activity_method(
            Forgetting.forget_decisions, start_to_close_timeout=_ROUND_TIMEOUT, retry_policy=_PATIENT
        )
        await workflow.execute_activity_method(
            Migrating.settle_versions, start_to_close_timeout=_ROUND_TIMEOUT, retry_policy=_PATIENT
        )
        await workflow.execute_activity_method(
            CouponRounds.fill_pools, start_to_close_timeout=_ROUND_TIMEOUT, retry_policy=_PATIENT
        )
        return Looked(began - _LOOK_BACK)
