"""The journey workflow: it makes the moves of `rules.run` and tells it what happened. It decides nothing itself."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NoReturn, TypeVar, assert_never

from temporalio import workflow
from temporalio.common import RawValue, SearchAttributeKey

with workflow.unsafe.imports_passed_through():
    from activities.contacts import Changing, Contacts
    from activities.decisions import Appointment, Decisions, Question
    from activities.enrolling import Admission, Enrolling
    from activities.enrolments import Ending, Enrolments, Moved, Standing
    from activities.orders import Receipt
    from rules.facts import Happening
    from rules.moves import Admit, Apply, Ask, Call, Deliver, Finish, Inform, Locate, Sleep
    from rules.moving import MigrationRefused
    from rules.plan import Plan, listens
    from rules.run import Run
    from rules.signals import signal_name
    from rules.state import State, begin
    from rules.story import story
    from rules.wording import purpose, stage
    from workflows.acting import Asking, at_once, start
    from workflows.alarm import Alarm
    from workflows.hearing import read
    from workflows.payloads import Enrolled, Migration, Note, Snapshot

STAGE = SearchAttributeKey.for_keyword("JourneyStage")

# Mostly-sleeping runs are replayed from their histories at each wake: short histories are speed.
_HISTORY_MAX = 500
# Verdicts travel with activities; a run without any hands them over by itself before they grow many.
_VERDICTS_MAX = 50

_Order = TypeVar("_Order")
_Answer = TypeVar("_Answer")


@workflow.defn(name="Journey")
class JourneyWorkflow:
    """One contact's way through one version of one journey."""

    @workflow.init
    def __init__(self, enrolled: Enrolled) -> None:
        self._enrolled = enrolled
        plan = Plan.model_validate(enrolled.plan)
        state = enrolled.state or begin(plan, enrolled.entered, enrolled.start)
        state.lot = state.lot or str(enrolled.contact or enrolled.enrolment)
        self._run = Run(plan, state)
        self._events = _signals(plan)
        self._changes = self._resumes = 0
        self._checkpoint = False
        self._migration: Migration | None = None
        self._moved = False
        self._status = self._standing()
        self._stage = "" if enrolled.state else stage(plan, plan.first)
        self._alarm = Alarm()

    @property
    def _state(self) -> State:
        return self._run.state

    @workflow.signal(dynamic=True)
    def happened(self, signal: str, arguments: Sequence[RawValue]) -> None:
        """Hear an event: the signal bears its name, `order_completed` for `Order Completed`."""
        name = self._events.get(signal)
        if name is None:
            return
        heard, now = read(arguments), workflow.now()
        self._run.hear(Happening(name, heard.at or now, heard.properties, heard.seq), now, heard.traits)
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
        self._run.end(note.reason, workflow.now())
        self._changes += 1

    @workflow.signal
    def migrate(self, migration: Migration) -> None:
        """Go on with another version of the journey, as soon as nothing is half done."""
        self._migration = migration
        self._changes += 1

    @workflow.signal
    def checkpoint(self) -> None:
        """Begin a new history, on the newest code."""
        self._checkpoint = True
        self._changes += 1

    @workflow.query
    def state(self) -> Snapshot:
        """Where the run stands."""
        state, plan = self._state, self._run.plan
        waits = purpose(plan, state.at) if state.at is not None and state.over is None else ""
        return Snapshot(plan.journey, plan.version, waits, state.until, state)

    @workflow.run
    async def run(self, enrolled: Enrolled) -> str:
        """Make the moves until the run is over. The result is why it ended."""
        while True:
            await self._migrate()
            move = self._run.next(workflow.now())
            if isinstance(move, Finish):
                return await self._finish(move.reason)
            if await self._tell():
                continue
            if self._moved:
                self._begin_anew()
            await self._make(move)

    async def _make(self, move: Sleep | Ask | Locate | Deliver | Inform | Call | Apply | Admit) -> None:
        match move:
            case Sleep():
                await self._sleep(move)
            case Deliver() | Inform() | Call():
                await self._attempt(move)
            case Ask():
                await self._ask(move)
            case Locate():
                await self._locate(move)
            case Apply():
                await self._apply(move)
            case Admit():
                await self._admit(move)
            case _:
                assert_never(move)

    async def _sleep(self, move: Sleep) -> None:
        """Sleep until the alarm, or until something changes. One alarm a wait: signals leave it as it is."""
        if self._migration is not None:
            return
        self._show_stage()
        info = workflow.info()
        if self._checkpoint or info.is_continue_as_new_suggested() or info.get_current_history_length() > _HISTORY_MAX:
            self._begin_anew()
        at, changes = self._state.at, self._changes
        assert at is not None
        self._alarm.set(at, move.until, purpose(self._run.plan, at))
        await workflow.wait_condition(lambda: self._changes != changes or self._alarm.rings)

    def _begin_anew(self) -> NoReturn:
        """Go on with a new history."""
        self._alarm.drop()
        self._enrolled.state = self._state
        workflow.continue_as_new(self._enrolled)

    async def _attempt(self, move: Deliver | Inform | Call) -> None:
        self._alarm.drop()
        state, said, resumes = self._state, self._state.said, self._resumes
        attempt = start(move, self._run.plan, Asking(self._enrolled.enrolment, workflow.now(), state.verdicts))
        # Neither an exit nor an operator waits for a letter that is being retried: its last look keeps it from leaving
        # after an exit, and after a pause the same letter is ordered again, which sends it only once.
        await workflow.wait_condition(
            lambda: attempt.done() or state.over is not None or state.paused or self._migration is not None
        )
        if not attempt.done():
            attempt.cancel()
            # Nobody asks for what becomes of it any more; unasked, asyncio would log that as an error.
            attempt.add_done_callback(lambda task: task.cancelled() or task.exception())
            return
        receipt: Receipt = attempt.result()
        state.recorded(said)
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
        resumes, verdicts = self._resumes, self._state.verdicts
        question = Question(
            self._enrolled.enrolment,
            move.conditions,
            workflow.now(),
            move.step,
            move.iteration,
            move.asker,
            verdicts,
        )
        answer = await self._look_up(Decisions.decide, question)
        if answer.held:
            self._hold(resumes)
        else:
            self._run.decided(answer.case, workflow.now(), answer.look)

    async def _locate(self, move: Locate) -> None:
        enrolment, verdicts = self._enrolled.enrolment, self._state.verdicts
        appointment = Appointment(enrolment, move.moment, workflow.now(), verdicts)
        moment = await self._look_up(Decisions.locate, appointment)
        self._run.located(moment.at, workflow.now())

    async def _apply(self, move: Apply) -> None:
        enrolment, now, resumes = self._enrolled.enrolment, workflow.now(), self._resumes
        changing = Changing(enrolment, move.step, move.change, now, move.iteration, self._state.verdicts)
        if (await self._look_up(Contacts.change, changing)).held:
            self._hold(resumes)
        else:
            self._run.applied("set", workflow.now())

    async def _admit(self, move: Admit) -> None:
        enrolment, now, resumes = self._enrolled.enrolment, workflow.now(), self._resumes
        admission = Admission(enrolment, move.step, move.iteration, move.journey, now, self._state.verdicts)
        if (await self._look_up(Enrolling.enrol, admission)).held:
            self._hold(resumes)
        else:
            self._run.applied("requested", workflow.now())

    async def _look_up(self, activity: Callable[[Any, _Order], Awaitable[_Answer]], order: _Order) -> _Answer:
        """Have it done at once; the verdicts that went with the order are recorded then."""
        said = self._state.said
        answer = await at_once(activity, order)
        self._state.recorded(said)
        return answer

    async def _migrate(self) -> None:
        """Answer what was asked: go on with another version, or with the one that it has when that cannot be."""
        while (migration := self._migration) is not None:
            self._migration = None
            if self._state.over is None and self._state.request != (migration.request or None):
                await self._move(migration)

    async def _move(self, migration: Migration) -> None:
        state, version = self._state, None
        state.request = migration.request or None
        try:
            plan = Plan.model_validate(migration.plan)
            self._run.migrate(plan, migration.mapping, workflow.now())
            self._enrolled.plan, self._events, version = migration.plan, _signals(plan), plan.version
            self._moved = True
        except (MigrationRefused, ValueError) as refused:
            why = str(refused) if isinstance(refused, MigrationRefused) else "the plan cannot be read"
            state.say("migrated", "refused", workflow.now(), why)
        await self._look_up(Enrolments.move, Moved(self._enrolled.enrolment, version, state.verdicts, state.at))

    async def _finish(self, reason: str) -> str:
        self._alarm.drop()
        self._show()
        ending = Ending(self._enrolled.enrolment, reason, workflow.now(), self._state.verdicts)
        await self._look_up(Enrolments.finish, ending)
        return reason

    async def _tell(self) -> bool:
        """Keep what operators see true: the details in the UI, and our own table when the run is paused or goes on.

        True: that took a while, and the next move may be another one now.
        """
        self._show()
        status, verdicts = self._standing(), self._state.verdicts
        if status == self._status and len(verdicts) < _VERDICTS_MAX:
            return False
        self._status = status
        await self._look_up(Enrolments.stand, Standing(self._enrolled.enrolment, status, verdicts))
        return True

    def _standing(self) -> str:
        state = self._state
        return "paused" if state.paused else "held" if state.held else "active"

    def _show(self) -> None:
        workflow.set_current_details(story(self._run.plan, self._state))

    def _show_stage(self) -> None:
        """Move the run to its stage in the list of runs; each change costs the server an index entry."""
        at = self._state.at
        if at is not None and (now := stage(self._run.plan, at)) != self._stage:
            self._stage = now
            workflow.upsert_search_attributes([STAGE.value_set(now[:255])])


def _signals(plan: Plan) -> dict[str, str]:
    """The events that the run listens to, by the names of their signals."""
    return {signal_name(name): name for name in listens(plan)}
