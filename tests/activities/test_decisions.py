"""Branches and local times, decided by what the database knows at that moment."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from pydantic import TypeAdapter

from activities.decisions import Answer, Appointment, Decisions, Question
from rules.clocks import LocalTime, Moment
from rules.conditions import Condition
from rules.decisions import Verdict
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


async def test_a_number_that_no_program_reads_stops_nobody(office: Office, decisions: Decisions) -> None:
    enrolment = (await office.enters()).enrolment
    await office.happens("Identified", traits={"points": 1e30})
    many = ASK.validate_python({"trait": "points", "gt": 5})
    assert await decisions.decide(Question(enrolment, (many,), NOW, "branch")) == Answer(case=0)
    assert await office.decisions("branch") == [("case 1 held", 'points is over 5: yes, it is "1.00000000000000E+30"')]


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
    assert moment.at is not None
    assert (moment.zone, moment.at.astimezone(UTC).hour) == (zone, hour)


async def test_the_way_of_a_branch_is_noted_once_with_what_was_asked(office: Office, decisions: Decisions) -> None:
    enrolment = (await office.enters()).enrolment
    for _ in range(2):
        await decisions.decide(Question(enrolment, (GOLD, ANYBODY), NOW, "branch", 1))
    row = await office.row("SELECT verdict, reason, step, version, journey, facts FROM decisions WHERE kind = 'branch'")
    assert (row["verdict"], row["step"], row["version"], row["journey"]) == ("case 2 held", "branch", 1, "tried")
    assert row["reason"] == 'first_name is known: yes, it is "Anna-Maria"'
    assert row["facts"]["conditions"] == [
        {"case": 1, "words": 'plan is "gold"', "held": False, "value": None},
        {"case": 2, "words": "first_name is known", "held": True, "value": "Anna-Maria"},
    ]


async def test_that_no_case_held_is_noted_with_what_failed(office: Office, decisions: Decisions) -> None:
    enrolment = (await office.enters()).enrolment
    await decisions.decide(Question(enrolment, (GOLD, BOUGHT), NOW, "branch", 1))
    row = await office.row("SELECT verdict, reason FROM decisions WHERE kind = 'branch'")
    assert row["verdict"] == "no case held"
    assert row["reason"].startswith('plan is "gold": no')
    assert "Order Completed" in row["reason"]


async def test_a_wait_is_told_when_time_alone_may_change_the_answer(office: Office, decisions: Decisions) -> None:
    enrolment = (await office.enters()).enrolment
    since = ASK.validate_python({"not": {"event": "Signed Up", "within": "30d"}})
    asked = Question(enrolment, (since, GOLD), datetime.now(UTC) + timedelta(seconds=1), "for", 1, "wait")
    answer = await decisions.decide(asked)
    assert answer.case is None
    assert answer.look is not None
    assert timedelta(days=29) < answer.look - NOW < timedelta(days=31)
    assert (await decisions.decide(replace(asked, now=answer.look))).case == 0
    assert (await decisions.decide(replace(asked, conditions=(GOLD,)))).look is None
    assert await office.decisions("branch") == []


async def test_what_no_event_tells_of_is_looked_at_again_soon(office: Office, decisions: Decisions) -> None:
    enrolment = (await office.enters()).enrolment
    out = ASK.validate_python({"not": {"in_journey": "tried"}})
    answer = await decisions.decide(Question(enrolment, (out,), NOW, "for", 1, "wait"))
    assert answer == Answer(look=NOW + timedelta(hours=1))


async def test_the_verdicts_of_the_run_are_recorded_with_the_answer(office: Office, decisions: Decisions) -> None:
    enrolment = (await office.enters()).enrolment
    verdicts = [Verdict(1, "wait-1h", "wait", "over", NOW, "1 hour over")]
    for _ in range(2):
        await decisions.decide(Question(enrolment, (GOLD,), NOW, "branch", 1, verdicts=verdicts))
    await decisions.locate(Appointment(enrolment, AT_NINE, NOW, [replace(verdicts[0], number=2)]))
    assert await office.decisions("wait") == [("over", "1 hour over")] * 2


MOMENT: TypeAdapter[Moment] = TypeAdapter(Moment)


@pytest.mark.parametrize(
    ("timezone", "local", "expected"),
    [
        (None, {"trait": "trial_ends"}, "2026-12-09T22:00"),
        (None, {"trait": "trial_ends", "offset": "-3d", "time": "09:00"}, "2026-12-07T07:00"),
        ("America/Los_Angeles", {"trait": "trial_ends", "time": "09:00"}, "2026-12-10T17:00"),
        ("America/Los_Angeles", {"trait": "trial_ends", "time": "09:00", "zone": "UTC"}, "2026-12-10T09:00"),
        (None, {"property": "shop"}, None),
        (None, {"property": "departure"}, None),
        (None, {"trait": "first_name"}, None),
    ],
)
async def test_a_date_is_found_on_the_contact_or_there_is_none(
    office: Office, decisions: Decisions, timezone: str | None, local: object, expected: str | None
) -> None:
    enrolment = (await office.enters()).enrolment
    await office.happens("Identified", traits={"timezone": timezone, "trial_ends": "2026-12-10"})
    moment = await decisions.locate(Appointment(enrolment, MOMENT.validate_python(local), NOW))
    assert moment.at == (datetime.fromisoformat(expected).replace(tzinfo=UTC) if expected else None)
