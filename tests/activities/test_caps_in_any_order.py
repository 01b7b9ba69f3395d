"""Letters, workers, refusals and the clock in any order, on real tables: no cap is exceeded, no code given twice."""

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import text

from activities.orders import LetterOrder, Receipt
from activities.pacing import Delay
from activities.plans import Plans
from activities.preparing import Parcel, Preparing
from activities.senders import Senders
from mail.links import Links
from mail.rendering import Letters
from rules.journey import Journey
from rules.policies import Pacing
from store import codes, journeys, ledger
from store.ledger import Result
from store.session import Database
from tests.activities.office import JOURNEY, SENDER, VERP, write_letters

BEGIN = datetime(2026, 11, 21, 12, tzinfo=UTC)
CAP = timedelta(hours=6)
STEPS = st.lists(st.integers(0, 2**16), min_size=12, max_size=30)
_ENTER = text("""
    WITH event AS (
        INSERT INTO events (message_id, contact_id, name, occurred_at)
        VALUES (:message_id, :contact, 'Signed Up', now()) RETURNING seq
    )
    INSERT INTO enrolments (id, journey, version, contact_id, key, workflow_id, trigger_seq, status, started_at)
    SELECT :id, :journey, 1, :contact, '', :message_id, seq, 'active', now() FROM event
""")


@dataclass
class Way:
    """One run of the contact, whose next letter is tried now and then. `held` are claims that nobody has finished."""

    order: LetterOrder
    again: datetime
    held: list[Parcel] = field(default_factory=list)


class Contact:
    """One contact in several journeys. Each step is one transaction of a worker; time passes between them."""

    def __init__(self, rig: "Rig", at_most: int) -> None:
        self.rig, self.at_most, self.now = rig, at_most, BEGIN
        self.left: list[datetime] = []
        self.ways = [Way(self.rig.enters(number), BEGIN) for number in range(3)]

    def take(self, choice: int) -> None:
        """Do one of all that can happen next."""
        possible = list(self.possible())
        possible[choice % len(possible)]()
        for sent in self.left:
            assert len([other for other in self.left if sent <= other < sent + CAP]) <= self.at_most

    def possible(self) -> Iterator[Callable[[], None]]:
        yield partial(self.passes, timedelta(minutes=1))
        yield partial(self.passes, timedelta(hours=2))
        for way in self.ways:
            if way.again <= self.now:
                yield partial(self.tries, way)
                yield partial(self.tries, way)
            for parcel in way.held:
                yield partial(self.finishes, way, parcel, True)
                yield partial(self.finishes, way, parcel, False)

    def passes(self, time: timedelta) -> None:
        self.now += time

    def tries(self, way: Way) -> None:
        """An attempt claims the letter, or is told to wait; another attempt of the same letter may be stalled."""
        prepared = self.rig.prepare(self.at(way.order))
        if isinstance(prepared, Delay):
            way.again = prepared.until
        elif isinstance(prepared, Parcel):
            way.held.append(prepared)
        else:
            assert isinstance(prepared, Receipt)
            self.goes_on(way)

    def finishes(self, way: Way, parcel: Parcel, dot: bool) -> None:
        """A worker takes the last look and the relay takes the letter, or refuses it for now."""
        way.held.remove(parcel)
        if self.rig.finish(parcel, self.now, dot=dot):
            self.left.append(self.now)
            self.goes_on(way)

    def goes_on(self, way: Way) -> None:
        way.order.iteration += 1
        way.order.now, way.again = self.now, self.now

    def at(self, order: LetterOrder) -> LetterOrder:
        return LetterOrder(**order.__dict__ | {"now": self.now, "ttl": order.ttl - (self.now - order.now)})


@dataclass(frozen=True)
class Rig:
    """A database with a loop of its own, for hypothesis does not await."""

    database: Database
    runner: asyncio.Runner
    preparing: Preparing
    contact: list[UUID]

    def do(self, sql: str, **values: Any) -> None:
        async def work() -> None:
            async with self.database.transaction() as session:
                await session.execute(text(sql), values)

        self.runner.run(work())

    def begin(self, at_most: int) -> None:
        policy = Pacing.model_validate({"caps": {"at_most": at_most, "per": "6h"}})
        self.do(
            "INSERT INTO policies (name, hash, definition) VALUES ('pacing', :hash, cast(:definition AS jsonb))"
            " ON CONFLICT (name) DO UPDATE SET hash = excluded.hash, definition = excluded.definition",
            hash=str(uuid4()), definition=policy.model_dump_json(by_alias=True),
        )  # fmt: skip
        self.contact[:] = [uuid4()]
        traits = '{"email": "anna@example.org", "first_name": "Anna"}'
        self.do(
            "WITH contact AS (INSERT INTO contacts (id, traits) VALUES (:id, cast(:traits AS jsonb)))"
            " INSERT INTO consents (contact_id, topic, granted, source) VALUES (:id, 'offers', true, 'test')",
            id=self.contact[0], traits=traits,
        )  # fmt: skip

    def enters(self, number: int) -> LetterOrder:
        enrolment = uuid4()

        async def work() -> None:
            async with self.database.transaction() as session:
                values = {"id": enrolment, "journey": f"journey-{number}", "contact": self.contact[0]}
                await session.execute(_ENTER, {**values, "message_id": str(enrolment)})

        self.runner.run(work())
        return LetterOrder(enrolment, "hello", 1, "gift", "marketing", "offers", timedelta(days=3), BEGIN, coupon="ten")

    def prepare(self, order: LetterOrder) -> object:
        async def work() -> object:
            async with self.database.transaction() as session:
                return await self.preparing.prepare(session, order)

        return self.runner.run(work())

    def finish(self, parcel: Parcel, now: datetime, *, dot: bool) -> bool:
        """Whether the letter has left."""

        async def work() -> bool:
            async with self.database.transaction() as session:
                # The database's clock does not follow the test's: what it adds to the claim's time is told to it.
                moved = text("UPDATE messages SET paced_at = :now WHERE lease = :lease AND state = 'claimed'")
                await session.execute(moved, {"now": now, "lease": parcel.lease.token})
                left = dot and await ledger.before_dot(session, parcel.lease, (), 10**9)
                told = Result("accepted" if left else "temporary", None, "")
                state = ledger.SENT if left else ledger.CLAIMED
                await ledger.settle(session, parcel.lease, told, state, None, final=left)
                return left

        return self.runner.run(work())


@pytest.fixture
def rig(activities_database_url: str, tmp_path: Path) -> Iterator[Rig]:
    write_letters(tmp_path, gift="{{ coupon.code }}, {{ links.unsubscribe }}")
    database = Database(activities_database_url, connections=1)

    async def ready() -> None:
        async with database.transaction() as session:
            await session.execute(text("SET synchronous_commit TO off"))
            await session.execute(text("TRUNCATE contacts, journeys, coupons, outbox, policies CASCADE"))
            coupon = {"coupon": "ten", "title": "Ten", "codes": {"pool": "uploaded"}, "value": {"percent": 10}}
            await session.execute(
                text("INSERT INTO coupons (name, hash, definition) VALUES ('ten', 'h', cast(:told AS jsonb))"),
                {"told": orjson.dumps(coupon).decode()},
            )
            await codes.add(session, "ten", (f"CODE-{number}" for number in range(5_000)))
            for number, priority in enumerate((20, 50, 80)):
                changes = {"journey": f"journey-{number}", "priority": priority}
                await journeys.publish(session, Journey.model_validate(JOURNEY | changes))

    with asyncio.Runner() as runner:
        runner.run(ready())
        preparing = Preparing(
            Plans(), Letters(tmp_path), Links("a secret of the tests", "https://shop.example"), Senders([SENDER], VERP)
        )
        yield Rig(database, runner, preparing, [])
        runner.run(database.close())


@settings(max_examples=60, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
@given(at_most=st.integers(1, 2), steps=STEPS)
def test_no_order_of_claims_exceeds_a_cap_or_gives_a_code_twice(rig: Rig, at_most: int, steps: list[int]) -> None:
    rig.begin(at_most)
    contact = Contact(rig, at_most)
    for step in steps:
        contact.take(step)
    given_codes = rig.runner.run(_given(rig.database, [way.order.enrolment for way in contact.ways]))
    assert len(given_codes) == len(set(given_codes))


async def _given(database: Database, enrolments: list[UUID]) -> list[str]:
    async with database.transaction() as session:
        asked = text("SELECT code FROM coupon_codes WHERE enrolment_id = ANY(:ids)")
        return list((await session.execute(asked, {"ids": enrolments})).scalars())
