"""Our own table of enrolments is kept true to what runs do."""

from datetime import UTC, datetime

from activities.enrolments import Ending, Enrolments, Standing
from tests.activities.office import Office, delayed
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
