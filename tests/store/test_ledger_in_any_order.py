"""Claims, dots, answers, doubts and zombies in any order, against the real tables and a relay that tells the truth."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from activities.sending import judge
from mail.evidence import Verdict
from store import doubts, enrolments, ledger
from store.ledger import Draft, Lease, Result
from store.session import Database
from tests.store.enrolling import NOW, draft, enrolled

T = TypeVar("T")
STATES = {"temporary": ledger.CLAIMED, "permanent": ledger.FAILED, "accepted": ledger.SENT, "unknown": ledger.UNKNOWN}
UNSETTLED = {"claimed", "dot_pending", "unknown"}
SETTLED = {"sent", "failed", "unknown", "suppressed", "expired", "cancelled"}
NOES = ("temporary", "temporary", "permanent")
WHAT = ("claim",) * 4 + ("dot",) * 5 + ("answer",) * 4 + ("ask",) * 3 + ("resolve",) * 3 + ("stop",)


@dataclass(eq=False)
class Attempt:
    """One worker's try: how far it is, and what the relay has made of it. It may stall anywhere, for any time."""

    lease: Lease
    dotted: bool = False
    taken: bool = False


@dataclass(frozen=True)
class Judgement:
    """What evidence or policy has decided of a doubt, and has not written down yet."""

    message: ledger.Entry
    dot_at: datetime
    state: str
    reason: str
    again: bool


class LedgerMachine(RuleBasedStateMachine):
    """One letter. Each rule is one transaction of a worker, an operator or a sweep."""

    database: Database
    runner: asyncio.Runner
    draft: Draft

    def __init__(self) -> None:
        super().__init__()
        self.under_way: list[Attempt] = []
        self.judgements: list[Judgement] = []
        self.copies = self.resent = self.claims = 0
        self.accepted = False
        self.raw: bytes | None = None
        self.fate: tuple[str, str | None] | None = None

    def do(self, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
        async def in_a_transaction() -> T:
            async with self.database.transaction() as session:
                return await work(session)

        return self.runner.run(in_a_transaction())

    @initialize(message_class=st.sampled_from(["marketing", "transactional"]))
    def order(self, message_class: str) -> None:
        enrolment, contact = self.do(enrolled)
        self.draft = draft(enrolment, contact, message_class=message_class)

    # One rule for all: left to itself, hypothesis would leave out most of the rules in most of its examples.
    @rule(what=st.sampled_from(WHAT), which=st.integers(0, 3), either=st.booleans(), no=st.sampled_from(NOES))
    def step(self, what: str, which: int, either: bool, no: str) -> None:
        match what:
            case "claim":
                self.claim()
            case "dot" if self.under_way:
                self.dot(self.under_way[which % len(self.under_way)], takes=either)
            case "answer" if self.under_way:
                self.answer(self.under_way[which % len(self.under_way)], no, heard=either, twice=which == 0)
            case "ask":
                self.ask(knowing=either)
            case "resolve" if self.judgements:
                self.resolve(self.judgements.pop(which % len(self.judgements)))
            case "stop":
                self.stop("expired" if either else None)

    def claim(self) -> None:
        """An attempt begins, whatever others are doing; past the dot it finds doubt instead."""
        self.claims += 1
        written = b"as written by attempt %d" % self.claims

        async def prepare(session: AsyncSession) -> Lease | None:
            entry = await ledger.entry(session, self.draft.send_key)
            if entry is not None and entry.state != ledger.CLAIMED:
                if not entry.settled:
                    await doubts.doubt(session, entry.id)
                return None
            raw = entry.raw if entry and entry.raw else written
            return await ledger.claim(session, self.draft, "anna@example.org", raw, again=entry is not None)

        if (lease := self.do(prepare)) is not None:
            self.raw = self.raw or written
            self.under_way.append(Attempt(lease))

    def dot(self, attempt: Attempt, *, takes: bool) -> None:
        """The last look; when it allows the dot, the relay takes the message or does not."""
        if attempt.dotted:
            return
        if self.do(lambda session: ledger.before_dot(session, attempt.lease, (), 0)):
            attempt.dotted, attempt.taken = True, takes
            self.copies += takes
        else:
            self.told(attempt, "withheld")

    def answer(self, attempt: Attempt, no: str, *, heard: bool, twice: bool) -> None:
        """What the relay says reaches the attempt, sooner or later, or is lost; before the dot it can only be no."""
        outcome = no
        if attempt.dotted:
            outcome = ("accepted" if attempt.taken else no) if heard else "unknown"
        self.told(attempt, outcome)
        if twice:  # the acknowledgement of the commit was lost
            self.tell(attempt, outcome)

    def told(self, attempt: Attempt, outcome: str) -> None:
        self.under_way.remove(attempt)
        self.accepted |= outcome == "accepted"
        self.tell(attempt, outcome)

    def tell(self, attempt: Attempt, outcome: str) -> None:
        state = STATES.get(outcome, ledger.CLAIMED)
        final = state in (ledger.SENT, ledger.FAILED)
        reason = "refused" if state == ledger.FAILED else None
        result = Result(outcome, None, "")
        self.do(lambda session: ledger.settle(session, attempt.lease, result, state, reason, final=final))

    def ask(self, *, knowing: bool) -> None:
        """Somebody asks for evidence of a message in doubt, and decides; nobody may know."""

        async def look(session: AsyncSession) -> ledger.Entry | None:
            entry = await ledger.entry(session, self.draft.send_key)
            if entry is not None:
                await doubts.doubt(session, entry.id)
            return entry

        entry = self.do(look)
        if entry is None or entry.settled or entry.dot_at is None or entry.state == ledger.CLAIMED:
            return
        verdict = Verdict.UNKNOWABLE
        if knowing:
            verdict = Verdict.TAKEN if self.copies else Verdict.ABSENT
        self.judgements.append(Judgement(entry, entry.dot_at, *judge(verdict, entry)))

    def resolve(self, judgement: Judgement) -> None:
        """A judgement is written down, perhaps long after it was made."""
        message, state, reason, again = judgement.message.id, judgement.state, judgement.reason, judgement.again
        if self.do(lambda session: doubts.resolve(session, message, judgement.dot_at, state, reason, resent=again)):
            self.resent += again

    def stop(self, state: str | None) -> None:
        """The letter is refused at a closer look; or the run ends."""
        if state is None:
            self.do(lambda session: enrolments.end(session, self.draft.enrolment_id, "the run is over", NOW))
        else:
            self.do(lambda session: ledger.refuse(session, self.draft, state, f"it is {state}"))

    @invariant()
    def the_ledger_tells_the_truth(self) -> None:
        row = self.do(self.look) if hasattr(self, "draft") else None
        if row is None:
            return
        assert self.resent <= (self.draft.message_class == "transactional")
        assert self.copies <= 1 + self.resent
        if row["settled_at"] is None:
            assert self.fate is None
            assert row["state"] in UNSETTLED
            assert row["raw"] == self.raw
            assert not self.accepted
        else:
            self.is_settled_for_good(row["state"], row["reason"])
            assert row["raw"] is None

    def is_settled_for_good(self, state: str, reason: str | None) -> None:
        assert self.fate in (None, (state, reason)) or (self.fate[0], state) == ("unknown", "sent")
        self.fate = (state, reason)
        assert state in SETTLED
        if state == "sent":
            assert self.copies
            assert self.accepted or reason == "the relay has it"
        else:
            assert reason
            assert not self.accepted
            assert state == "unknown" or not self.copies

    async def look(self, session: AsyncSession) -> dict[str, Any] | None:
        found = await session.execute(
            text("SELECT * FROM messages WHERE send_key = :key"), {"key": self.draft.send_key}
        )
        row = found.mappings().one_or_none()
        return dict(row) if row is not None else None


def test_no_order_of_events_breaks_the_ledger(store_database_url: str) -> None:
    with asyncio.Runner() as runner:
        LedgerMachine.database, LedgerMachine.runner = Database(store_database_url, connections=1), runner
        runner.run(hurry(LedgerMachine.database))
        run_state_machine_as_test(
            LedgerMachine,
            settings=settings(
                max_examples=150,
                stateful_step_count=16,
                deadline=None,
                derandomize=True,
                database=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
        runner.run(LedgerMachine.database.close())


async def hurry(database: Database) -> None:
    """Nothing is killed here: thousands of commits need not wait for the disk. It holds for the only connection."""
    async with database.transaction() as session:
        await session.execute(text("SET synchronous_commit TO off"))
