"""Claims, dots, answers, doubts and zombies in any order, against the real tables and a relay that tells the truth."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import Bundle, RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test
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
SETTLED = {"sent", "failed", "unknown", "suppressed", "expired", "cancelled", "render_failed"}


@dataclass(eq=False)
class Attempt:
    """One worker's try: how far it is, and what the relay has made of it. It may stall anywhere, for any time."""

    lease: Lease
    raw: bytes
    dotted: bool = False
    taken: bool = False
    answered: str | None = None


@dataclass
class Letter:
    """What is known of a letter outside of the ledger."""

    draft: Draft
    attempts: list[Attempt] = field(default_factory=list)
    resent: int = 0
    fate: tuple[str, str | None] | None = None
    raw: bytes | None = None

    @property
    def copies(self) -> int:
        return sum(attempt.taken for attempt in self.attempts)


class LedgerMachine(RuleBasedStateMachine):
    """Each rule is one transaction of a worker, an operator or a sweep."""

    database: Database
    runner: asyncio.Runner
    attempts = Bundle("attempts")

    def __init__(self) -> None:
        super().__init__()
        self.letters: list[Letter] = []

    def do(self, work: Callable[[AsyncSession], Awaitable[T]]) -> T:
        async def in_a_transaction() -> T:
            async with self.database.transaction() as session:
                return await work(session)

        return self.runner.run(in_a_transaction())

    @initialize()
    def order(self) -> None:
        for message_class in ("marketing", "transactional"):
            enrolment, contact = self.do(enrolled)
            self.letters.append(Letter(draft(enrolment, contact, message_class=message_class)))

    def letter_of(self, attempt: Attempt) -> Letter:
        return next(letter for letter in self.letters if attempt in letter.attempts)

    @rule(number=st.integers(0, 1), target=attempts)
    def claim(self, number: int) -> Attempt:
        """An attempt begins, whatever others are doing; past the dot it finds doubt instead."""
        letter = self.letters[number]
        written = b"as written by attempt %d" % len(letter.attempts)

        async def prepare(session: AsyncSession) -> Attempt | None:
            entry = await ledger.entry(session, letter.draft.send_key)
            if entry is not None and entry.state != ledger.CLAIMED:
                if not entry.settled:
                    await doubts.doubt(session, entry.id)
                return None
            raw = entry.raw if entry and entry.raw else written
            lease = await ledger.claim(session, letter.draft, "anna@example.org", raw, again=entry is not None)
            return Attempt(lease, raw) if lease is not None else None

        attempt = self.do(prepare)
        if attempt is None:
            return Attempt(Lease(letter.draft.enrolment_id, letter.draft.contact_id, 0), b"", answered="never begun")
        letter.raw = letter.raw or attempt.raw
        assert attempt.raw == letter.raw
        letter.attempts.append(attempt)
        return attempt

    @rule(attempt=attempts, takes=st.booleans())
    def dot(self, attempt: Attempt, takes: bool) -> None:
        """The last look; when it allows the dot, the relay takes the message or does not."""
        if attempt.dotted or attempt.answered:
            return
        if self.do(lambda session: ledger.before_dot(session, attempt.lease, (), 0)):
            attempt.dotted, attempt.taken = True, takes
        else:
            self.told(attempt, "withheld")

    @rule(attempt=attempts, heard=st.booleans(), no=st.sampled_from(["temporary", "permanent"]))
    def answer(self, attempt: Attempt, heard: bool, no: str) -> None:
        """What the relay says reaches the attempt, sooner or later, or is lost; before the dot it can only be no."""
        if attempt.answered:
            return
        if attempt.dotted:
            self.told(attempt, ("accepted" if attempt.taken else no) if heard else "unknown")
        else:
            self.told(attempt, no)

    @rule(attempt=attempts)
    def answer_again(self, attempt: Attempt) -> None:
        """The acknowledgement of a commit was lost: what was written is written once more."""
        if attempt.answered in STATES:
            self.told(attempt, attempt.answered)

    def told(self, attempt: Attempt, outcome: str) -> None:
        attempt.answered = outcome
        state = STATES.get(outcome, ledger.CLAIMED)
        final = state in (ledger.SENT, ledger.FAILED)
        reason = "refused" if state == ledger.FAILED else None
        result = Result(outcome, None, "")
        self.do(lambda session: ledger.settle(session, attempt.lease, result, state, reason, final=final))

    @rule(number=st.integers(0, 1), knowing=st.booleans(), twice=st.booleans())
    def resolve(self, number: int, knowing: bool, twice: bool) -> None:
        """Evidence is asked for, when nobody waits for an answer any more; or nobody can tell."""
        letter = self.letters[number]
        entry = self.do(lambda session: ledger.entry(session, letter.draft.send_key))
        if entry is None or entry.settled or entry.dot_at is None or entry.state == ledger.CLAIMED:
            return
        verdict = Verdict.UNKNOWABLE
        if knowing:
            verdict = Verdict.TAKEN if letter.copies else Verdict.ABSENT
        state, reason, again = judge(verdict, entry)
        self.do(lambda session: doubts.doubt(session, entry.id))
        dot_at = entry.dot_at
        for _ in range(2 if twice else 1):  # two may have asked at the same time
            if self.do(lambda session: doubts.resolve(session, entry.id, dot_at, state, reason, resent=again)):
                letter.resent += again

    @rule(number=st.integers(0, 1), state=st.sampled_from(["expired", "suppressed", "cancelled"]))
    def refuse(self, number: int, state: str) -> None:
        letter = self.letters[number]
        self.do(lambda session: ledger.refuse(session, letter.draft, state, f"it is {state}"))

    @rule(number=st.integers(0, 1))
    def end_the_run(self, number: int) -> None:
        enrolment = self.letters[number].draft.enrolment_id
        self.do(lambda session: enrolments.end(session, enrolment, "the run is over", NOW))

    @invariant()
    def the_ledger_tells_the_truth(self) -> None:
        found = self.do(self.look) if self.letters else {}
        for letter in self.letters:
            assert letter.resent <= (letter.draft.message_class == "transactional")
            assert letter.copies <= 1 + letter.resent
            if (row := found.get(letter.draft.send_key)) is not None:
                stays_as_it_was_settled(letter, row)
                is_explained(letter, row)

    async def look(self, session: AsyncSession) -> dict[str, dict[str, Any]]:
        keys = [letter.draft.send_key for letter in self.letters]
        found = await session.execute(text("SELECT * FROM messages WHERE send_key = ANY(:keys)"), {"keys": keys})
        return {row["send_key"]: dict(row) for row in found.mappings()}


def stays_as_it_was_settled(letter: Letter, row: dict[str, Any]) -> None:
    if letter.fate is not None:
        became_sent = letter.fate[0] == "unknown" and row["state"] == "sent"
        assert row["settled_at"] is not None
        assert letter.fate == (row["state"], row["reason"]) or became_sent
    if row["settled_at"] is not None:
        letter.fate = (row["state"], row["reason"])


def is_explained(letter: Letter, row: dict[str, Any]) -> None:
    if row["settled_at"] is None:
        assert row["state"] in ("claimed", "dot_pending", "unknown")
        assert row["raw"] == letter.raw
        return
    assert row["state"] in SETTLED
    assert row["raw"] is None
    accepted = any(attempt.answered == "accepted" for attempt in letter.attempts)
    if row["state"] == "sent":
        assert letter.copies
        assert accepted or row["reason"] == "the relay has it"
    else:
        assert row["reason"]
        assert not accepted
        assert row["state"] == "unknown" or not letter.copies


def test_no_order_of_events_breaks_the_ledger(store_database_url: str) -> None:
    with asyncio.Runner() as runner:
        LedgerMachine.database, LedgerMachine.runner = Database(store_database_url, connections=1), runner
        runner.run(hurry(LedgerMachine.database))
        run_state_machine_as_test(
            LedgerMachine,
            settings=settings(
                max_examples=35,
                stateful_step_count=20,
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
