"""The pool of connections: used again, replaced when dead, never more than allowed."""

import asyncio

import pytest

import mail.connection
import mail.relay
from mail.smtp import Envelope, Outcome
from tests.mail.delivering import ENVELOPE, RAW, commit, relay_to
from tests.mail.fault_smtp import EXTENSIONS, Act, Fault, FaultServer, Phase


async def test_connections_are_used_again_and_never_more_than_allowed() -> None:
    async with FaultServer() as server:
        relay = relay_to(server, connections=3)
        replies = await asyncio.gather(*(relay.deliver(ENVELOPE, RAW, commit) for _ in range(60)))
        await relay.close()
    assert {reply.outcome for reply in replies} == {Outcome.ACCEPTED}
    assert (len(server.taken), server.connections) == (60, 3)


async def test_a_connection_is_left_after_its_share_of_messages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail.relay, "MESSAGES_PER_CONNECTION", 5)
    async with FaultServer() as server:
        relay = relay_to(server, connections=1)
        for _ in range(11):
            await relay.deliver(ENVELOPE, RAW, commit)
        await relay.close()
    assert (len(server.taken), server.connections) == (11, 3)
    assert server.commands.count(b"QUIT") == 3


async def test_a_connection_is_left_when_it_is_old(monkeypatch: pytest.MonkeyPatch) -> None:
    async with FaultServer() as server:
        relay = relay_to(server)
        await relay.deliver(ENVELOPE, RAW, commit)
        monkeypatch.setattr(mail.relay, "SECONDS_PER_CONNECTION", 0)
        await relay.deliver(ENVELOPE, RAW, commit)
        await relay.close()
    assert server.connections == 2


@pytest.mark.parametrize("idle_seconds", [0, 10])
@pytest.mark.parametrize("seen", [True, False])
async def test_a_connection_that_died_while_idle_fails_no_message(
    monkeypatch: pytest.MonkeyPatch, idle_seconds: int, seen: bool
) -> None:
    monkeypatch.setattr(mail.relay, "IDLE_SECONDS", idle_seconds)
    async with FaultServer() as server:
        relay = relay_to(server)
        await relay.deliver(ENVELOPE, RAW, commit)
        server.drop_all()
        if seen:
            await asyncio.sleep(0.05)
        reply = await relay.deliver(ENVELOPE, RAW, commit)
        await relay.close()
    assert reply.outcome is Outcome.ACCEPTED
    assert (len(server.taken), server.connections) == (2, 2)


async def test_an_idle_connection_that_answers_no_more_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(mail.relay, "IDLE_SECONDS", 0)
    async with FaultServer() as server:
        relay = relay_to(server)
        await relay.deliver(ENVELOPE, RAW, commit)
        server.fault = Fault(Phase.RSET, Act.STALL)
        reply = await relay.deliver(ENVELOPE, RAW, commit)
        await relay.close()
    assert reply.outcome is Outcome.ACCEPTED
    assert server.connections == 2


async def test_a_refused_message_is_cleared_before_the_next() -> None:
    async with FaultServer(Fault(Phase.RCPT, Act.ANSWER, b"550 5.1.1 no such user")) as server:
        relay = relay_to(server)
        await relay.deliver(ENVELOPE, RAW, commit)
        server.fault = None
        await relay.deliver(ENVELOPE, RAW, commit)
        await relay.close()
    assert server.connections == 1
    assert server.commands.index(b"RSET") < len(server.commands) - 1
    assert len(server.taken) == 1


async def test_a_closed_relay_sends_nothing() -> None:
    async with FaultServer() as server:
        relay = relay_to(server)
        await relay.close()
        reply = await relay.deliver(ENVELOPE, RAW, commit)
    assert reply.outcome is Outcome.NOT_SENT
    assert server.connections == 0


# --- addresses


async def test_a_domain_travels_as_a_labels() -> None:
    async with FaultServer() as server:
        relay = relay_to(server)
        reply = await relay.deliver(Envelope("", "anna@blåbär.example"), RAW, commit)
        await relay.close()
    assert reply.outcome is Outcome.ACCEPTED
    assert (server.taken[0].sender, server.taken[0].recipient) == ("", "anna@xn--blbr-noae.example")


@pytest.mark.parametrize(
    ("extensions", "outcome"), [(EXTENSIONS, Outcome.PERMANENT), ((*EXTENSIONS, "SMTPUTF8"), Outcome.ACCEPTED)]
)
async def test_a_local_part_beyond_ascii_needs_smtputf8(extensions: tuple[str, ...], outcome: Outcome) -> None:
    async with FaultServer(extensions=extensions) as server:
        relay = relay_to(server)
        reply = await relay.deliver(Envelope("b@shop.example", "åsa@example.org"), RAW, commit)
        await relay.close()
    assert reply.outcome is outcome
    assert [mail.recipient for mail in server.taken] == (["åsa@example.org"] if outcome is Outcome.ACCEPTED else [])


@pytest.mark.parametrize(
    "address", ["", "anna", "a b@x.se", "a@x.se> SIZE=1", "a@x.se\r\nRCPT TO:<b@x.se", "a@-x-.se", "a" * 65 + "@x.se"]
)
async def test_an_unusable_address_is_refused_before_anything_is_said(address: str) -> None:
    async with FaultServer() as server:
        relay = relay_to(server)
        reply = await relay.deliver(Envelope("b@shop.example", address), RAW, commit)
        await relay.close()
    assert reply.outcome is Outcome.PERMANENT
    assert server.connections == 0
