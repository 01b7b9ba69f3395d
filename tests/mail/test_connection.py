"""The way to the relay: its address, and encryption wherever a connection leaves this machine."""

import ssl

import pytest

import mail.connection
import mail.relay
from mail.connection import RelayAddress
from mail.smtp import Outcome
from tests.mail.delivering import ENVELOPE, RAW, commit, delivered, relay_to
from tests.mail.fault_smtp import Act, Fault, FaultServer, Phase


@pytest.mark.parametrize(
    ("peer", "expected"),
    [("127.0.0.1", True), ("127.3.2.1", True), ("::1", True), ("10.0.0.5", False), ("fe80::1%eth0", False)],
)
def test_only_this_machine_counts_as_loopback(peer: str, expected: bool) -> None:
    assert mail.connection.is_loopback(peer) is expected


@pytest.fixture
def abroad(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every peer count as another machine."""

    def never(peer: str) -> bool:
        return False

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
    async with FaultServer(Fault(Phase.STARTTLS, act), tls=server_tls) as server:
        reply = await delivered(server)
    assert reply.outcome is Outcome.NOT_SENT


@pytest.mark.parametrize(
    "fault", [None, Fault(Phase.AUTH, Act.DROP), Fault(Phase.AUTH, Act.ANSWER, b"454 4.7.0 later")]
)
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
