"""Claims, dots, answers, doubts and zombies in any order, against the real tables and a relay that tells the truth."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, TypeVar
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from activities.sending import judge
from mail.evidence import Verdict
from store import doubts, enrolments, ledger
from store.ledger import Lease, Result
from store.session import Database
from tests.store.enrolling import NOW, draft, enrolled

T = TypeVar("T")
STATES = {"temporary": ledger.CLAIMED, "permanent": ledger.FAILED, "accepted": ledger.SENT, "unknown": ledger.UNKNOWN}
UNSETTLED = {"claimed", "dot_pending", "unknown"}
SETTLED = {"sent", "failed", "unknown", "suppressed", "expired", "cancelled"}
STEPS = st.lists(st.integers(0, 2**16), min_size=10, max_size=14)


@dataclass(eq=False)
class Attempt:
    """One worker's try: how far it is, and what the relay has made of it. It may stall anywhere, for any time."""

    lease: Lease
    dotted: bool = False
    taken: bool = False


@dataclass(frozen=True, eq=False)
class Judgement:
    """What evidence or policy has decided of a doubt, and has not written down yet."""

    message: ledger.Entry
    dot_at: datetime
    state: str
    reason: str
    again: bool


class LetterModel:
    """One letter. Each step is one transaction of a worker, an operator or a sweep; then the ledger is looked at."""

    def __init__(self, database: Database, runner: asyncio.Runner, message_class: str) -> None:
        self.database, self.runner = database, runner
        self.draft = draft(uuid4(), uuid4(), message_class=message_class)
        self.row: dict[str, Any] | None = None
        self.draft = draft(*self.do(enrolled), message_class=message_class)
        self.under_way: list[Attempt] = []
        self.judgements: list[Judgement] = []
        self.copies = self.resent = self.claims = 0
        self.accepted = False
        self.raw: bytes | None = None
        self.fate: tuple[str, str | None] | None = None

    def do(self, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
        async def in_a_transaction() -> T:
            async with self.database.transaction() as session:
                done = await work(session)
                self.row = await self.look(session)
                return done

        return self.runner.run(in_a_transaction())

    def take(self, choice: int) -> None:
        """Do one of all that can happen next."""
        possible = list(self.possible())
        possible[choice % len(possible)]()
        self.the_ledger_tells_the_truth()

    def possible(self) -> Iterator[Callable[[], None]]:
        if len(self.under_way) < 3:
            yield self.claim
        for attempt in self.under_way:
            if not attempt.dotted:
                yield partial(self.dot, attempt, takes=True)
                yield partial(self.dot, attempt, takes=False)
            for told in (True, False):
                yield partial(self.answer, attempt, "permanent", heard=told, twice=False)
                yield partial(self.answer, attempt, "temporary", heard=told, twice=True)
        if self.row is not None and self.row["state"] in ("dot_pending", "unknown"):
            yield partial(self.ask, knowing=True)
            yield partial(self.ask, knowing=False)
        for judgement in self.judgements:
            yield partial(self.resolve, judgement)
        if self.claims > 1:
            yield partial(self.stop, "expired")
            yield partial(self.stop, None)

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
        self.judgements.remove(judgement)
        message, state, reason, again = judgement.message.id, judgement.state, judgement.reason, judgement.again
        if self.do(lambda session: doubts.resolve(session, message, judgement.dot_at, state, reason, resent=again)):
            self.resent += again

    def stop(self, state: str | None) -> None:
        """The letter is refused at a closer look; or the run ends."""
        if state is None:
            self.do(lambda session: enrolments.end(session, self.draft.enrolment_id, "the run is over", NOW))
        else:
            self.do(lambda session: ledger.refuse(session, self.draft, state, f"it is {state}"))

    def the_ledger_tells_the_truth(self) -> None:
        row = self.row
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


@dataclass(frozen=True)
class Hurried:
    """A database with a loop of its own, for hypothesis does not await. Its commits do not wait for the disk."""

    database: Database
    runner: asyncio.Runner


@pytest.fixture
def hurried(store_database_url: str) -> Iterator[Hurried]:
    database = Database(store_database_url, connections=1)

    async def hurry() -> None:
        async with database.transaction() as session:
            await session.execute(text("SET synchronous_commit TO off"))

    with asyncio.Runner() as runner:
        runner.run(hurry())
        yield Hurried(database, runner)
        runner.run(database.close())


@settings(max_examples=150, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(message_class=st.sampled_from(["marketing", "transactional"]), steps=STEPS)
def test_no_order_of_events_breaks_the_ledger(hurried: Hurried, message_class: str, steps: list[int]) -> None:
    letter = LetterModel(hurried.database, hurried.runner, message_class)
    for step in steps:
        letter.take(step)
