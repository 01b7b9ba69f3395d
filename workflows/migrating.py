"""Bring those inside other versions of a journey over to the published one, page after page."""

from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from activities.migrating import Going, Migrating, Passage

_PAGES_A_RUN = 100
_PAGE_TIMEOUT = timedelta(minutes=5)
_HEARTBEAT = timedelta(seconds=30)
_PATIENT = RetryPolicy(maximum_interval=timedelta(seconds=30))
# Runs need a moment to answer, and an event that was being routed may still have let somebody into an older version.
_ROUNDS = (timedelta(seconds=15), timedelta(minutes=1))


@workflow.defn(name="ChangeOver")
class ChangeOverWorkflow:
    """Tell everybody inside other versions to migrate or to end, as was chosen when the new one was published."""

    @workflow.run
    async def run(self, going: Going) -> int:
        """Go through everybody three times; later rounds find only those who were missed. How often one was told."""
        pages = 0
        while await self._tell_page(going):
            pages += 1
            if pages == _PAGES_A_RUN:
                workflow.continue_as_new(going)
        await workflow.execute_activity_method(
            Migrating.close_changeover,
            Passage(going.journey),
            start_to_close_timeout=_HEARTBEAT,
            retry_policy=_PATIENT,
        )
        return going.told

    async def _tell_page(self, going: Going) -> bool:
        """Tell a page, or wait for the next round. False: the last round is over."""
        workflow.set_current_details(f"Round {going.round + 1} of {len(_ROUNDS) + 1}: **{going.told}** told so far.")
        page = await workflow.execute_activity_method(
            Migrating.tell_travellers,
            Passage(going.journey, going.after),
            start_to_close_timeout=_PAGE_TIMEOUT,
            heartbeat_timeout=_HEARTBEAT,
            retry_policy=_PATIENT,
        )
        going.told += page.number
        if page.last is not None:
            going.after = page.last
        elif going.round < len(_ROUNDS):
            await workflow.sleep(_ROUNDS[going.round], summary="Until the runs have answered")
            going.round, going.after = going.round + 1, ""
        else:
            return False
        return True
