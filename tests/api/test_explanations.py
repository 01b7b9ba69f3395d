"""Why, over HTTP."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from rules.decisions import Noted
from store.decisions import note
from tests.api.inside import Shop, enrol, known_contact, write


async def test_a_letter_is_explained_with_the_decisions_behind_it(shop: Shop) -> None:
    client, database = shop
    contact = await known_contact(client, "explained")
    enrolment = await enrol(database, contact)
    written = await write(database, enrolment, 0, "capped", "1 letter a day")
    decided = Noted(
        None, datetime.now(UTC), UUID(contact), "welcome", "letter", "capped", "1 letter a day", enrolment.id, 1, "s",
        {"sent": 1},
    )  # fmt: skip
    async with database.transaction() as session:
        written.letter = "letter"
        written.settled_at = written.created_at
        await session.merge(written)
        await note(session, [decided])
    path = f"/v1/admin/contacts/{contact}/explanations"
    (answer,) = (await client.get(path, params={"journey": "welcome", "letter": "letter"})).json()
    assert answer["answer"] == "not sent: capped, 1 letter a day (2026-11-21 09:30 UTC)"
    (decision,) = answer["decisions"]
    assert (decision["kind"], decision["verdict"], decision["facts"]) == ("letter", "capped", {"sent": 1})
    every = (await client.get(path)).json()
    assert {one["journey"] for one in every} == {"review", "welcome"}


async def test_what_cannot_be_explained_is_not_found(shop: Shop) -> None:
    client, _ = shop
    contact = await known_contact(client, "unexplained")
    path = f"/v1/admin/contacts/{contact}/explanations"
    for asked, message in (({"journey": "none"}, "there is no journey none"), ({"letter": "x"}, "no journey sends")):
        answer = await client.get(path, params=asked)
        assert answer.status_code == 404
        assert message in answer.json()["error"]["message"]
    assert (await client.get(f"/v1/admin/contacts/{uuid4()}/explanations")).status_code == 404
    assert (await client.get(path, headers={"Authorization": "Bearer wrong"})).status_code == 401


async def test_the_results_of_a_journey_are_counted(shop: Shop) -> None:
    client, _ = shop
    first, *_ = (await client.get("/v1/admin/journeys/review/results")).json()
    assert first == {"split": "", "way": "all", "entered": 0, "reached": 0}
    assert (await client.get("/v1/admin/journeys/none/results")).status_code == 404
