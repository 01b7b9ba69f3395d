"""Deliveries over real sockets: what is said about a message agrees with what the server really has."""

import asyncio
from dataclasses import replace

import pytest

from mail.smtp import Outcome, Reply
from tests.mail.delivering import ENVELOPE, RAW, commit, delivered, relay_to
from tests.mail.fault_smtp import Act, Fault, FaultServer, Phase


async def test_a_message_arrives_as_it_was_written() -> None:
    async with FaultServer() as server:
        reply = await delivered(server)
    assert reply == Reply(Outcome.ACCEPTED, 250, "2.0.0 queued")
    assert [(mail.sender, mail.recipient, mail.body) for mail in server.taken] == [
        (ENVELOPE.sender, ENVELOPE.recipient, RAW)
    ]


BEFORE_THE_MESSAGE = [
    Fault(phase, act, text)
    for phase in (Phase.GREETING, Phase.EHLO)
    for act, text in (
        (Act.DROP, b""),
        (Act.RESET, b""),
        (Act.STALL, b""),
        (Act.ANSWER, b"nonsense"),
        (Act.ANSWER, b"554 5.7.1 go away"),
        (Act.ANSWER_AND_DROP, b"421 4.3.2 busy"),
    )
]
IN_THE_ENVELOPE = [
    (Fault(phase, act, text), outcome)
    for phase in (Phase.MAIL, Phase.RCPT, Phase.DATA)
    for act, text, outcome in (
        (Act.DROP, b"", Outcome.NOT_SENT),
        (Act.RESET, b"", Outcome.NOT_SENT),
        (Act.STALL, b"", Outcome.NOT_SENT),
        (Act.ANSWER, b"nonsense", Outcome.NOT_SENT),
        (Act.ANSWER, b"199 hm", Outcome.NOT_SENT),
        (Act.ANSWER, b"450 4.2.1 greylisted", Outcome.TEMPORARY),
        (Act.ANSWER_AND_DROP, b"421 4.7.28 slower", Outcome.TEMPORARY),
        (Act.ANSWER, b"550 5.1.1 no such user", Outcome.PERMANENT),
        (Act.ANSWER_AND_DROP, b"554 5.7.1 no", Outcome.PERMANENT),
        (Act.ANSWER, b"530 5.7.0 log in first", Outcome.NOT_SENT),
    )
]
AT_THE_DOT = [
    (Fault(Phase.DOT, act, text, takes), outcome)
    for act, text, takes, outcome in (
        (Act.DROP, b"", False, Outcome.UNKNOWN),
        (Act.DROP, b"", True, Outcome.UNKNOWN),
        (Act.RESET, b"", True, Outcome.UNKNOWN),
        (Act.STALL, b"", False, Outcome.UNKNOWN),
        (Act.STALL, b"", True, Outcome.UNKNOWN),
        (Act.ANSWER, b"nonsense", True, Outcome.UNKNOWN),
        (Act.ANSWER, b"354 more?", False, Outcome.UNKNOWN),
        (Act.ANSWER, b"451 4.3.0 later", False, Outcome.TEMPORARY),
        (Act.ANSWER_AND_DROP, b"421 4.7.0 bye", False, Outcome.TEMPORARY),
        (Act.ANSWER, b"554 5.6.0 content", False, Outcome.PERMANENT),
        (Act.ANSWER_AND_DROP, b"250 taken", True, Outcome.ACCEPTED),
        (Act.ANSWER, b"250-taken\r\n250 as 42", True, Outcome.ACCEPTED),
    )
]
SWEEP = [(fault, Outcome.NOT_SENT) for fault in BEFORE_THE_MESSAGE] + IN_THE_ENVELOPE + AT_THE_DOT


@pytest.mark.parametrize(("fault", "outcome"), SWEEP, ids=lambda it: repr(it) if isinstance(it, Fault) else str(it))
async def test_the_outcome_agrees_with_what_the_server_has(fault: Fault, outcome: Outcome) -> None:
    async with FaultServer(fault) as server:
        relay = relay_to(server)
        first = await asyncio.wait_for(relay.deliver(ENVELOPE, RAW, commit), 10)
        has_it = len(server.taken) == 1
        server.fault = None
        second = await relay.deliver(replace(ENVELOPE, recipient="next@example.org"), RAW, commit)
        await relay.close()
    assert first.outcome is outcome
    assert outcome is Outcome.UNKNOWN or has_it == (outcome is Outcome.ACCEPTED)
    assert second.outcome is Outcome.ACCEPTED
    assert [mail.recipient for mail in server.taken].count("next@example.org") == 1


@pytest.mark.parametrize("act", [Act.DROP, Act.RESET])
async def test_a_connection_lost_at_any_byte_of_the_body_means_not_sent(act: Act) -> None:
    for after in range(len(RAW)):
        async with FaultServer(Fault(Phase.BODY, act, after=after)) as server:

            async def commit_after_the_loss(server: FaultServer = server) -> bool:
                await server.until_left()
                return True

            reply = await delivered(server, before_dot=commit_after_the_loss)
        assert (reply.outcome, server.taken) == (Outcome.NOT_SENT, []), after


@pytest.mark.parametrize("act", [Act.DROP, Act.RESET])
async def test_a_loss_that_shows_only_after_the_dot_is_never_guessed(act: Act) -> None:
    async def commit_at_once() -> bool:
        return True

    async with FaultServer(Fault(Phase.BODY, act, after=len(RAW))) as server:
        reply = await delivered(server, before_dot=commit_at_once)
    assert reply.outcome in (Outcome.NOT_SENT, Outcome.UNKNOWN)
    assert server.taken == []


@pytest.mark.parametrize("after", [0, 1, 70_000, 400_000])
async def test_a_server_that_stops_reading_a_long_body_means_not_sent(after: int) -> None:
    long = RAW + b"x" * 70 + (b"\r\n" + b"y" * 76) * 300_000
    async with FaultServer(Fault(Phase.BODY, Act.LATE, after=after, seconds=3)) as server:
        reply = await delivered(server, long)
    assert (reply.outcome, server.taken) == (Outcome.NOT_SENT, [])


async def test_an_early_word_about_the_body_does_not_answer_the_next_message() -> None:
    async with FaultServer(Fault(Phase.BODY, Act.ANSWER, b"452 4.3.1 no room", after=20)) as server:
        relay = relay_to(server)
        first = await relay.deliver(ENVELOPE, RAW, commit)
        server.fault = Fault(Phase.RCPT, Act.ANSWER, b"550 5.1.1 no such user")
        second = await relay.deliver(ENVELOPE, RAW, commit)
        await relay.close()
    assert first.outcome is Outcome.ACCEPTED
    assert second.outcome is Outcome.PERMANENT
    assert len(server.taken) == 1


async def test_a_late_yes_never_pairs_with_another_message() -> None:
    async with FaultServer(Fault(Phase.DOT, Act.LATE, b"250 late", takes=True, seconds=0.5)) as server:
        relay = relay_to(server, connections=1)
        first = await relay.deliver(ENVELOPE, RAW, commit)
        server.fault = Fault(Phase.DOT, Act.ANSWER, b"554 5.6.0 no")
        second = await relay.deliver(ENVELOPE, RAW, commit)
        await asyncio.sleep(0.4)
        await relay.close()
    assert (first.outcome, second.outcome) == (Outcome.UNKNOWN, Outcome.PERMANENT)


async def test_a_fenced_message_is_withheld() -> None:
    async def fenced() -> bool:
        return False

    async with FaultServer() as server:
        relay = relay_to(server)
        reply = await relay.deliver(ENVELOPE, RAW, fenced)
        await relay.close()
        await asyncio.sleep(0.05)
    assert reply.outcome is Outcome.WITHHELD
    assert server.taken == []
    assert server.connections == 1


@pytest.mark.parametrize("error", [ConnectionError("database gone"), TimeoutError(), RuntimeError(), KeyError()])
async def test_an_error_before_the_dot_is_the_callers_and_nothing_is_sent(error: Exception) -> None:
    async def broken() -> bool:
        raise error

    async with FaultServer() as server:
        relay = relay_to(server)
        with pytest.raises(type(error)):
            await relay.deliver(ENVELOPE, RAW, broken)
        await asyncio.wait_for(server.until_left(), 1)
        again = await relay.deliver(ENVELOPE, RAW, commit)
        await relay.close()
    assert again.outcome is Outcome.ACCEPTED
    assert len(server.taken) == 1


@pytest.mark.parametrize("phase", [Phase.GREETING, Phase.EHLO, Phase.MAIL, Phase.RCPT, Phase.DATA, Phase.DOT])
async def test_a_cancelled_delivery_leaves_no_session_out_of_step(phase: Phase) -> None:
    async with FaultServer(Fault(phase, Act.STALL)) as server:
        relay = relay_to(server, connections=1)
        task = asyncio.create_task(relay.deliver(ENVELOPE, RAW, commit))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await asyncio.wait_for(server.until_left(), 1)
        server.fault = None
        again = await relay.deliver(replace(ENVELOPE, recipient="next@example.org"), RAW, commit)
        await relay.close()
    assert again.outcome is Outcome.ACCEPTED
    assert [mail.recipient for mail in server.taken] == ["next@example.org"]


async def test_the_dot_is_written_only_after_the_attempt_is_durable() -> None:
    async with FaultServer() as server:
        seen_before_dot: list[int] = []

        async def commit_slowly() -> bool:
            await asyncio.sleep(0.05)
            seen_before_dot.append(len(server.taken))
            return True

        relay = relay_to(server)
        reply = await relay.deliver(ENVELOPE, RAW, commit_slowly)
        await relay.close()
    assert reply.outcome is Outcome.ACCEPTED
    assert seen_before_dot == [0]


async def test_nobody_listening_means_not_sent() -> None:
    async with FaultServer() as server:
        pass
    reply = await delivered(server)
    assert (reply.outcome, reply.code) == (Outcome.NOT_SENT, None)
