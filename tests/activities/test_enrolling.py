"""One journey has the contact enter another one."""

from datetime import UTC, datetime

from activities.enrolling import Admission, Admitted, Enrolling
from activities.orders import LetterOrder
from store import enrolments, journeys
from tests.activities.office import Office

REQUESTS = "SELECT message_id, properties FROM events WHERE name = 'Enrolment Requested' ORDER BY seq"


def admission(order: LetterOrder, iteration: int = 1) -> Admission:
    return Admission(order.enrolment, "nurture", iteration, "nurture", datetime.now(UTC))


async def test_the_other_journey_is_requested_once_with_what_this_one_began_with(office: Office) -> None:
    order, enrolling = await office.enters(), Enrolling(office.database)
    for iteration in (1, 1, 2):
        assert await enrolling.enrol(admission(order, iteration)) == Admitted()
    requests = await office.rows(REQUESTS)
    assert [row["message_id"] for row in requests] == [f"{order.enrolment}/nurture/{number}" for number in (1, 2)]
    assert requests[0]["properties"] == {"shop": "s1", "journey": "nurture", "from": "tried"}
    assert await office.decisions("enrol") == [("requested", None)] * 2


async def test_a_paused_journey_requests_nothing_and_one_that_is_over_neither(office: Office) -> None:
    order, enrolling = await office.enters(), Enrolling(office.database)
    async with office.database.transaction() as session:
        await journeys.pause(session, "tried")
    assert await enrolling.enrol(admission(order)) == Admitted(held=True)
    async with office.database.transaction() as session:
        await enrolments.end(session, order.enrolment, "merged", order.now)
    assert await enrolling.enrol(admission(order)) == Admitted()
    assert await office.rows(REQUESTS) == []
