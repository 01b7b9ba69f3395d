"""The journey workflow: it makes the moves of `rules.run` and tells it what happened. It decides nothing itself."""

import asyncio
from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import assert_never

from temporalio import workflow
from temporalio.common import RawValue, RetryPolicy, SearchAttributeKey

with workflow.unsafe.imports_passed_through():
    from activities import heartbeat
    from activities.contacts import Changing, Contacts
    from activities.decisions import Appointment, Decisions, Question
    from activities.enrolments import Ending, Enrolments, Standing
    from activities.letters import LetterActivities
    from activities.orders import LetterOrder, Receipt
    from rules.facts import Happening
    from rules.plan import Plan, listens
    from rules.run import Apply, Ask, Deliver, Finish, Locate, Run, Sleep, begin
    from rules.signals import signal_name
    from rules.story import story
    from rules.wording import place, purpose, stage
    from workflows.payloads import Enrolled, Heard, Note, Snapshot

LETTERS_QUEUE = "letters"
STAGE = SearchAttributeKey.for_keyword("JourneyStage")

# Mostly-sleeping runs are replayed from their histories at each wake: short histories are speed.
_HISTORY_MAX = 500
_LOOK_UP = RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=10))
_SEND = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))
_LOOK_UP_TIMEOUT = timedelta(seconds=10)
# The relay may take ten minutes to answer the dot (RFC 5321, 4.5.3.2.6); a dead worker is noticed by its heartbeat.
_SEND_TIMEOUT = timedelta(minutes=20)


@workflow.defn(name="Journey")
class JourneyWorkflow:
    """One contact's way through one version of one journey."""

    @workflow.init
    def __init__(self, enrolled: Enrolled) -> None:
        self._enrolled = enrolled
        self._plan = Plan.model_validate(enrolled.plan)
        self._run = Run(self._plan, enrolled.state or begin(self._plan, enrolled.entered, enrolled.start))
        self._events = {signal_name(name): name for name in listens(self._plan)}
        self._changes = self._resumes = 0
        self._checkpoint = False
        self._status = self._standing()
        self._stage = "" if enrolled.state else stage(self._plan, self._plan.first)
        self._alarm: asyncio.Task[None] | None = None
        self._alarm_at: str | None = None

    @workflow.signal(dynamic=True)
    def happened(self, signal: str, arguments: Sequence[RawValue]) -> None:
        """Hear an event: the signal bears its name, `order_completed` for `Order Completed`."""
        name = self._events.get(signal)
        if name is None:
            return
        heard = _read(arguments)
        self._run.hear(Happening(name, heard.at or workflow.now(), heard.properties, heard.seq), workflow.now())
        self._changes += 1

    @workflow.signal
    def pause(self) -> None:
        """Hold this run where it is."""
        self._run.pause()
        self._changes += 1

    @workflow.signal
    def resume(self) -> None:
        """Let this run go on."""
        self._run.resume()
        self._resumes += 1
        self._changes += 1

    @workflow.signal
    def exit(self, note: Note) -> None:
        """End this run."""
        self._run.end(note.reason)
        self._changes += 1

    @workflow.signal
    def checkpoint(self) -> None:
        """Begin a new history, on the newest code."""
        self._checkpoint = True
        self._changes += 1

    @workflow.query
    def state(self) -> Snapshot:
        """Where the run stands."""
        state = self._run.state
        waits = purpose(self._plan, state.at) if state.at is not None and state.over is None else ""
        return Snapshot(self._plan.journey, self._plan.version, waits, state.until, state)

    @workflow.run
    async def run(self, enrolled: Enrolled) -> str:
        """Make the moves until the run is over. The result is why it ended."""
        while True:
            move = self._run.next(workflow.now())
            if isinstance(move, Finish):
                return await self._finish(move.reason)
            if not await self._tell():
                await self._make(move)

    async def _make(self, move: Sleep | Ask | Locate | Deliver | Apply) -> None:
        match move:
            case Sleep():
                await self._sleep(move)
            case Deliver():
                await self._deliver(move)
            case Ask():
                await self._ask(move)
            case Locate():
                await self._locate(move)
            case Apply():
                await self._apply(move)
            case _:
                assert_never(move)

    async def _sleep(self, move: Sleep) -> None:
        """Sleep until the alarm, or until something changes. One alarm a wait: signals leave it as it is."""
        self._show_stage()
        info = workflow.info()
        if self._checkpoint or info.is_continue_as_new_suggested() or info.get_current_history_length() > _HISTORY_MAX:
            self._drop_alarm()
            self._enrolled.state = self._run.state
            workflow.continue_as_new(self._enrolled)
        alarm, changes = self._set_alarm(move.until), self._changes
        await workflow.wait_condition(lambda: self._changes != changes or (alarm is not None and alarm.done()))

    def _set_alarm(self, until: datetime | None) -> "asyncio.Task[None] | None":
        at = self._run.state.at
        if self._alarm is not None and not self._alarm.done() and self._alarm_at == at:
            # A wait that was restarted ends later: this alarm rings too early, and the next one is set then.
            return self._alarm
        self._drop_alarm()
        if until is None or at is None:
            return None
        summary = purpose(self._plan, at)
        self._alarm = asyncio.create_task(workflow.sleep(until - workflow.now(), summary=summary[:200]))
        self._alarm_at = at
        return self._alarm

    def _drop_alarm(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None

    async def _deliver(self, move: Deliver) -> None:
        self._drop_alarm()
        order = LetterOrder(
            enrolment=self._enrolled.enrolment,
            step=move.step,
            iteration=move.iteration,
            letter=move.send.send,
            message_class=move.send.class_,
            topic=move.send.topic,
            ttl=move.send.ttl,
            now=workflow.now(),
        )
        sending = workflow.start_activity_method(
            LetterActivities.send,
            order,
            task_queue=LETTERS_QUEUE,
            start_to_close_timeout=_SEND_TIMEOUT,
            heartbeat_timeout=heartbeat.TIMEOUT,
            retry_policy=_SEND,
            summary=f"Letter {place(self._plan, move.step)} {move.send.send}",
        )
        # Neither an exit nor an operator's pause waits for a letter that is being retried: its last look keeps it from
        # leaving after an exit, and after a pause the same letter is ordered again, which sends it only once.
        resumes, state = self._resumes, self._run.state
        await workflow.wait_condition(lambda: sending.done() or state.over is not None or state.paused)
        if not sending.done():
            sending.cancel()
            # Nobody asks for what becomes of it any more; unasked, asyncio would log that as an error.
            sending.add_done_callback(lambda task: task.cancelled() or task.exception())
            return
        receipt: Receipt = sending.result()
        if receipt.outcome == "held":
            self._hold(resumes)
        else:
            self._run.delivered(receipt.outcome, receipt.reason, workflow.now())

    def _hold(self, resumes: int) -> None:
        """The journey is paused, unless it was resumed before the answer reached us."""
        if self._resumes == resumes:
            self._run.hold()
        else:
            # Our own table says `held` since the answer was given: that must be taken back.
            self._status = "held"

    async def _ask(self, move: Ask) -> None:
        resumes = self._resumes
        answer = await workflow.execute_local_activity_method(
            Decisions.decide,
            Question(self._enrolled.enrolment, move.conditions, workflow.now()),
            start_to_close_timeout=_LOOK_UP_TIMEOUT,
            retry_policy=_LOOK_UP,
        )
        if answer.held:
            self._hold(resumes)
        else:
            self._run.decided(answer.case, workflow.now())

    async def _locate(self, move: Locate) -> None:
        moment = await workflow.execute_local_activity_method(
            Decisions.locate,
            Appointment(self._enrolled.enrolment, move.local, workflow.now()),
            start_to_close_timeout=_LOOK_UP_TIMEOUT,
            retry_policy=_LOOK_UP,
        )
        self._run.located(moment.at)

    async def _apply(self, move: Apply) -> None:
        resumes = self._resumes
        changed = await workflow.execute_local_activity_method(
            Contacts.change,
            Changing(self._enrolled.enrolment, move.step, move.change, workflow.now()),
            start_to_close_timeout=_LOOK_UP_TIMEOUT,
            retry_policy=_LOOK_UP,
        )
        if changed.held:
            self._hold(resumes)
        else:
            self._run.applied(workflow.now())

    async def _finish(self, reason: str) -> str:
        self._drop_alarm()
        self._show()
        await workflow.execute_local_activity_method(
            Enrolments.finish,
            Ending(self._enrolled.enrolment, reason, workflow.now()),
            start_to_close_timeout=_LOOK_UP_TIMEOUT,
            retry_policy=_LOOK_UP,
        )
        return reason

    async def _tell(self) -> bool:
        """Keep what operators see true: the details in the UI, and our own table when the run is paused or goes on.

        True: that took a while, and the next move may be another one now.
        """
        self._show()
        if (status := self._standing()) == self._status:
            return False
        self._status = status
        await workflow.execute_local_activity_method(
            Enrolments.stand,
            Standing(self._enrolled.enrolment, status),
            start_to_close_timeout=_LOOK_UP_TIMEOUT,
            retry_policy=_LOOK_UP,
        )
        return True

    def _standing(self) -> str:
        state = self._run.state
        return "paused" if state.paused else "held" if state.held else "active"

    def _show(self) -> None:
        workflow.set_current_details(story(self._plan, self._run.state))

    def _show_stage(self) -> None:
        """Move the run to its stage in the list of runs; each change costs the server an index entry."""
        at = self._run.state.at
        if at is not None and (now := stage(self._plan, at)) != self._stage:
            self._stage = now
            workflow.upsert_search_attributes([STAGE.value_set(now[:255])])


def _read(arguments: Sequence[RawValue]) -> Heard:
    """The signal's payload. People may signal without one; one that cannot be read is an event without properties."""
    if not arguments:
        return Heard()
    try:
        heard: Heard = workflow.payload_converter().from_payload(arguments[0].payload, Heard)
    except (RuntimeError, ValueError):
        workflow.logger.warning("a signal's payload cannot be read: it counts without properties")
        return Heard()
    return heard
