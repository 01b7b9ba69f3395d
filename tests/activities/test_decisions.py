"""Branches and local times, decided by what the database knows at that moment."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from pydantic import TypeAdapter

from activities.decisions import Answer, Appointment, Decisions, Question
from rules.clocks import LocalTime
from rules.conditions import Condition
from store import journeys
from tests.activities.office import Office

NOW = datetime.now(UTC)
ASK: TypeAdapter[Condition] = TypeAdapter(Condition)
GOLD = ASK.validate_python({"trait": "plan", "is": "gold"})
BOUGHT = ASK.validate_python({"event": "Order Completed", "times": {"at_least": 2}})
ANYBODY = ASK.validate_python({"trait": "first_name", "exists": True})


@pytest.fixture
def decisions(office: Office) -> Decisions:
    return Decisions(office.database, "Europe/Mariehamn")


async def test_the_first_case_that_holds_is_the_answer(office: Office, decisions: Decisions) -> None:
    enrolment = (await office.enters()).enrolment
    assert await decisions.decide(Question(enrolment, (GOLD, ANYBODY), NOW)) == Answer(case=1)
    await office.happens("Identified", traits={"plan": "gold"})
    assert await decisions.decide(Question(enrolment, (GOLD, ANYBODY), NOW)) == Answer(case=0)


async def test_no_case_is_an_answer_too(office: Office, decisions: Decisions) -> None:
    enrolment = (await office.enters()).enrolment
    assert await decisions.decide(Question(enrolment, (GOLD,), NOW)) == Answer(case=None)


async def test_events_count_that_the_run_was_not_told_of_yet(office: Office, decisions: Decisions) -> None:
    enrolment = (await office.enters()).enrolment
    for expected in (None, None, 0):
        now = datetime.now(UTC) + timedelta(seconds=1)
        assert await decisions.decide(Question(enrolment, (BOUGHT,), now)) == Answer(case=expected)
        await office.happens("Order Completed")


async def test_a_paused_journey_decides_nothing_and_holds_the_run(office: Office, decisions: Decisions) -> None:
    enrolment = (await office.enters()).enrolment
    async with office.database.transaction() as session:
        await journeys.pause(session, "tried")
    assert await decisions.decide(Question(enrolment, (ANYBODY,), NOW)) == Answer(held=True)
    assert (await office.row("SELECT status FROM enrolments"))["status"] == "held"


async def test_an_enrolment_that_is_not_there_is_an_error(decisions: Decisions) -> None:
    with pytest.raises(LookupError):
        await decisions.decide(Question(uuid4(), (ANYBODY,), NOW))


AT_NINE = LocalTime.model_validate({"time": "09:00"})
MIDNIGHT = datetime(2026, 6, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("timezone", "local", "zone", "hour"),
    [
        ("Asia/Tokyo", AT_NINE, "Asia/Tokyo", 0),
        (None, AT_NINE, "Europe/Mariehamn", 6),
        ("Atlantis/Capital", AT_NINE, "Europe/Mariehamn", 6),
        (["Asia/Tokyo"], AT_NINE, "Europe/Mariehamn", 6),
        ("Asia/Tokyo", LocalTime.model_validate({"time": "09:00", "zone": "UTC"}), "UTC", 9),
    ],
)
async def test_a_local_time_is_the_contacts_else_the_shops(
    office: Office, decisions: Decisions, timezone: object, local: LocalTime, zone: str, hour: int
) -> None:
    enrolment = (await office.enters()).enrolment
    await office.happens("Identified", traits={"timezone": timezone})
    moment = await decisions.locate(Appointment(enrolment, local, MIDNIGHT - timedelta(minutes=1)))
    assert (moment.zone, moment.at.astimezone(UTC).hour) == (zone, hour)
