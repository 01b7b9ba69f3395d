"""Quiet hours and caps, where letters are claimed: what leaves, what waits until when, and what is left out."""

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from activities.orders import LetterOrder, Receipt
from tests.activities.office import Office, delayed, ordered, seconds
from tests.mail.fault_smtp import Act, Fault, Phase

NIGHT = datetime(2026, 11, 21, 21, 30, tzinfo=UTC)  # 23:30 in Mariehamn
DAY = datetime(2026, 11, 21, 10, 0, tzinfo=UTC)
QUIET = {"from": "22:00", "to": "08:00"}
FULL = "no room: 1 marketing letter in 1 day"


def cap(at_most: int = 1, per: str = "1d", **more: str) -> dict[str, Any]:
    return {"at_most": at_most, "per": per, **more}


def at(order: LetterOrder, now: datetime, **changes: Any) -> LetterOrder:
    """The same order, attempted at this moment: as the activity hands it on, less time to live is left then."""
    return replace(order, now=now, ttl=order.ttl - (now - order.now), **changes)


async def test_a_marketing_letter_waits_for_the_end_of_quiet_hours(office: Office) -> None:
    await office.policy(quiet_hours=QUIET)
    order = ordered((await office.enters()).enrolment, now=NIGHT)
    morning = datetime(2026, 11, 22, 6, 0, tzinfo=UTC)
    error = await delayed(office.sending(), order)
    assert (str(error), seconds(error)) == ("LetterDelayed: quiet hours 22:00 to 08:00", 8.5 * 3600)
    assert await office.decisions() == [("deferred", "quiet hours 22:00 to 08:00")]
    assert await office.sending().send(at(order, morning)) == Receipt("sent")
    assert await office.decisions() == [("deferred", "quiet hours 22:00 to 08:00"), ("sent", None)]
    assert await office.rows("SELECT 1 FROM wishes") == []


async def test_quiet_hours_are_those_of_the_contact(office: Office) -> None:
    await office.policy(quiet_hours=QUIET)
    order = ordered((await office.enters()).enrolment, now=NIGHT)
    await office.happens("Identified", traits={"timezone": "America/Los_Angeles"})
    assert await office.sending().send(order) == Receipt("sent")


async def test_a_zone_that_does_not_exist_is_the_shops(office: Office) -> None:
    await office.policy(quiet_hours=QUIET)
    order = ordered((await office.enters()).enrolment, now=NIGHT)
    await office.happens("Identified", traits={"timezone": "Middle/Earth"})
    await delayed(office.sending(), order)


async def test_a_transactional_letter_heeds_neither_quiet_hours_nor_caps(office: Office) -> None:
    await office.policy(quiet_hours=QUIET, caps=cap())
    order, sending = await office.enters(), office.sending()
    for number in (1, 2):
        letter = ordered(order.enrolment, letter="receipt", message_class="transactional", topic=None, now=NIGHT,
                         iteration=number)  # fmt: skip
        assert await sending.send(letter) == Receipt("sent")


async def test_a_journey_may_leave_letters_out_in_quiet_hours(office: Office) -> None:
    await office.policy(quiet_hours=QUIET)
    await office.journey("hasty", in_quiet_hours="skip")
    order = ordered((await office.enters(journey="hasty")).enrolment, now=NIGHT)
    assert await office.sending().send(order) == Receipt("capped", "quiet hours 22:00 to 08:00")
    assert await office.decisions() == [("capped", "quiet hours 22:00 to 08:00")]


async def test_a_letter_over_the_cap_waits_exactly_until_there_is_room(office: Office) -> None:
    await office.policy(caps=cap())
    order, sending = await office.enters(), office.sending()
    first, second = (ordered(order.enrolment, now=DAY, iteration=number) for number in (1, 2))
    assert await sending.send(first) == Receipt("sent")
    left = (await office.message())["paced_at"]
    three_later = at(second, DAY + timedelta(hours=3))
    error = await delayed(sending, three_later)
    assert str(error) == f"LetterDelayed: {FULL}"
    assert seconds(error) == pytest.approx((left + timedelta(days=1) - three_later.now).total_seconds(), abs=0.001)
    assert await sending.send(at(second, left + timedelta(days=1))) == Receipt("sent")


async def test_being_deferred_does_not_use_up_the_letters_time_to_live(office: Office) -> None:
    await office.policy(caps=cap())
    order, sending = await office.enters(), office.sending()
    await sending.send(ordered(order.enrolment, now=DAY))
    second = ordered(order.enrolment, now=DAY, iteration=2, ttl=timedelta(minutes=10))
    await delayed(sending, second)
    office.server.fault = Fault(Phase.MAIL, Act.ANSWER, b"451 4.3.0 not now")
    later = DAY + timedelta(days=1, seconds=1)
    await delayed(sending, at(second, later))
    office.server.fault = None
    assert await sending.send(at(second, later + timedelta(minutes=9))) == Receipt("sent")


async def test_what_is_left_of_its_time_still_runs_out(office: Office) -> None:
    await office.policy(caps=cap())
    order, sending = await office.enters(), office.sending()
    await sending.send(ordered(order.enrolment, now=DAY))
    second = ordered(order.enrolment, now=DAY, iteration=2, ttl=timedelta(minutes=10))
    await delayed(sending, second)
    office.server.fault = Fault(Phase.MAIL, Act.ANSWER, b"451 4.3.0 not now")
    later = DAY + timedelta(days=1, seconds=1)
    await delayed(sending, at(second, later))
    receipt = await sending.send(at(second, later + timedelta(minutes=11)))
    assert receipt.outcome == "expired"


async def test_a_letter_that_would_have_to_wait_for_more_than_a_week_is_left_out(office: Office) -> None:
    await office.policy(caps=cap(per="30d"))
    order, sending = await office.enters(), office.sending()
    await sending.send(ordered(order.enrolment, now=DAY))
    receipt = await sending.send(ordered(order.enrolment, now=DAY + timedelta(minutes=1), iteration=2))
    assert receipt == Receipt("capped", "no room: 1 marketing letter in 30 days, and not before 2026-12-21 10:00 UTC")


async def test_a_journey_may_leave_letters_out_when_there_is_no_room(office: Office) -> None:
    await office.policy(caps=cap())
    await office.journey("modest", when_capped="skip")
    order, sending = await office.enters(journey="modest"), office.sending()
    await sending.send(ordered(order.enrolment))
    assert await sending.send(ordered(order.enrolment, iteration=2)) == Receipt("capped", FULL)
    message = await office.row("SELECT state, reason, facts FROM messages WHERE send_key LIKE '%/2'")
    assert (message["state"], message["reason"]) == ("capped", FULL)
    assert message["facts"]["caps"] == ["1 of 1 marketing letter in 1 day"]


async def test_a_cap_on_a_topic_counts_letters_about_it_alone(office: Office) -> None:
    await office.policy(caps=cap(topic="news"))
    order, sending = await office.enters(), office.sending()
    await office.consents("news", granted=True)
    about_news = ordered(order.enrolment, topic="news", step="news")
    assert await sending.send(about_news) == Receipt("sent")
    assert await sending.send(order) == Receipt("sent")
    await delayed(sending, replace(about_news, iteration=2))


async def test_what_did_not_leave_does_not_count(office: Office) -> None:
    await office.policy(caps=cap())
    order, sending = await office.enters(), office.sending()
    assert (await sending.send(ordered(order.enrolment, letter="broken"))).outcome == "render_failed"
    assert await sending.send(ordered(order.enrolment, iteration=2)) == Receipt("sent")


async def test_a_letter_that_may_still_leave_counts_however_old_it_is(office: Office) -> None:
    await office.policy(caps=cap())
    order, sending = await office.enters(), office.sending()
    office.server.fault = Fault(Phase.MAIL, Act.ANSWER, b"451 4.3.0 not now")
    await delayed(sending, ordered(order.enrolment, now=DAY, ttl=timedelta(days=9)))
    office.server.fault = None
    second = ordered(order.enrolment, now=DAY + timedelta(days=3), iteration=2)
    assert seconds(await delayed(sending, second)) == 60  # nobody knows yet whether there will be room


async def test_a_letter_that_is_tried_again_keeps_its_place(office: Office) -> None:
    await office.policy(caps=cap())
    order, sending = await office.enters(), office.sending()
    office.server.fault = Fault(Phase.MAIL, Act.ANSWER, b"451 4.3.0 not now")
    await delayed(sending, order)
    office.server.fault = None
    await delayed(sending, ordered(order.enrolment, iteration=2))
    assert await sending.send(order) == Receipt("sent")


async def test_quiet_hours_that_begin_while_the_body_travels_withhold_the_dot(office: Office) -> None:
    await office.policy(quiet_hours=QUIET)
    evening = datetime(2026, 11, 21, 19, 59, 59, 700_000, tzinfo=UTC)
    order, relay = ordered((await office.enters()).enrolment, now=evening), office.relay()
    relay.meddle = lambda: asyncio.sleep(0.4)
    sending = office.sending(relay)
    assert str(await delayed(sending, order)) == "LetterDelayed: withheld at the last look"
    assert office.server.taken == []
    error = await delayed(sending, at(order, evening + timedelta(seconds=1)))
    assert str(error) == "LetterDelayed: quiet hours 22:00 to 08:00"
    assert await sending.send(at(order, datetime(2026, 11, 22, 6, 0, tzinfo=UTC))) == Receipt("sent")


async def test_a_new_policy_holds_at_once(office: Office) -> None:
    order, sending = await office.enters(), office.sending()
    assert await sending.send(ordered(order.enrolment)) == Receipt("sent")
    await office.policy(caps=cap())
    await delayed(sending, ordered(order.enrolment, iteration=2))
    await office.policy(caps=cap(2))
    assert await sending.send(ordered(order.enrolment, iteration=2)) == Receipt("sent")


async def test_what_a_letter_rested_on_is_noted_with_it(office: Office) -> None:
    await office.policy(quiet_hours=QUIET, caps=[cap(3), cap(9, "7d")])
    order = ordered((await office.enters()).enrolment, now=DAY)
    await office.sending().send(order)
    row = await office.row("SELECT facts, key, step, version, kind FROM decisions WHERE verdict = 'sent'")
    assert row["facts"] == {
        "consent": "subscribed to offers",
        "clock": "Sat 12:00 in Europe/Mariehamn",
        "caps": ["0 of 3 marketing letters in 1 day", "0 of 9 marketing letters in 1 week"],
    }
    assert (row["key"], row["step"], row["version"]) == (f"{order.send_key}/sent", "hello", 1)


async def test_deferring_again_for_the_same_reason_is_noted_once(office: Office) -> None:
    await office.policy(quiet_hours=QUIET)
    order, sending = ordered((await office.enters()).enrolment, now=NIGHT), office.sending()
    for minutes in range(3):
        await delayed(sending, at(order, NIGHT + timedelta(minutes=minutes)))
    assert len(await office.decisions()) == 1


async def test_a_merge_of_two_contacts_does_not_exceed_the_cap(office: Office) -> None:
    await office.policy(caps=cap())
    relay = office.relay()
    order = await office.enters()
    row = await office.row("SELECT id FROM contacts")
    office.server.fault = Fault(Phase.MAIL, Act.ANSWER, b"451 4.3.0 not now")
    sending = office.sending(relay)
    await delayed(sending, order)
    await office.journey("other")
    other = await office.enters("u2", "berit@example.org", journey="other")
    await delayed(sending, other)
    # Both are claimed; then the two contacts turn out to be one.
    await office.run("UPDATE messages SET contact_id = :one", one=row["id"])
    await office.run("UPDATE enrolments SET contact_id = :one", one=row["id"])
    office.server.fault = None
    assert seconds(await delayed(sending, other)) == 60
    assert await sending.send(order) == Receipt("sent")
    assert str(await delayed(sending, other)) == f"LetterDelayed: {FULL}"
    assert len(office.server.taken) == 1
