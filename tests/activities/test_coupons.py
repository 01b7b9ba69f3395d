"""Coupons in letters: one code a coupon and enrolment, given with the claim, never twice, never blank."""

import asyncio
import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from temporalio.exceptions import ApplicationError

from activities.coupons import CouponRounds
from activities.housekeeping import Swept
from activities.orders import LetterOrder, Receipt
from store import codes
from tests.activities.office import Office, delayed, ordered, seconds, write_letters
from tests.mail.fault_smtp import Act, Fault, Mail, Phase

NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
GIFT = "{{ coupon.code }} worth {{ coupon.percent }} until {{ coupon.until }}, {{ links.unsubscribe }}"
GENERATED = {"pool": "generated", "prefix": "HEJ-", "generate": 20, "warn_below": 0}


@pytest.fixture(autouse=True)
def _letters(templates: Path) -> None:
    write_letters(templates, gift=GIFT, clumsy="{{ coupon.code }} {{ contact.nickname }}")


def gift(order: LetterOrder, **changes: Any) -> LetterOrder:
    return replace(ordered(order.enrolment, letter="gift", now=NOW, coupon="ten"), **changes)


def text_of(mail: Mail) -> str:
    body = message_from_bytes(mail.body, policy=policy.default).get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def codes_in(office: Office) -> list[str]:
    """The code of each mail that the relay took."""
    return [text_of(mail).split()[0] for mail in office.server.taken]


async def given(office: Office) -> list[str]:
    rows = await office.rows("SELECT code FROM coupon_codes WHERE enrolment_id IS NOT NULL ORDER BY code")
    return [row["code"] for row in rows]


async def test_a_contact_gets_a_code_of_the_pool(office: Office) -> None:
    await office.coupon(pool=["ONE-AAA", "TWO-BBB"], valid={"for": "14d"})
    order = await office.enters()
    assert await office.sending().send(gift(order)) == Receipt("sent")
    assert text_of(office.server.taken[0]).startswith("ONE-AAA worth 10 until 2026-12-05")
    assert await given(office) == ["ONE-AAA"]
    facts = (await office.row("SELECT facts FROM decisions WHERE verdict = 'sent'"))["facts"]
    assert facts["coupon"] == "ten: ONE-AAA, valid until 2026-12-05 12:00 UTC"


async def test_every_later_letter_of_the_run_shows_the_same_code_and_the_same_end(office: Office) -> None:
    await office.coupon(pool=["ONE-AAA", "TWO-BBB"], valid={"for": "14d"})
    order, sending = await office.enters(), office.sending()
    await sending.send(gift(order))
    later = gift(order, iteration=2, now=NOW + timedelta(days=3))
    assert await sending.send(later) == Receipt("sent")
    first, second = (text_of(mail).partition(",")[0] for mail in office.server.taken)
    assert first == second


async def test_another_enrolment_gets_another_code(office: Office) -> None:
    await office.coupon(pool=["ONE-AAA", "TWO-BBB"])
    sending = office.sending()
    await sending.send(gift(await office.enters()))
    await sending.send(gift(await office.enters("u2", "berit@example.org")))
    assert codes_in(office) == ["ONE-AAA", "TWO-BBB"]


async def test_a_fixed_code_is_everybodys_and_each_has_an_end_of_their_own(office: Office) -> None:
    await office.coupon(codes={"code": "SUMMER"}, valid={"for": "2d"})
    sending = office.sending()
    await sending.send(gift(await office.enters()))
    other = await office.enters("u2", "berit@example.org")
    await sending.send(gift(other, now=NOW + timedelta(days=1)))
    assert codes_in(office) == ["SUMMER", "SUMMER"]
    assert ["2026-11-23" in text_of(mail) for mail in office.server.taken] == [True, False]


async def test_an_empty_pool_holds_the_letter_back_until_there_are_codes(office: Office) -> None:
    await office.coupon()
    order, sending = await office.enters(), office.sending()
    error = await delayed(sending, gift(order))
    assert (str(error), seconds(error)) == ("LetterDelayed: no code of coupon ten is left", 300)
    assert await office.decisions() == [("deferred", "no code of coupon ten is left")]
    async with office.database.transaction() as session:
        assert await codes.upload(session, "ten", ["NEW-CODE"]) == 1
    assert await sending.send(gift(order)) == Receipt("sent")
    assert codes_in(office) == ["NEW-CODE"]


async def test_a_letter_for_which_no_code_comes_in_time_expires_and_says_why(office: Office) -> None:
    await office.coupon()
    order, sending = await office.enters(), office.sending()
    await delayed(sending, gift(order, ttl=timedelta(minutes=2)))
    late = gift(order, now=NOW + timedelta(minutes=3), ttl=timedelta(minutes=-1))
    assert await sending.send(late) == Receipt("expired", "no code of coupon ten is left")
    assert (await office.decisions())[-1] == ("expired", "no code of coupon ten is left")


async def test_a_coupon_that_nobody_published_holds_the_letter_back(office: Office) -> None:
    error = await delayed(office.sending(), gift(await office.enters()))
    assert str(error) == "LetterDelayed: no coupon ten is published"


async def test_a_code_that_is_over_is_not_shown(office: Office) -> None:
    await office.coupon(pool=["ONE-AAA"], valid={"for": "1d"})
    order, sending = await office.enters(), office.sending()
    await sending.send(gift(order))
    receipt = await sending.send(gift(order, iteration=2, now=NOW + timedelta(days=2)))
    assert receipt == Receipt("expired", "coupon ten was valid until 2026-11-22 12:00 UTC")


async def test_a_letter_that_cannot_be_written_gives_its_code_back(office: Office) -> None:
    await office.coupon(pool=["ONE-AAA"])
    order, sending = await office.enters(), office.sending()
    assert (await sending.send(gift(order, letter="clumsy"))).outcome == "render_failed"
    assert await given(office) == []
    assert await sending.send(gift(order, iteration=2)) == Receipt("sent")
    assert codes_in(office) == ["ONE-AAA"]


async def test_a_retry_shows_the_code_of_the_first_time(office: Office) -> None:
    await office.coupon(pool=["ONE-AAA", "TWO-BBB"])
    order, sending = gift(await office.enters()), office.sending()
    for phase in (Phase.MAIL, Phase.DOT):
        office.server.fault = Fault(phase, Act.ANSWER, b"451 4.3.0 not now")
        await delayed(sending, order)
    office.server.fault = None
    assert await sending.send(order) == Receipt("sent")
    assert (codes_in(office), await given(office)) == (["ONE-AAA"], ["ONE-AAA"])


async def test_a_worker_that_is_killed_between_claim_and_dot_leaves_the_code_to_the_next_one(office: Office) -> None:
    await office.coupon(pool=["ONE-AAA", "TWO-BBB"])
    order, relay = gift(await office.enters()), office.relay()
    stalled = asyncio.Event()

    async def stall() -> None:
        stalled.set()
        await asyncio.sleep(60)

    relay.meddle = stall
    dying = asyncio.create_task(office.sending(relay).send(order))
    await stalled.wait()
    dying.cancel()
    with pytest.raises(asyncio.CancelledError):
        await dying
    assert (await office.message())["state"] == "claimed"
    assert await office.sending().send(order) == Receipt("sent")
    assert (codes_in(office), await given(office)) == (["ONE-AAA"], ["ONE-AAA"])


async def test_a_claim_that_is_undone_gives_no_code(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    await office.coupon(pool=["ONE-AAA"])
    order = gift(await office.enters())
    with monkeypatch.context() as patched:
        patched.setattr("store.ledger.uuid4", lambda: "not a lease")
        with pytest.raises(Exception, match=r"not a lease|DataError"):
            await office.sending().send(order)
    assert await given(office) == []
    assert await office.sending().send(order) == Receipt("sent")


async def test_a_rush_on_a_pool_gives_no_code_twice_and_none_blank(office: Office) -> None:
    await office.coupon(pool=[f"CODE-{number:03}" for number in range(12)])
    orders = [gift(await office.enters(f"u{n}", f"u{n}@example.org")) for n in range(16)]
    workers = [office.sending() for _ in range(4)]
    # Every letter is in the hands of two workers at once.
    tries = [workers[(2 * n + twice) % 4].send(order) for n, order in enumerate(orders) for twice in (0, 1)]
    outcomes = await asyncio.gather(*tries, return_exceptions=True)
    odd = [each for each in outcomes if isinstance(each, BaseException) and not isinstance(each, ApplicationError)]
    assert odd == []
    shown = codes_in(office)
    assert len(shown) == len(set(shown)) == 12
    assert all(re.fullmatch(r"CODE-\d{3}", code) for code in shown)
    states = await office.rows("SELECT reason FROM decisions WHERE verdict = 'deferred'")
    assert [row["reason"] for row in states] == ["no code of coupon ten is left"] * 4


async def test_a_generated_pool_that_a_rush_has_emptied_is_filled_at_once(office: Office) -> None:
    await office.coupon(codes=GENERATED)
    assert await office.sending().send(gift(await office.enters())) == Receipt("sent")
    (code,) = codes_in(office)
    assert re.fullmatch(r"HEJ-[CDFGHJKMNPQRTWXY34679]{8}", code)
    assert (await office.row("SELECT count(*) AS left FROM coupon_codes WHERE enrolment_id IS NULL"))["left"] == 19


async def test_pools_are_filled_before_they_are_empty_and_for_those_on_their_way(office: Office) -> None:
    await office.coupon(codes=GENERATED)
    await office.journey("giving", steps=[{"wait": "1d"}, {"send": "gift", "coupon": "ten"}])
    for number in range(3):
        await office.enters(f"u{number}", journey="giving")
    rounds = CouponRounds(office.database)
    assert await rounds.fill_pools() == Swept(23)
    assert await rounds.fill_pools() == Swept(0)


async def test_operators_hear_of_a_pool_that_is_too_small_for_those_on_their_way(
    office: Office, caplog: pytest.LogCaptureFixture
) -> None:
    await office.coupon(pool=["ONE-AAA", "TWO-BBB"])
    await office.journey("giving", steps=[{"wait": "1d"}, {"send": "gift", "coupon": "ten"}])
    order = await office.enters("u0", journey="giving")
    await office.sending().send(gift(order))
    for number in (1, 2):
        await office.enters(f"u{number}", f"u{number}@example.org", journey="giving")
    await CouponRounds(office.database).fill_pools()
    assert [record.getMessage() for record in caplog.records if "coupon" in record.getMessage()] == [
        "coupon ten: 1 left for 2 people on their way to a code"
    ]


async def test_a_letter_without_a_coupon_may_not_read_one(office: Office) -> None:
    receipt = await office.sending().send(gift(await office.enters(), coupon=None))
    assert receipt.outcome == "render_failed"
