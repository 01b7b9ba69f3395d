"""A post office for the tests: contacts inside journeys, and the send protocol between a database and a relay."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from email import message_from_bytes
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import pytest
from sqlalchemy import text
from temporalio.exceptions import ApplicationError

from activities.orders import LetterOrder, Receipt, Staff
from activities.plans import Plans
from activities.preparing import Preparing
from activities.senders import Senders
from activities.sending import Sending
from activities.timetable import Timetable
from mail.connection import RelayAddress
from mail.evidence import Verdict
from mail.links import Links
from mail.relay import Relay
from mail.rendering import Letters
from mail.senders import Sender
from mail.smtp import BeforeDot, Envelope, Reply, Timeouts
from mail.verp import Verp
from rules.arrivals import Inside
from rules.coupon import Coupon
from rules.journey import Journey
from rules.policies import Pacing
from store import changes, codes, enrolments, journeys, recording
from store.incoming import Incoming, Statement
from store.session import Database, Line
from tests.mail.fault_smtp import FaultServer

SHORT = Timeouts(connect=2, greeting=2, envelope=2, data=2, body=2, dot=0.5, probe=0.5)
ADDRESS, NAME = "anna.virtanen@example.org", "Anna-Maria"
SENDER = Sender("Skerry <hello@shop.example>", "help@shop.example", "Skerry", "https://shop.example", "Strandgatan 1")
VERP = Verp("a secret of the tests")
BODY = "<mjml><mj-body><mj-section><mj-column><mj-text>{text}</mj-text></mj-column></mj-section></mj-body></mjml>"
LETTERS = {
    "hello": "Hello {{ contact.first_name }}, {{ links.unsubscribe }}",
    "receipt": "Thank you, {{ contact.first_name }}",
    "basket": "In your cart: {% for line in cart.lines %}{{ line.name }}{% endfor %}",
    "broken": "Hello {{ contact.nickname }}",
    "unfit": "{{ contact.email | money(contact.first_name) }}",
}
ZONE = "Europe/Mariehamn"
JOURNEY = {
    "journey": "tried",
    "title": "A journey that is tried",
    "class": "marketing",
    "topic": "offers",
    "trigger": {"event": "Signed Up"},
    "re_entry": "always",
    "exit_on": [{"event": "Order Completed", "same": "shop"}],
    "steps": [{"send": "hello"}],
}


def write_letters(folder: Path, **texts: str) -> None:
    for name, words in (LETTERS | texts).items():
        (folder / name).mkdir(exist_ok=True)
        (folder / name / "subject.txt").write_text(f"{name.title()} for {{{{ contact.first_name }}}}\n")
        (folder / name / "body.mjml").write_text(BODY.format(text=words))
        (folder / name / "body.txt").write_text(words)


@dataclass
class Oracle:
    """Evidence that says what the test wants."""

    verdict: Verdict = Verdict.UNKNOWABLE
    asked: list[str] = field(default_factory=list)
    meddle: Callable[[], Awaitable[object]] | None = None

    async def look_up(self, message_id: str) -> Verdict:
        self.asked.append(message_id)
        meddle, self.meddle = self.meddle, None
        if meddle is not None:
            await meddle()
        return self.verdict


class MeddledRelay(Relay):
    """A relay at which something happens when the body is there and the last look is about to be taken."""

    meddle: Callable[[], Awaitable[object]] | None = None

    async def deliver(self, envelope: Envelope, raw: bytes, before_dot: BeforeDot) -> Reply:
        async def look() -> bool:
            meddle, self.meddle = self.meddle, None
            if meddle is not None:
                await meddle()
            return await before_dot()

        return await super().deliver(envelope, raw, look)


class Office:
    """Contacts are made as the front door makes them; letters are sent as the worker sends them."""

    def __init__(self, database: Database, server: FaultServer, templates: Path) -> None:
        self.database, self.server, self.templates = database, server, templates
        self.oracle = Oracle()
        self.evidence_after = timedelta(0)
        self.staff = Staff()
        self.senders: tuple[Sender, ...] = (SENDER,)
        self._line = Line(database.url)
        self._relays: list[Relay] = []

    async def open(self) -> None:
        async with self.database.transaction() as session:
            await journeys.publish(session, Journey.model_validate(JOURNEY))

    async def close(self) -> None:
        for relay in self._relays:
            await relay.close()
        await self._line.close()

    def relay(self) -> MeddledRelay:
        relay = MeddledRelay(RelayAddress.parse(f"smtp://127.0.0.1:{self.server.port}"), 4, SHORT, "worker.test")
        self._relays.append(relay)
        return relay

    def sending(
        self,
        relay: Relay | None = None,
        database: Database | None = None,
        relay_at: Callable[[str], Relay] | None = None,
    ) -> Sending:
        """The protocol as one worker has it."""
        links = Links("a secret of the tests", "https://shop.example")
        senders = Senders(self.senders, VERP)
        preparing = Preparing(Plans(), Letters(self.templates), links, senders, staff=self.staff, time_zone=ZONE)
        timetable = Timetable(evidence_after=self.evidence_after)
        one = relay or self.relay()
        return Sending(database or self.database, preparing, relay_at or (lambda _: one), self.oracle, timetable)

    async def happens(self, name: str, user: str | None = "u1", **fields: Any) -> None:
        now = datetime.now(UTC)
        event = Incoming(str(uuid4()), name, now, now, user_id=user, **fields)
        await recording.record(self._line, [event])

    async def consents(self, topic: str = "offers", *, granted: bool, user: str = "u1") -> None:
        word = Statement(topic, granted=granted)
        await self.happens("Subscribed" if granted else "Unsubscribed", user, consents=(word,))

    async def sets(self, topic: str, *, granted: bool) -> None:
        """Everybody's word about a topic, as a step of another journey says it: no event tells of it."""
        for row in await self.rows("SELECT id FROM contacts"):
            async with self.database.transaction() as session:
                await changes.set_topics(session, row["id"], {topic: granted}, "another/step", datetime.now(UTC))

    async def journey(self, name: str, **changes: Any) -> None:
        """Another journey beside the one that is tried."""
        async with self.database.transaction() as session:
            await journeys.publish(session, Journey.model_validate(JOURNEY | {"journey": name} | changes))

    async def policy(self, **pacing: Any) -> None:
        """Publish quiet hours and caps."""
        definition = Pacing.model_validate(pacing).model_dump(mode="json", by_alias=True)
        await self.run(
            "INSERT INTO policies (name, hash, definition) VALUES ('pacing', :hash, cast(:definition AS jsonb))"
            " ON CONFLICT (name) DO UPDATE SET hash = excluded.hash, definition = excluded.definition",
            hash=str(uuid4()), definition=json.dumps(definition),
        )  # fmt: skip

    async def coupon(self, name: str = "ten", pool: Sequence[str] = (), **changes: Any) -> None:
        """Publish a coupon, with the codes of its pool."""
        written = {"coupon": name, "title": "Ten", "codes": {"pool": "uploaded"}, "value": {"percent": 10}} | changes
        definition = Coupon.model_validate(written).model_dump(mode="json", by_alias=True, exclude_none=True)
        await self.run(
            "INSERT INTO coupons (name, hash, definition) VALUES (:name, :hash, cast(:definition AS jsonb))"
            " ON CONFLICT (name) DO UPDATE SET hash = excluded.hash, definition = excluded.definition",
            name=name, hash=str(uuid4()), definition=json.dumps(definition),
        )  # fmt: skip
        async with self.database.transaction() as session:
            await codes.add(session, name, pool)

    async def decisions(self, kind: str = "letter") -> list[tuple[str, str | None]]:
        """Verdicts with their reasons, in the order in which they were noted."""
        rows = await self.rows("SELECT verdict, reason FROM decisions WHERE kind = :kind ORDER BY id", kind=kind)
        return [(row["verdict"], row["reason"]) for row in rows]

    async def enters(
        self, user: str = "u1", address: str | None = ADDRESS, *, consents: bool = True, journey: str = "tried"
    ) -> LetterOrder:
        """A contact enters the journey; the order of its first letter."""
        traits = {"email": address, "first_name": NAME}
        await self.happens("Identified", user, traits=traits)
        if consents:
            await self.consents(granted=True, user=user)
        await self.happens("Signed Up", user, properties={"shop": "s1"})
        row = await self.row("SELECT contact_id, seq FROM events WHERE name = 'Signed Up' ORDER BY seq DESC LIMIT 1")
        enrolment = uuid4()
        inside = Inside(
            id=enrolment, journey=journey, version=1, key="", trigger_seq=row["seq"], start={},
            started_at=datetime.now(UTC), ended=False, workflow_id=f"journey/{journey}/{row['contact_id']}",
        )  # fmt: skip
        async with self.database.transaction() as session:
            assert await enrolments.enrol(session, [(row["contact_id"], inside)]) == {enrolment}
        return ordered(enrolment)

    async def rows(self, sql: str, **values: Any) -> list[dict[str, Any]]:
        async with self.database.transaction() as session:
            return [dict(row) for row in (await session.execute(text(sql), values)).mappings()]

    async def row(self, sql: str, **values: Any) -> dict[str, Any]:
        (row,) = await self.rows(sql, **values)
        return row

    async def run(self, sql: str, **values: Any) -> None:
        async with self.database.transaction() as session:
            await session.execute(text(sql), values)

    async def message(self) -> dict[str, Any]:
        """The only message in the ledger."""
        return await self.row("SELECT * FROM messages")

    async def reaches(self, state: str) -> None:
        """Return when the only message is in that state."""
        for _ in range(500):
            if [row["state"] for row in await self.rows("SELECT state FROM messages")] == [state]:
                return
            await asyncio.sleep(0.01)
        raise AssertionError(f"the message never became {state}")

    async def outcomes(self) -> list[str | None]:
        """What came of the attempts, in their order."""
        return [row["outcome"] for row in await self.rows("SELECT outcome FROM attempts ORDER BY number, began_at")]

    @property
    def arrived(self) -> list[str]:
        """The Message-ID of each mail that the relay took."""
        return [str(message_from_bytes(mail.body)["Message-ID"]) for mail in self.server.taken]


def ordered(enrolment: UUID, **changes: Any) -> LetterOrder:
    """The order of a marketing letter of this run."""
    order: dict[str, Any] = {
        "step": "hello", "iteration": 1, "letter": "hello", "message_class": "marketing", "topic": "offers",
        "ttl": timedelta(hours=24), "now": datetime.now(UTC),
    }  # fmt: skip
    return LetterOrder(enrolment=enrolment, **order | changes)


async def delayed(sending: Sending, order: LetterOrder) -> ApplicationError:
    """Send a letter that is to be tried again later; the error that says so."""
    with pytest.raises(ApplicationError) as caught:
        await sending.send(order)
    assert caught.value.type == "LetterDelayed"
    assert not caught.value.non_retryable
    return caught.value


async def until_told(sending: Sending, order: LetterOrder, tries: int = 10) -> Receipt:
    """Try again at once, as Temporal does after the delay, until the letter's fate is told."""
    for _ in range(tries):
        try:
            return await sending.send(order)
        except (ApplicationError, OSError):
            continue
    raise AssertionError(f"nothing is told after {tries} tries")


def seconds(error: ApplicationError) -> float:
    assert error.next_retry_delay is not None
    return error.next_retry_delay.total_seconds()
