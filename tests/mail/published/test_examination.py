"""What is said of a sender, asked of a real DNS server on loopback, and of a real relay."""

import ssl
from collections.abc import Iterator
from dataclasses import replace

import pytest

from mail.published.asking import Dns, DnsAway
from mail.published.dmarc import look_up
from mail.published.examination import Examination
from mail.published.findings import Finding, Record
from mail.senders import Sender
from tests.mail.fault_smtp import Act, Fault, FaultServer, Phase
from tests.mail.published.nameserver import Nameserver, serving
from tests.mail.test_dkim import keys

RELAY, PUBLIC = "relay.example", "1.1.1.7"
SENDER = Sender(
    "Skerry <hello@shop.example>", "help@shop.example", "Skerry", "https://shop.example", "Strandgatan 1",
    smtp_url=f"smtp://{RELAY}", bounce_domain="bounce.shop.example", keys=keys(),
)  # fmt: skip


@pytest.fixture
def zone() -> Iterator[Nameserver]:
    """A domain at which everything is as it should be."""
    with serving() as nameserver:
        nameserver.publish("bounce.shop.example", "TXT", "google-site-verification=x", f"v=spf1 a:{RELAY} -all")
        nameserver.publish("_dmarc.shop.example", "TXT", "v=DMARC1; p=reject; rua=mailto:dmarc@shop.example")
        for key in keys():
            nameserver.publish(f"{key.selector}._domainkey.shop.example", "TXT", key.record())
        for domain in ("shop.example", "bounce.shop.example"):
            nameserver.publish(domain, "MX", "20 second.example.", f"10 {RELAY}.")
        nameserver.publish("second.example", "A", "1.1.1.8")
        nameserver.publish(RELAY, "A", PUBLIC)
        nameserver.publish("7.1.1.1.in-addr.arpa", "PTR", f"{RELAY}.")
        yield nameserver


def dns(zone: Nameserver) -> Dns:
    return Dns("127.0.0.1", zone.port)


async def found(zone: Nameserver, subject: str, sender: Sender = SENDER) -> list[tuple[str, str]]:
    """Grade and words of what is said of this subject."""
    return [(each.grade.value, each.told) for each in await said(zone, subject, sender)]


async def said(zone: Nameserver, subject: str, sender: Sender = SENDER) -> list[Finding]:
    return [each for each in await Examination(dns(zone), sender).published() if each.subject == subject]


async def test_a_domain_at_which_all_is_published_is_told_to_be_well(zone: Nameserver) -> None:
    findings = await Examination(dns(zone), SENDER).published()
    assert {each.subject: each.grade.value for each in findings} == {
        "spf": "ok", "dkim": "ok", "dmarc": "ok", "alignment": "ok", "mx": "ok", "ptr": "ok",
    }  # fmt: skip
    assert [each.told for each in findings if each.subject == "alignment"] == ["From is aligned with DKIM and SPF"]


async def test_an_answer_too_long_for_a_datagram_is_asked_for_again(zone: Nameserver) -> None:
    long = "v=spf1 " + " ".join(f"ip4:1.1.{number}.0/24" for number in range(99)) + " -all"
    zone.publish("bounce.shop.example", "TXT", long)
    assert await dns(zone).texts("bounce.shop.example") == [long]
    assert zone.over_tcp == 1


async def test_a_domain_at_which_nothing_is_published_is_told_every_record(zone: Nameserver) -> None:
    zone.zone.clear()
    findings = await Examination(dns(zone), SENDER).published()
    wrong = {each.subject for each in findings if each.grade == "wrong"}
    assert wrong >= {"spf", "dkim", "dmarc", "mx"}
    published = {each.publish for each in findings}
    assert Record("bounce.shop.example", "TXT", f"v=spf1 a:{RELAY} ~all") in published
    assert Record("_dmarc.shop.example", "TXT", "v=DMARC1; p=none; rua=mailto:dmarc@shop.example") in published
    assert {Record(f"{key.selector}._domainkey.shop.example", "TXT", key.record()) for key in keys()} <= published
    assert Record("bounce.shop.example", "MX", "10 mail.shop.example.") in published


async def test_publishing_what_it_says_puts_everything_right(zone: Nameserver) -> None:
    zone.zone.clear()
    zone.publish(RELAY, "A", PUBLIC)
    zone.publish("mail.shop.example", "A", "1.1.1.9")
    for each in await Examination(dns(zone), SENDER).published():
        if each.publish is not None:
            zone.publish(each.publish.name, each.publish.kind, each.publish.value)
    findings = await Examination(dns(zone), SENDER).published()
    assert [each for each in findings if each.grade == "wrong"] == []


def test_a_long_record_is_written_in_strings_that_a_zone_file_takes() -> None:
    line = str(Record("a.example", "TXT", "x" * 300))
    assert line == f'a.example. IN TXT "{"x" * 255}" "{"x" * 45}"'
    assert str(Record("a.example", "MX", "10 b.")) == "a.example. IN MX 10 b."


SPF = {
    "two records": (["v=spf1 -all", "v=spf1 ~all"], "wrong", "2 SPF records"),
    "everybody may send": (["v=spf1 +all"], "wrong", "everybody may send"),
    "a term that nobody knows": (["v=spf1 ip5:1.1.1.7 -all"], "wrong", "a term that nobody knows: ip5:1.1.1.7"),
    "a network that is none": (["v=spf1 ip4:1.1.1.700 -all"], "wrong", "names a network that is none"),
    "an include of nothing": (["v=spf1 include:none.example -all"], "wrong", "none.example, which it includes"),
    "a record that includes itself": (["v=spf1 include:bounce.shop.example"], "wrong", "more than 10 questions"),
    "no end": ([f"v=spf1 a:{RELAY}"], "advice", "who may not send"),
    "another address": (["v=spf1 ip4:1.1.2.0/24 -all"], "advice", f"does not let {PUBLIC} send"),
    "the address itself": ([f"v=spf1 ip4:{PUBLIC} -all"], "ok", "0 questions"),
    "a network": (["v=spf1 ip6:2001:db8::/32 a:relay.example/24 ~all"], "ok", "1 questions"),
    "mx": (["v=spf1 mx -all"], "ok", "1 questions"),
    "redirect": (["v=spf1 redirect=other.example"], "ok", "2 questions"),
    "a macro": (["v=spf1 exists:%{i}.x.example -all"], "ok", "1 questions"),
}


@pytest.mark.parametrize(("texts", "grade", "told"), SPF.values(), ids=SPF)
async def test_what_is_said_of_spf(zone: Nameserver, texts: list[str], grade: str, told: str) -> None:
    zone.publish("bounce.shop.example", "TXT", *texts)
    zone.publish("other.example", "TXT", f"v=spf1 a:{RELAY} -all")
    grades = await found(zone, "spf")
    assert any(each == grade and told in words for each, words in grades), grades
    assert {each for each, _ in grades} <= {"ok", grade}


KEYS = {
    "another key": (keys()[0].record(), "wrong", "another key is published"),
    "a revoked key": ("v=DKIM1; k=ed25519; p=", "wrong", "it is revoked"),
    "a trial": (keys()[1].record() + "; t=y:s", "advice", "this is a trial"),
    "another version": (keys()[1].record().replace("DKIM1", "DKIM2"), "wrong", "not of the version DKIM1"),
    "blanks within the key": (keys()[1].record().replace("p=", "p= ").replace("; ", " ;\t"), "ok", "is published"),
}


@pytest.mark.parametrize(("text", "grade", "told"), KEYS.values(), ids=KEYS)
async def test_what_is_said_of_a_key(zone: Nameserver, text: str, grade: str, told: str) -> None:
    where = "e2026._domainkey.shop.example"
    zone.publish(where, "TXT", text)
    about = [each for each in await said(zone, "dkim") if each.where == where]
    assert any(each.grade == grade and told in each.told for each in about), about
    assert all((each.publish is not None) == (each.grade == "wrong") for each in about)


async def test_two_records_of_one_key_are_wrong(zone: Nameserver) -> None:
    record = keys()[1].record()
    zone.publish("e2026._domainkey.shop.example", "TXT", record, record.replace("p=", "p=x"))
    assert ("wrong", "there are 2 records; keep this one alone") in await found(zone, "dkim")


async def test_without_a_key_it_is_said_that_the_relay_must_sign(zone: Nameserver) -> None:
    ((grade, told),) = await found(zone, "dkim", replace(SENDER, keys=()))
    assert (grade, "only if the relay does it" in told) == ("advice", True)


DMARC = {
    "reports go to nobody": ("v=DMARC1; p=reject", "advice", "nobody gets reports"),
    "a policy that protects nobody": ("v=DMARC1; p=none; rua=mailto:a@b.example", "advice", "protects nobody"),
    "a policy that is none": ("v=DMARC1; p=often", "wrong", "counts for nothing"),
    "a wrong policy with reports": ("v=DMARC1; p=often; rua=mailto:a@b.example", "ok", "the policy"),
    "tags of old": ("v=DMARC1; p=reject; rua=mailto:a@b.example; pct=50; ri=1", "advice", "pct, ri mean nothing"),
    "a trial": ("v=DMARC1; p=reject; rua=mailto:a@b.example; t=y", "advice", "not to apply"),
    "another record": ("v=DMARC10; p=reject", "wrong", "there is no record"),
}


@pytest.mark.parametrize(("text", "grade", "told"), DMARC.values(), ids=DMARC)
async def test_what_is_said_of_dmarc(zone: Nameserver, text: str, grade: str, told: str) -> None:
    zone.publish("_dmarc.shop.example", "TXT", text)
    grades = await found(zone, "dmarc")
    assert any(each == grade and told in words for each, words in grades), grades


DEEP = "h.g.f.e.d.c.b.x.shop.example"

# RFC 9989, 4.10: records by domain, the domain that is asked about, its organisational domain, where the record is.
TREES = {
    "its own": ({"shop.example": ""}, "shop.example", "shop.example", "shop.example"),
    "of the organisation": ({"shop.example": ""}, "a.b.shop.example", "shop.example", "shop.example"),
    "the highest": ({"b.shop.example": "", "shop.example": ""}, "b.shop.example", "shop.example", "b.shop.example"),
    "a boundary": ({"b.shop.example": "psd=n", "shop.example": ""}, "a.b.shop.example", *["b.shop.example"] * 2),
    "a public suffix": ({"example": "psd=y"}, "a.shop.example", "shop.example", "example"),
    "none": ({}, "a.shop.example", "a.shop.example", None),
    "eight labels": ({DEEP[2:]: "", "c.b.x.shop.example": ""}, DEEP, *["c.b.x.shop.example"] * 2),
}  # fmt: skip


@pytest.mark.parametrize(("records", "domain", "organisation", "at"), TREES.values(), ids=TREES)
async def test_the_tree_is_walked_as_the_standard_says(
    zone: Nameserver, records: dict[str, str], domain: str, organisation: str, at: str | None
) -> None:
    del zone.zone["_dmarc.shop.example", "TXT"]
    for name, more in records.items():
        zone.publish(f"_dmarc.{name}", "TXT", f"v=DMARC1; p=reject; {more}")
    holds = await look_up(dns(zone), domain)
    assert (holds.organisation, holds.at) == (organisation, at)
    assert len([name for name in zone.asked if name.startswith("_dmarc.")]) <= 8


async def test_names_of_another_organisation_do_not_vouch_for_from(zone: Nameserver) -> None:
    zone.publish("_dmarc.elsewhere.example", "TXT", "v=DMARC1; p=none")
    stray = replace(SENDER, bounce_domain="b.elsewhere.example")
    ((grade, told),) = await found(zone, "alignment", stray)
    assert (grade, told.endswith(": b.elsewhere.example")) == ("advice", True)
    assert [grade for grade, _ in await found(zone, "alignment", replace(stray, keys=()))] == ["wrong"]


async def test_strict_alignment_wants_the_very_same_domain(zone: Nameserver) -> None:
    zone.publish("_dmarc.shop.example", "TXT", "v=DMARC1; p=reject; aspf=s")
    assert [grade for grade, _ in await found(zone, "alignment")] == ["advice"]
    assert [grade for grade, _ in await found(zone, "alignment", replace(SENDER, keys=()))] == ["wrong"]


@pytest.mark.parametrize(
    ("exchange", "told"), [(["0 ."], "no MX"), (["10 gone.example."], "gone.example has no address")]
)
async def test_bounces_that_cannot_come_back_are_wrong(zone: Nameserver, exchange: list[str], told: str) -> None:
    zone.publish("bounce.shop.example", "MX", *exchange)
    (about,) = [each for each in await said(zone, "mx") if each.where == "bounce.shop.example"]
    assert (about.grade.value, told in about.told) == ("wrong", True)


async def test_a_name_that_does_not_lead_back_is_told(zone: Nameserver) -> None:
    zone.publish("7.1.1.1.in-addr.arpa", "PTR", "second.example.")
    assert "second.example does not lead back" in (await found(zone, "ptr"))[0][1]
    del zone.zone["7.1.1.1.in-addr.arpa", "PTR"]
    assert "no name (PTR)" in (await found(zone, "ptr"))[0][1]
    zone.publish(RELAY, "A", "10.0.0.7")
    assert [grade for grade, _ in await found(zone, "ptr")] == ["unknown"]


async def test_a_dns_that_fails_is_no_verdict(zone: Nameserver) -> None:
    zone.broken.add("_dmarc.shop.example")
    ((grade, told),) = await found(zone, "dmarc")
    assert (grade, "no answer to the question for TXT of _dmarc.shop.example" in told) == ("unknown", True)
    with pytest.raises(DnsAway):
        await dns(zone).texts("_dmarc.shop.example")


async def tls(zone: Nameserver, url: str, trust: ssl.SSLContext | None = None) -> tuple[str, str]:
    findings = await Examination(dns(zone), replace(SENDER, smtp_url=url), trust).findings()
    (about,) = [each for each in findings if each.subject == "tls" and "certificate ends" not in each.told]
    return about.grade.value, about.told


async def test_a_relay_that_can_prove_who_it_is_is_well(
    zone: Nameserver, server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async with FaultServer(tls=server_tls, implicit_tls=True) as server:
        url = f"smtps://127.0.0.1:{server.port}"
        grade, told = await tls(zone, url, trusting)
        assert (grade, told.startswith("TLSv1.")) == ("ok", True)
        grade, told = await tls(zone, url)
        assert (grade, "its certificate is not trusted: self" in told) == ("wrong", True)


async def test_a_certificate_that_ends_soon_is_told(
    zone: Nameserver, server_tls: ssl.SSLContext, trusting: ssl.SSLContext
) -> None:
    async with FaultServer(tls=server_tls, implicit_tls=True) as server:
        sender = replace(SENDER, smtp_url=f"smtps://127.0.0.1:{server.port}")
        findings = await Examination(dns(zone), sender, trusting).findings()
    assert [each.grade.value for each in findings if "its certificate ends on" in each.told] == ["advice"]


async def test_a_relay_that_is_not_there_or_lets_nobody_in_is_wrong(zone: Nameserver) -> None:
    async with FaultServer(password=b"right") as server:
        assert (await tls(zone, f"smtp://127.0.0.1:{server.port}"))[0] == "ok"
        grade, told = await tls(zone, f"smtp://user:hunter2@127.0.0.1:{server.port}")
        assert (grade, told) == ("wrong", "it does not let us in: 535")
        server.fault = Fault(Phase.GREETING, Act.ANSWER_AND_DROP, b"554 no\r\n")
        assert (await tls(zone, f"smtp://127.0.0.1:{server.port}"))[0] == "wrong"
        port = server.port
    assert (await tls(zone, f"smtp://127.0.0.1:{port}"))[0] == "wrong"
