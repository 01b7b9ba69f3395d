"""Sweeps: work over many enrolments, page by page."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from activities.sweeps import Page, Sweeps

_PAGES_A_RUN = 100
_PAGE_TIMEOUT = timedelta(minutes=5)
_PATIENT = RetryPolicy(maximum_interval=timedelta(seconds=30))


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
