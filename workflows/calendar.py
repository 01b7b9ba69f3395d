"""Times of the calendar: a schedule fires, and everybody in its segment is called at a bounded rate."""

from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy, SearchAttributeKey

with workflow.unsafe.imports_passed_through():
    from activities import heartbeat
    from activities.audience import Audiences, Call, Progress
    from activities.calendar import AUDIENCE, Calendar, Kept

_FIRED_AT = SearchAttributeKey.for_datetime("TemporalScheduledStartTime")
_CALLS_A_RUN = 60
# A tick takes a second, or as long as the database needs to find the next members of a large segment.
_CALL_TIMEOUT = timedelta(minutes=30)
_PATIENT = RetryPolicy(maximum_interval=timedelta(seconds=30))
_KEEP_TIMEOUT = timedelta(minutes=1)


@workflow.defn(name=AUDIENCE)
class AudienceWorkflow:
    """A schedule has fired: call everybody who is in its segment."""

    @workflow.run
    async def run(self, call: Call) -> Progress:
        """Call page after page. The time that was meant counts, however late this begins or goes on."""
        call.at = call.at or _fired_at()
        calls = 0
        while not call.progress.done:
            if calls == _CALLS_A_RUN:
                workflow.continue_as_new(call)
            call.progress = await _called(call)
            workflow.set_current_details(_details(call))
            calls += 1
        return call.progress


async def _called(call: Call) -> Progress:
    return await workflow.execute_activity_method(
        Audiences.call,
        call,
        start_to_close_timeout=_CALL_TIMEOUT,
        heartbeat_timeout=heartbeat.TIMEOUT,
        retry_policy=_PATIENT,
        summary=f"Call members of {call.segment}, {call.progress.called} called before",
    )


def _fired_at() -> datetime:
    info = workflow.info()
    return info.typed_search_attributes.get(_FIRED_AT) or info.start_time


def _details(call: Call) -> str:
    done = "Everybody" if call.progress.done else "Up to now"
    return (
        f"**{call.journey}** calls segment **{call.segment}** ({call.at:%Y-%m-%d %H:%M} UTC), "
        f"at most {call.per_second} a second.\n\n{done}: {call.progress.called} called."
    )


@workflow.defn(name="Calendar")
class CalendarWorkflow:
    """Keep the schedules in step with what is published. A schedule of its own starts it."""

    @workflow.run
    async def run(self) -> Kept:
        """One round."""
        return await workflow.execute_activity_method(
            Calendar.keep, start_to_close_timeout=_KEEP_TIMEOUT, retry_policy=_PATIENT
        )
