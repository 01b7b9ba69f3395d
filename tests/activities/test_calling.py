import asyncio
import socket
import ssl
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from activities.calling import AddressRefused, Caller, NotReached, is_public
from tests.activities.receiver import receiving


@pytest.mark.parametrize(
    ("address", "public"),
    [
        ("93.184.215.14", True),
        ("2606:2800:21f:cb07:6820:80da:af6b:8b2c", True),
        ("127.0.0.1", False),
        ("10.1.2.3", False),
        ("172.16.0.1", False),
        ("192.168.1.1", False),
        ("169.254.169.254", False),
        ("100.64.0.1", False),
        ("0.0.0.0", False),
        ("224.0.0.1", False),
        ("255.255.255.255", False),
        ("::1", False),
        ("::", False),
        ("fe80::1", False),
        ("fc00::1", False),
        ("ff02::1", False),
        ("::ffff:127.0.0.1", False),
        ("::ffff:93.184.215.14", True),
        ("64:ff9b::7f00:1", False),
        ("64:ff9b::5db8:d70e", True),
        ("2002:7f00:1::", False),
        ("2001:db8::1", False),
    ],
)
def test_only_addresses_of_the_public_internet_are_public(address: str, public: bool) -> None:
    assert is_public(ip_address(address)) is public


@pytest.mark.parametrize("url", ["ftp://a.example/", "file:///etc/passwd"])
async def test_only_http_is_spoken(url: str) -> None:
    with pytest.raises(AddressRefused, match="no http or https address"):
        await Caller(private=True).post(url, b"", {})


async def test_a_name_that_nobody_knows_is_tried_again_later() -> None:
    with pytest.raises(NotReached, match="gaierror"):
        await Caller().post("http://nobody.invalid/", b"", {})


async def test_one_private_address_among_public_ones_is_enough_to_refuse(monkeypatch: pytest.MonkeyPatch) -> None:
    async def resolved(*_: object, **__: object) -> list[object]:
        return [(socket.AF_INET, 1, 6, "", (address, 80)) for address in ("93.184.215.14", "10.0.0.1")]

    monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolved)
    with pytest.raises(AddressRefused, match="a private address"):
        await Caller().post("http://mixed.example/", b"", {})


async def test_the_call_goes_to_the_address_that_was_looked_at_under_its_own_name(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked: list[str] = []

    async def resolved(host: str, port: int, **_: object) -> list[object]:
        asked.append(host)
        return [(socket.AF_INET, 1, 6, "", (address, port)) for address in ("127.0.0.2", "127.0.0.1")]

    async with receiving() as receiver:
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolved)
        answered = await Caller(private=True).post(f"http://hook.example:{receiver.port}/x", b"{}", {"a": "b"})
    # The first address answers nobody; the name is not looked up again for the second one.
    assert asked == ["hook.example"]
    assert answered.status == 204
    assert receiver.taken[0].headers["host"] == f"hook.example:{receiver.port}"
    assert receiver.taken[0].headers["a"] == "b"


async def test_a_receiver_that_says_nothing_is_given_up() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        with pytest.raises(NotReached, match="Timeout"):
            await Caller(private=True, timeout=0.3).post(f"http://127.0.0.1:{port}/", b"{}", {})


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A file with a key and a certificate for `hook.example` that signs itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "receiver under test")])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(minutes=5))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("hook.example")]), critical=False)
        .sign(key, hashes.SHA256())
    )
    plain = serialization.NoEncryption()
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    file = tmp_path / "receiver.pem"
    file.write_bytes(pem + made.public_bytes(serialization.Encoding.PEM))
    return file


@pytest.mark.parametrize(("name", "trusted"), [("hook.example", True), ("other.example", False)])
async def test_the_certificate_must_be_one_of_the_name_although_the_address_is_called(
    monkeypatch: pytest.MonkeyPatch, certificate: Path, name: str, *, trusted: bool
) -> None:
    async def resolved(host: str, port: int, **_: object) -> list[object]:
        return [(socket.AF_INET, 1, 6, "", ("127.0.0.1", port))]

    shown = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    shown.load_cert_chain(certificate)
    caller = Caller(private=True, tls=ssl.create_default_context(cafile=str(certificate)))
    async with receiving(shown) as receiver:
        monkeypatch.setattr(asyncio.get_running_loop(), "getaddrinfo", resolved)
        if trusted:
            assert (await caller.post(f"https://{name}:{receiver.port}/", b"{}", {})).status == 204
        else:
            with pytest.raises(NotReached, match="ConnectError"):
                await caller.post(f"https://{name}:{receiver.port}/", b"{}", {})
    assert len(receiver.taken) == trusted
