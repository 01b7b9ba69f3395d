"""`kundresa doctor`, asking a DNS server on loopback about the senders of the settings."""

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from typer.testing import CliRunner, Result

from cli import app
from tests.commands.test_explain import SETTINGS
from tests.mail.fault_smtp import FaultServer
from tests.mail.published.nameserver import Nameserver, serving
from tests.mail.test_dkim import keys, pem

SENDERS = """
[default]
bounce_domain = "bounce.shop.example"
keys = [{domain = "shop.example", selector = "r2026", file = "r2026.pem"}]
[outlet]
from = "Outlet <hello@outlet.example>"
reply_to = "help@outlet.example"
shop_name = "Outlet"
shop_url = "https://outlet.example"
postal_address = "Torggatan 2"
"""


@pytest.fixture
def zone() -> Iterator[Nameserver]:
    with serving() as nameserver:
        nameserver.publish("bounce.shop.example", "TXT", "v=spf1 ip4:1.1.1.7 -all")
        nameserver.publish("_dmarc.shop.example", "TXT", "v=DMARC1; p=reject; rua=mailto:dmarc@shop.example")
        nameserver.publish("r2026._domainkey.shop.example", "TXT", keys()[0].record())
        for domain in ("shop.example", "bounce.shop.example"):
            nameserver.publish(domain, "MX", "10 mx.example.")
        nameserver.publish("mx.example", "A", "1.1.1.8")
        yield nameserver


@pytest_asyncio.fixture
async def relay() -> AsyncIterator[FaultServer]:
    async with FaultServer() as server:
        yield server


@pytest.fixture
def environment(tmp_path: Path, relay: FaultServer) -> dict[str, str]:
    (tmp_path / "senders.toml").write_text(SENDERS)
    (tmp_path / "r2026.pem").write_bytes(pem(keys()[0].private))
    return SETTINGS | {
        "KUNDRESA_DATABASE_URL": "postgresql://127.0.0.1:9/none",
        "KUNDRESA_DATA": "/nonexistent",
        "KUNDRESA_SENDER": "Skerry <hello@news.shop.example>",
        "KUNDRESA_SENDERS": str(tmp_path / "senders.toml"),
        "KUNDRESA_SMTP_URL": f"smtp://127.0.0.1:{relay.port}",
    }


async def doctor(zone: Nameserver, environment: dict[str, str], *arguments: str) -> Result:
    command = ["doctor", *arguments, "--resolver", f"127.0.0.1:{zone.port}"]
    return await asyncio.to_thread(CliRunner().invoke, app, command, env=environment)


def findings(result: Result) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(result.stdout)
    return found


async def test_a_domain_at_which_all_is_well_ends_with_success(zone: Nameserver, environment: dict[str, str]) -> None:
    zone.publish("news.shop.example", "MX", "10 mx.example.")
    result = await doctor(zone, environment, "shop.example", "--json")
    assert {each["subject"]: each["grade"] for each in findings(result)} == {
        "spf": "ok", "dkim": "ok", "dmarc": "ok", "alignment": "ok", "mx": "ok", "ptr": "unknown", "tls": "ok",
    }  # fmt: skip
    assert result.exit_code == 0


async def test_what_is_wrong_ends_with_one_and_the_records_to_publish(
    zone: Nameserver, environment: dict[str, str]
) -> None:
    del zone.zone["r2026._domainkey.shop.example", "TXT"]
    result = await doctor(zone, environment, "shop.example")
    assert result.exit_code == 1
    assert "wrong" in result.stdout
    head, tail = keys()[0].record()[:255], keys()[0].record()[255:]
    assert f'r2026._domainkey.shop.example. IN TXT "{head}" "{tail}"' in result.stdout.splitlines()
    assert "PRIVATE" not in result.stdout


async def test_each_sender_is_looked_at_under_its_own_domain(zone: Nameserver, environment: dict[str, str]) -> None:
    for domain, name in (("outlet.example", "outlet"), ("shop.example", "default"), ("news.shop.example", "default")):
        found = findings(await doctor(zone, environment, domain, "--json"))
        assert {each["sender"] for each in found} == {name}


async def test_a_domain_from_which_nobody_sends_is_refused_with_those_that_are_known(
    zone: Nameserver, environment: dict[str, str]
) -> None:
    result = await doctor(zone, environment, "hop.example")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "Nobody sends from hop.example" in result.stderr
    assert "news.shop.example, outlet.example" in result.stderr


async def test_a_file_of_senders_that_cannot_be_used_is_told_with_its_name(
    zone: Nameserver, environment: dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "r2026.pem").unlink()
    result = await doctor(zone, environment, "shop.example")
    assert result.exit_code == 1
    assert "senders.toml: default > keys > #1 > file: r2026.pem cannot be read" in result.stderr


def test_a_resolver_that_is_no_address_is_a_wrong_argument(zone: Nameserver, environment: dict[str, str]) -> None:
    result = CliRunner().invoke(app, ["doctor", "shop.example", "--resolver", "dns.example"], env=environment)
    assert result.exit_code == 2
