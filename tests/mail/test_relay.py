"""The relay over real sockets: what it says about a message agrees with what the server really has."""

import asyncio
import ssl
from collections.abc import Callable
from dataclasses import replace

import pytest

import mail.connection
import mail.relay
from mail.connection import RelayAddress
from mail.relay import Relay
from mail.smtp import Envelope, Outcome, Reply, Timeouts
from tests.mail.fault_smtp import (
    AUTH, BODY, DATA, DOT, EHLO, EXTENSIONS, GREETING, MAIL, RCPT, RSET, STARTTLS, Act, Fault, FaultServer,
)  # fmt: skip

SHORT = Timeouts(connect=2, greeting=0.3, envelope=0.3, data=0.3, body=0.5, dot=0.3, probe=0.3)
ENVELOPE = Envelope("b-1@bounce.shop.example", "anna@example.org")
RAW = b"Subject: hi\r\n\r\n.a line with a dot\r\n..two\r\nbye\r\n"


async def commit() -> bool:
    await asyncio.sleep(0.002)
    return True


def relay_to(server: FaultServer, connections: int = 10, tls: ssl.SSLContext | None = None, url: str = "") -> Relay:
    address = RelayAddress.parse(url or f"smtp://127.0.0.1:{server.port}")
    return Relay(address, connections, SHORT, hostname="worker.shop.example", tls=tls)


async def delivered(server: FaultServer, raw: bytes = RAW) -> Reply:
    relay = relay_to(server)
    try:
        return await asyncio.wait_for(relay.deliver(ENVELOPE, raw, commit), 10)
    finally:
        await relay.close()


async def test_a_message_arrives_as_it_was_written() -> None:
    async with FaultServer() as server:
        reply = await delivered(server)
    assert reply == Reply(Outcome.ACCEPTED, 250, "2.0.0 queued")
    assert [(mail.sender, mail.recipient, mail.body) for mail in server.taken] == [
        (ENVELOPE.sender, ENVELOPE.recipient, RAW)
    ]


BEFORE_THE_MESSAGE = [
    Fault(phase, act, text)
    for phase in (GREETING, EHLO)
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
    for phase in (MAIL, RCPT, DATA)
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
    (Fault(DOT, act, text, takes), outcome)
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
        async with FaultServer(Fault(BODY, act, after=after)) as server:
            reply = await delivered(server)
        assert (reply.outcome, server.taken) == (Outcome.NOT_SENT, []), after


@pytest.mark.parametrize("after", [0, 1, 70_000, 400_000])
async def test_a_server_that_stops_reading_a_long_body_means_not_sent(after: int) -> None:
    long = RAW + b"x" * 70 + (b"\r\n" + b"y" * 76) * 300_000
    async with FaultServer(Fault(BODY, Act.LATE, after=after, seconds=3)) as server:
        reply = await delivered(server, long)
    assert (reply.outcome, server.taken) == (Outcome.NOT_SENT, [])


async def test_an_early_word_about_the_body_does_not_answer_the_next_message() -> None:
    async with FaultServer(Fault(BODY, Act.ANSWER, b"452 4.3.1 no room", after=20)) as server:
        relay = relay_to(server)
        first = await relay.deliver(ENVELOPE, RAW, commit)
        server.fault = Fault(RCPT, Act.ANSWER, b"550 5.1.1 no such user")
        second = await relay.deliver(ENVELOPE, RAW, commit)
        await relay.close()
    assert first.outcome is Outcome.ACCEPTED
    assert second.outcome is Outcome.PERMANENT
    assert len(server.taken) == 1


async def test_a_late_yes_never_pairs_with_another_message() -> None:
    async with FaultServer(Fault(DOT, Act.LATE, b"250 late", takes=True, seconds=0.5)) as server:
        relay = relay_to(server, connections=1)
        first = await relay.deliver(ENVELOPE, RAW, commit)
        server.fault = Fault(DOT, Act.ANSWER, b"554 5.6.0 no")
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
        again = await relay.deliver(ENVELOPE, RAW, commit)
        await relay.close()
    assert again.outcome is Outcome.ACCEPTED
    assert len(server.taken) == 1


@pytest.mark.parametrize("phase", [GREETING, EHLO, MAIL, RCPT, DATA, DOT])
async def test_a_cancelled_delivery_leaves_no_session_out_of_step(phase: str) -> None:
    async with FaultServer(Fault(phase, Act.STALL)) as server:
        relay = relay_to(server, connections=1)
        task = asyncio.create_task(relay.deliver(ENVELOPE, RAW, commit))
        await asyncio.sleep(0.1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
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
        server.fault = Fault(RSET, Act.STALL)
        reply = await relay.deliver(ENVELOPE, RAW, commit)
        await relay.close()
    assert reply.outcome is Outcome.ACCEPTED
    assert server.connections == 2


async def test_a_refused_message_is_cleared_before_the_next() -> None:
    async with FaultServer(Fault(RCPT, Act.ANSWER, b"550 5.1.1 no such user")) as server:
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
    assert (server.taken[0].sender, server.taken[0].recipient) == ("", "anna@xn--blbr-roac.example")


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


# --- encryption


@pytest.mark.parametrize(
    ("peer", "expected"),
    [("127.0.0.1", True), ("127.3.2.1", True), ("::1", True), ("10.0.0.5", False), ("fe80::1%eth0", False)],
)
def test_only_this_machine_counts_as_loopback(peer: str, expected: bool) -> None:
    assert mail.connection.is_loopback(peer) is expected


@pytest.fixture
def abroad(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every peer count as another machine."""
    never: Callable[[str], bool] = lambda peer: False
    monkeypatch.setattr(mail.connection, "is_loopback", never)


@pytest.mark.usefixtures("abroad")
async def test_a_relay_off_loopback_without_tls_hears_no_message() -> None:
    async with FaultServer(password=b"unused") as server:
        relay = relay_to(server, url=f"smtp://shop:secret@127.0.0.1:{server.port}")
        reply = await relay.deliver(ENVELOPE, RAW, commit)
        await relay.close()
    assert reply.outcome is Outcome.NOT_SENT
    assert "STARTTLS" in reply.text
    assert [command.split()[0] for command in server.commands] == [b"EHLO"]


@pytest.mark.usefixtures("abroad")
@pytest.mark.parametrize("implicit", [True, False])
async def test_tls_and_login_come_before_the_message(
    server_tls: ssl.SSLContext, trusting: ssl.SSLContext, implicit: bool
) -> None:
    password = b"AHNob3AAc2VjcmV0IHdvcmQ="  # \0shop\0secret word
    async with FaultServer(tls=server_tls, implicit_tls=implicit, password=password) as server:
        url = f"{'smtps' if implicit else 'smtp'}://shop:secret%20word@127.0.0.1:{server.port}"
        relay = relay_to(server, tls=trusting, url=url)
        reply = await relay.deliver(ENVELOPE, RAW, commit)
        await relay.close()
    assert reply.outcome is Outcome.ACCEPTED
    verbs = [command.split()[0] for command in server.commands]
    before = [b"EHLO"] if implicit else [b"EHLO", b"STARTTLS", b"EHLO"]
    assert verbs == [*before, b"AUTH", b"MAIL", b"RCPT", b"DATA", b"QUIT"]


@pytest.mark.usefixtures("abroad")
@pytest.mark.parametrize("implicit", [True, False])
async def test_a_certificate_that_nobody_vouches_for_is_refused(server_tls: ssl.SSLContext, implicit: bool) -> None:
    async with FaultServer(tls=server_tls, implicit_tls=implicit) as server:
        relay = relay_to(server, url=f"{'smtps' if implicit else 'smtp'}://127.0.0.1:{server.port}")
        reply = await relay.deliver(ENVELOPE, RAW, commit)
        await relay.close()
    assert reply.outcome is Outcome.NOT_SENT
    assert server.taken == []
    assert not any(command.startswith(b"MAIL") for command in server.commands)


@pytest.mark.usefixtures("abroad")
@pytest.mark.parametrize("act", [Act.DROP, Act.STALL, Act.RESET])
async def test_a_broken_upgrade_means_not_sent(server_tls: ssl.SSLContext, act: Act) -> None:
    async with FaultServer(Fault(STARTTLS, act), tls=server_tls) as server:
        reply = await delivered(server)
    assert reply.outcome is Outcome.NOT_SENT


@pytest.mark.parametrize("fault", [None, Fault(AUTH, Act.DROP), Fault(AUTH, Act.ANSWER, b"454 4.7.0 later")])
async def test_a_failed_login_is_never_the_letters_fault(fault: Fault | None) -> None:
    async with FaultServer(fault, password=b"something else") as server:
        relay = relay_to(server, url=f"smtp://shop:wrong@127.0.0.1:{server.port}")
        reply = await relay.deliver(ENVELOPE, RAW, commit)
        await relay.close()
    assert reply.outcome is Outcome.NOT_SENT
    assert "wrong" not in reply.text.replace("wrong password", "")


# --- the relay's address


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("smtp://127.0.0.1:2525", RelayAddress("127.0.0.1", 2525)),
        ("smtp://relay.example", RelayAddress("relay.example", 587)),
        ("smtps://relay.example", RelayAddress("relay.example", 465, implicit_tls=True)),
        ("smtp://[::1]:25", RelayAddress("::1", 25)),
        ("smtp://u%40x:p%2Fw@relay.example:26", RelayAddress("relay.example", 26, False, "u@x", "p/w")),
    ],
)
def test_a_relay_address_is_read(url: str, expected: RelayAddress) -> None:
    assert RelayAddress.parse(url) == expected


@pytest.mark.parametrize(
    "url",
    [
        "relay.example:25", "http://relay.example", "smtp://", "smtp://relay.example:port", "smtp://relay.example/x",
        "smtp://user:hunter2@relay.example?x=1", "smtp://user@relay.example", "smtp://a b.example",
    ],
)  # fmt: skip
def test_a_wrong_relay_address_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(mail.connection.RelayAddressInvalid) as refused:
        RelayAddress.parse(url)
    assert "hunter2" not in str(refused.value)


def test_a_relay_address_hides_its_password() -> None:
    assert "hunter2" not in repr(RelayAddress.parse("smtp://user:hunter2@relay.example"))


