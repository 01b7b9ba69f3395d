"""A worker is killed between the dot and the relay's answer. Evidence then tells what became of the letter; without
it, marketing is not sent again, and a transactional letter is sent once more under the same Message-ID."""

import asyncio
import re
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from uuid import uuid4

import orjson
import pytest_asyncio

from local.ports import HOST
from tests.end_to_end.running import Running, running, until
from tests.end_to_end.shop_client import Call, Shop, identify, track
from tests.mail.fault_smtp import Act, Fault, FaultServer, Mail, Phase

SHOP = Path(__file__).parent / "shop"
SETTLED_S = 60.0  # a dead worker's letters are taken over after 15 s
NEVER_S = 120.0


def silent(*, takes: bool) -> Fault:
    """The relay takes the mail, or does not, and says nothing about it for as long as the worker lives."""
    return Fault(Phase.DOT, Act.LATE, b"250 2.0.0 queued", takes=takes, seconds=NEVER_S)


@pytest_asyncio.fixture(scope="module")
async def relay() -> AsyncIterator[FaultServer]:
    async with FaultServer() as server:
        yield server


@pytest_asyncio.fixture(scope="module")
async def evidence_url(relay: FaultServer) -> AsyncIterator[str]:
    """Tells whether the relay has a message."""
    async with answering(lambda message: message in messages(relay)) as url:
        yield url


@pytest_asyncio.fixture(scope="module")
async def stack(relay: FaultServer) -> AsyncIterator[Running]:
    settings = {
        "KUNDRESA_JOURNEYS_DIR": str(SHOP / "journeys"),
        "KUNDRESA_TEMPLATES_DIR": str(SHOP / "templates"),
        "KUNDRESA_EVIDENCE_AFTER": "PT2S",
        "KUNDRESA_SMTP_URL": f"smtp://{HOST}:{relay.port}",
    }
    async with running(settings, product=("api",)) as stack:
        yield stack


@pytest_asyncio.fixture
async def shop(stack: Running, relay: FaultServer) -> AsyncIterator[Shop]:
    relay.fault = None
    relay.taken.clear()
    yield Shop(stack.api, stack.environment["KUNDRESA_WRITE_KEYS"])
    relay.fault = None  # or the worker waits for the relay until its time is over
    relay.drop_all()
    await stack.part("worker").stop()


async def test_evidence_tells_of_each_letter_whether_it_must_be_sent_again(
    stack: Running, relay: FaultServer, evidence_url: str, shop: Shop
) -> None:
    stack.environment["KUNDRESA_EVIDENCE_URL"] = evidence_url
    await stack.start("worker")
    taken, dropped = newcomer(), newcomer()
    relay.fault = silent(takes=True)
    await shop.say(*taken)
    await until_on_the_dot(stack, taken)
    relay.fault = silent(takes=False)
    await shop.say(*dropped)
    await until_on_the_dot(stack, dropped)
    assert [mail.recipient for mail in relay.taken] == [address(taken)]

    await stack.kill("worker")
    relay.fault = None
    await stack.start("worker")

    assert await settled(stack, taken, "hello") == ("sent", "the relay has it", 1)
    assert await settled(stack, dropped, "hello") == ("sent", None, 2)
    assert Counter(subjects(relay, taken))["Hello 7"] == 1
    assert Counter(subjects(relay, dropped))["Hello 7"] == 1


async def test_without_evidence_only_a_transactional_letter_is_sent_again(
    stack: Running, relay: FaultServer, shop: Shop
) -> None:
    stack.environment.pop("KUNDRESA_EVIDENCE_URL", None)
    await stack.start("worker")
    marketing, transactional = newcomer(), buyer()
    relay.fault = silent(takes=True)
    await shop.say(*marketing, *transactional)
    await until_on_the_dot(stack, marketing)
    await until_on_the_dot(stack, transactional)

    await stack.kill("worker")
    relay.fault = None
    await stack.start("worker")

    nobody_knows = "nobody knows whether the relay took it; not sent again"
    assert await settled(stack, marketing, "hello") == ("unknown", nobody_knows, 1)
    assert await settled(stack, transactional, "receipt") == ("sent", None, 2)
    assert Counter(subjects(relay, marketing))["Hello 7"] == 1
    assert Counter(subjects(relay, transactional))["Receipt 7"] == 2
    receipts = {message_id(mail) for mail in relay.taken if mail.recipient == address(transactional)}
    assert len(receipts - reviews(relay)) == 1  # both copies bear one Message-ID: readers' programs show one

    # Both journeys go on.
    await until(lambda: has(relay, marketing, "Silver 7"), "the next marketing letter")
    await until(lambda: has(relay, transactional, "Review 7"), "the next transactional letter")


async def test_a_letter_past_the_dot_is_settled_although_its_run_has_ended(
    stack: Running, relay: FaultServer, evidence_url: str, shop: Shop
) -> None:
    stack.environment["KUNDRESA_EVIDENCE_URL"] = evidence_url
    await stack.start("worker")
    someone = newcomer()
    relay.fault = Fault(Phase.DOT, Act.LATE, b"250 2.0.0 queued", takes=True, seconds=8)
    await shop.say(*someone)
    await until_on_the_dot(stack, someone)
    relay.fault = None
    await shop.say(track(someone[0]["userId"], "Order Completed", order_id=str(uuid4())))
    await until(lambda: ended(stack, someone), "the run's end")  # at once: it does not wait for the relay
    state, _, attempts = await settled(stack, someone, "hello")
    assert (state, attempts) == ("sent", 1)
    assert Counter(subjects(relay, someone))["Hello 7"] == 1


def newcomer() -> list[Call]:
    user = f"newcomer-{uuid4()}"
    known = identify(user, email=f"{user}@shop.example", number=7, plan="silver")
    return [known, track(user, "Subscribed", topic="news"), track(user, "Signed Up")]


def buyer() -> list[Call]:
    user = f"buyer-{uuid4()}"
    known = identify(user, email=f"{user}@shop.example", number=7)
    return [known, track(user, "Order Completed", order_id=str(uuid4()))]


def address(calls: list[Call]) -> str:
    return f"{calls[0]['userId']}@shop.example"


async def until_on_the_dot(stack: Running, calls: list[Call]) -> None:
    async def pending() -> bool:
        query = "SELECT state FROM messages WHERE recipient = $1"
        return [row["state"] for row in await stack.rows(query, address(calls))] == ["dot_pending"]

    await until(pending, "the dot is written")
    # The ledger is written first, and the dot after it: give it the time to reach the relay.
    await asyncio.sleep(0.3)


async def settled(stack: Running, calls: list[Call], letter: str) -> tuple[str, str | None, int]:
    """State, reason and number of attempts of this letter, when its fate is known."""
    query = """SELECT state, reason, attempts FROM messages WHERE recipient = $1 AND letter = $2
               AND settled_at IS NOT NULL"""

    async def known() -> bool:
        return bool(await stack.rows(query, address(calls), letter))

    await until(known, f"{letter} is settled", seconds=SETTLED_S)
    (row,) = await stack.rows(query, address(calls), letter)
    return row["state"], row["reason"], row["attempts"]


async def ended(stack: Running, calls: list[Call]) -> bool:
    query = """SELECT 1 FROM enrolments e JOIN identities i ON i.contact_id = e.contact_id
               WHERE i.value = $1 AND e.journey = 'newcomer' AND e.status = 'ended'"""
    return bool(await stack.rows(query, calls[0]["userId"]))


async def has(relay: FaultServer, calls: list[Call], subject: str) -> bool:
    return subject in subjects(relay, calls)


def subjects(relay: FaultServer, calls: list[Call]) -> list[str]:
    return [header(mail, "Subject") for mail in relay.taken if mail.recipient == address(calls)]


def messages(relay: FaultServer) -> list[str]:
    return [message_id(mail) for mail in relay.taken]


def reviews(relay: FaultServer) -> set[str]:
    return {message_id(mail) for mail in relay.taken if header(mail, "Subject").startswith("Review")}


def message_id(mail: Mail) -> str:
    return header(mail, "Message-ID")


def header(mail: Mail, name: str) -> str:
    found = re.search(rf"^{name}: *(.+?)\r$", mail.body.decode(), re.MULTILINE)
    assert found is not None, f"no {name}"
    return found[1]


@asynccontextmanager
async def answering(accepted: Callable[[str], bool]) -> AsyncIterator[str]:
    """The address of a server that tells which messages the relay has."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.readuntil(b"\r\n\r\n")
        (asked,) = parse_qs(urlsplit(request.split()[1].decode()).query)["message_id"]
        body = orjson.dumps({"accepted": accepted(asked)})
        head = f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n"
        writer.write(head.encode() + b"Connection: close\r\n\r\n" + body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(answer, HOST, 0)
    async with server:
        yield f"http://{HOST}:{server.sockets[0].getsockname()[1]}/evidence"
