"""Our own table of enrolments is kept true to what runs do."""

from datetime import UTC, datetime

from activities.enrolments import Ending, Enrolments, Moved, Standing
from rules.decisions import Verdict
from rules.journey import Journey
from store import journeys
from tests.activities.office import JOURNEY, Office, delayed, ordered
from tests.mail.fault_smtp import Act, Fault, Phase

NOW = datetime.now(UTC)


async def test_the_end_is_recorded_once_and_cancels_what_was_claimed(office: Office) -> None:
    order, activities = await office.enters(), Enrolments(office.database)
    office.server.fault = Fault(Phase.MAIL, Act.ANSWER, b"451 4.3.0 not now")
    await delayed(office.sending(), order)
    await activities.finish(Ending(order.enrolment, "Order Completed", NOW))
    await activities.finish(Ending(order.enrolment, "completed", datetime.now(UTC)))
    row = await office.row("SELECT status, reason, ended_at FROM enrolments")
    assert row == {"status": "ended", "reason": "Order Completed", "ended_at": NOW}
    message = await office.message()
    assert (message["state"], message["reason"], message["raw"]) == ("cancelled", "Order Completed", None)


async def test_a_run_stands_as_it_says_until_it_is_over(office: Office) -> None:
    order, activities = await office.enters(), Enrolments(office.database)
    await activities.stand(Standing(order.enrolment, "paused"))
    assert (await office.row("SELECT status FROM enrolments"))["status"] == "paused"
    await activities.finish(Ending(order.enrolment, "completed", NOW))
    await activities.stand(Standing(order.enrolment, "active"))
    assert (await office.row("SELECT status FROM enrolments"))["status"] == "ended"


async def test_the_version_that_a_run_goes_on_with_is_recorded_and_a_refusal_changes_nothing(office: Office) -> None:
    order, activities = await office.enters(), Enrolments(office.database)
    async with office.database.transaction() as session:
        await journeys.publish(session, Journey.model_validate(JOURNEY | {"title": "Another version"}))
    refused = [Verdict(1, "hello", "migrated", "refused", NOW, "version 2 has no step 'hello'")]
    await activities.move(Moved(order.enrolment, None, refused))
    assert (await office.row("SELECT version FROM enrolments"))["version"] == 1
    moved = [Verdict(2, "hello", "migrated", "version 1 to 2", NOW, "at hello")]
    for _ in range(2):
        await activities.move(Moved(order.enrolment, 2, moved))
    assert (await office.row("SELECT version FROM enrolments"))["version"] == 2
    assert await office.decisions("migrated") == [
        ("refused", "version 2 has no step 'hello'"),
        ("version 1 to 2", "at hello"),
    ]


async def test_a_letter_that_the_new_version_leaves_behind_is_cancelled_and_one_that_it_keeps_is_not(
    office: Office,
) -> None:
    order, activities = await office.enters(), Enrolments(office.database)
    office.server.fault = Fault(Phase.MAIL, Act.ANSWER, b"451 4.3.0 not now")
    await delayed(office.sending(), order)
    await activities.move(Moved(order.enrolment, 1, at=order.step))
    assert (await office.message())["state"] == "claimed"
    for _ in range(2):
        await activities.move(Moved(order.enrolment, 1, at="another"))
    message = await office.message()
    assert (message["state"], message["reason"]) == ("cancelled", "left behind by a new version")
    assert (await office.row("SELECT status FROM enrolments"))["status"] == "active"
    assert await office.decisions("letter") == [("cancelled", "left behind by a new version")]


async def test_a_letter_that_waited_for_the_morning_does_not_wait_at_a_step_that_is_left(office: Office) -> None:
    await office.policy(quiet_hours={"from": "22:00", "to": "08:00"})
    night = datetime(2026, 11, 21, 21, 30, tzinfo=UTC)
    order, activities = ordered((await office.enters()).enrolment, now=night), Enrolments(office.database)
    await delayed(office.sending(), order)
    await activities.move(Moved(order.enrolment, 1, at=order.step))
    assert len(await office.rows("SELECT 1 FROM wishes")) == 1
    await activities.move(Moved(order.enrolment, 1, at="another"))
    assert await office.rows("SELECT 1 FROM wishes") == []


async def test_the_verdicts_of_a_run_are_recorded_with_its_end_and_the_ways_of_its_splits_kept(office: Office) -> None:
    order, activities = await office.enters(), Enrolments(office.database)
    verdicts = [Verdict(1, "trial", "split", "holdout", NOW), Verdict(2, "trial", "ended", "holdout", NOW)]
    for _ in range(2):
        await activities.finish(Ending(order.enrolment, "holdout", NOW, verdicts))
    assert await office.decisions("split") == [("holdout", None)]
    assert await office.decisions("ended") == [("holdout", None)]
    row = await office.row("SELECT ways, reason FROM enrolments")
    assert row == {"ways": {"trial": "holdout"}, "reason": "holdout"}
