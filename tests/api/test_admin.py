"""What operators see and steer."""

from uuid import uuid4

import httpx2
from temporalio.client import Client as Temporal

from store.models import Attempt
from tests.api.inside import AT, TEMPORAL_UI, WRITER, Shop, enrol, known_contact, write
from tests.api.serving import running
from tests.store.happening import rows, value


async def test_a_contact_is_found_by_every_name(shop: Shop) -> None:
    client, _ = shop
    contact = await known_contact(client, "found")
    by_email = await client.get("/v1/admin/contacts", params={"email": "FOUND@shop.example"})
    by_id = await client.get(f"/v1/admin/contacts/{contact}")
    assert by_email.json() == by_id.json()
    assert by_id.json()["traits"] == {"email": "found@shop.example"}
    assert by_id.json()["identities"] == [
        {"kind": "user", "value": "found"},
        {"kind": "email", "value": "found@shop.example"},
    ]


async def test_what_is_not_there_is_not_found(shop: Shop) -> None:
    client, _ = shop
    for path in ("", "/enrolments", "/events", "/messages"):
        assert (await client.get(f"/v1/admin/contacts/{uuid4()}{path}")).status_code == 404
    assert (await client.get("/v1/admin/contacts", params={"userId": "nobody"})).status_code == 404
    assert (await client.get("/v1/admin/contacts")).status_code == 422
    assert (await client.get("/v1/admin/contacts/no-uuid")).json()["error"]["details"][0]["path"] == "contact"
    for path in (f"enrolments/{uuid4()}/end", "journeys/none/pause", "journeys/none/resume"):
        assert (await client.post(f"/v1/admin/{path}")).status_code == 404


async def test_a_merged_contact_is_shown_as_the_one_it_became(shop: Shop) -> None:
    client, _ = shop
    for body in ({"anonymousId": "mx"}, {"userId": "mu"}):
        await client.post("/v1/events", json={"event": "Cart Viewed"} | body, auth=WRITER)
    gone = (await client.get("/v1/admin/contacts", params={"anonymousId": "mx"})).json()["id"]
    await client.post("/v1/events", json={"event": "Cart Viewed", "userId": "mu", "anonymousId": "mx"}, auth=WRITER)
    survivor = (await client.get("/v1/admin/contacts", params={"userId": "mu"})).json()
    assert (await client.get(f"/v1/admin/contacts/{gone}")).json() == survivor
    assert len((await client.get(f"/v1/admin/contacts/{gone}/events")).json()["items"]) == 3


async def test_events_are_paged_from_the_latest_on(shop: Shop) -> None:
    client, _ = shop
    contact = await known_contact(client, "paged")
    listed = [{"event": "Cart Viewed", "userId": "paged", "properties": {"n": n}} for n in range(4)]
    await client.post("/v1/events", json=listed, auth=WRITER)
    seen, before = [], None
    while True:
        params = {"limit": "2"} | ({"before": before} if before else {})
        page = (await client.get(f"/v1/admin/contacts/{contact}/events", params=params)).json()
        seen += [event["properties"].get("n") for event in page["items"]]
        if (before := page["next"]) is None:
            break
    assert seen == [3, 2, 1, 0, None]


async def test_enrolments_link_into_the_temporal_ui_and_are_paged(shop: Shop) -> None:
    client, database = shop
    contact = await known_contact(client, "enrolled")
    for age in range(3):
        await enrol(database, contact, status="ended", age=age, key=f"o {age}")
    first = (await client.get(f"/v1/admin/contacts/{contact}/enrolments", params={"limit": 2})).json()
    assert [row["key"] for row in first["items"]] == ["o 0", "o 1"]
    assert first["items"][0]["temporal_ui"] == (
        f"http://127.0.0.1:8233/namespaces/default/workflows/journey%2Fwelcome%2F{contact}%2Fo%200"
    )
    params = {"limit": 2, "before": first["next"]}
    second = (await client.get(f"/v1/admin/contacts/{contact}/enrolments", params=params)).json()
    assert ([row["key"] for row in second["items"]], second["next"]) == (["o 2"], None)
    for wrong in ("x", "AAAA", "%00"):
        answer = await client.get(f"/v1/admin/contacts/{contact}/enrolments", params={"before": wrong})
        assert (answer.status_code, answer.json()["error"]["details"][0]["path"]) == (422, "before")


async def test_every_letter_is_told_with_its_reason_and_attempts(shop: Shop) -> None:
    client, database = shop
    contact = await known_contact(client, "written")
    enrolment = await enrol(database, contact, status="ended")
    sent_one = await write(database, enrolment, 0, "sent", None)
    await write(database, enrolment, 1, "unsubscribed", "never subscribed to offers")
    tried = Attempt(id=uuid4(), message=sent_one.id, number=1, began_at=AT, outcome="accepted", code=250, text="ok")
    async with database.transaction() as session:
        session.add(tried)
    page = (await client.get(f"/v1/admin/contacts/{contact}/messages", params={"limit": 1})).json()
    assert [(row["state"], row["reason"]) for row in page["items"]] == [("unsubscribed", "never subscribed to offers")]
    params = {"limit": 1, "before": page["next"]}
    (sent,) = (await client.get(f"/v1/admin/contacts/{contact}/messages", params=params)).json()["items"]
    assert sent["state"] == "sent"
    assert [(tried["number"], tried["outcome"], tried["code"]) for tried in sent["attempts"]] == [(1, "accepted", 250)]
    assert sent["temporal_ui"] == f"{TEMPORAL_UI}/journey%2Fwelcome%2F{contact}"


async def test_journeys_are_listed_with_who_is_inside_and_held_when_paused(
    shop: Shop, temporal_client: Temporal
) -> None:
    client, database = shop
    for n, status in enumerate(("active", "active", "held", "ended")):
        await enrol(database, await known_contact(client, f"inside-{n}"), status=status)
    review, welcome = (await client.get("/v1/admin/journeys")).json()
    assert (review["name"], review["live_version"], review["inside"]) == ("review", 1, {})
    assert (welcome["inside"], welcome["paused_at"]) == ({"active": 2, "held": 1}, None)
    assert (await client.post("/v1/admin/journeys/welcome/pause")).json()["paused_at"] is not None
    assert (await client.post("/v1/admin/journeys/welcome/resume")).json()["paused_at"] is None
    sweep = await temporal_client.get_workflow_handle("release/welcome").describe()
    assert sweep.workflow_type == "ReleaseHeld"
    await temporal_client.get_workflow_handle("release/welcome").terminate()


async def test_one_run_is_paused_resumed_and_ended_by_signals(shop: Shop, temporal_client: Temporal) -> None:
    client, database = shop
    enrolment = await enrol(database, await known_contact(client, "steered"))
    handle = await temporal_client.start_workflow("Journey", id=enrolment.workflow_id, task_queue="nobody-works-here")
    for verb in ("pause", "resume", "end"):
        answer = await client.post(f"/v1/admin/enrolments/{enrolment.id}/{verb}", json={"reason": "asked for"})
        assert (answer.status_code, answer.json()["id"]) == (202, str(enrolment.id))
    history = await handle.fetch_history()
    signals = [
        event.workflow_execution_signaled_event_attributes.signal_name
        for event in history.events
        if event.HasField("workflow_execution_signaled_event_attributes")
    ]
    assert signals == ["pause", "resume", "exit"]
    await handle.terminate()
    assert (await client.post(f"/v1/admin/enrolments/{enrolment.id}/end")).status_code == 409


async def test_a_run_that_is_over_cannot_be_steered(shop: Shop) -> None:
    client, database = shop
    over = await enrol(database, await known_contact(client, "over"), status="ended")
    answer = await client.post(f"/v1/admin/enrolments/{over.id}/pause")
    assert (answer.status_code, answer.json()["error"]["code"]) == (409, "conflict")


async def test_while_temporal_is_away_steering_says_so(shop: Shop) -> None:
    client, database = shop
    enrolment = await enrol(database, await known_contact(client, "steered-later"))
    with running(database.url) as without:
        async with httpx2.AsyncClient(base_url=without.url, headers=client.headers, timeout=30) as operator:
            for path in (f"enrolments/{enrolment.id}/end", "journeys/welcome/resume"):
                answer = await operator.post(f"/v1/admin/{path}")
                assert (answer.status_code, answer.json()["error"]["code"]) == (503, "temporal_unavailable")
                assert answer.headers["retry-after"] == "5"
            assert (
                await operator.post("/v1/events", json={"event": "X", "userId": "x"}, auth=WRITER)
            ).status_code == 202


async def test_an_enrolment_may_be_asked_for(shop: Shop) -> None:
    client, database = shop
    body = {"userId": "asked", "properties": {"order_id": "o1", "journey": "other"}, "messageId": "ask-1"}
    answer = await client.post("/v1/journeys/review/enrolments", json=body, auth=WRITER)
    assert (answer.status_code, answer.json()) == (202, {"accepted": ["ask-1"], "rejected": []})
    assert await rows(database, "SELECT name, properties FROM events WHERE message_id = 'ask-1'") == [
        ("Enrolment Requested", {"order_id": "o1", "journey": "review"})
    ]


async def test_only_a_live_journey_that_takes_requests_may_be_asked_for(shop: Shop) -> None:
    client, database = shop
    count = "SELECT count(*) FROM events WHERE name = 'Enrolment Requested'"
    before = await value(database, count)
    for journey, body, status in (
        ("none", {"userId": "u"}, 404),
        ("welcome", {"userId": "u"}, 409),
        ("review", {}, 422),
        ("review", {"userId": "u", "event": "X"}, 422),
        ("review", {"userId": "u", "properties": 1}, 422),
        ("review", [], 400),
    ):
        answer = await client.post(f"/v1/journeys/{journey}/enrolments", json=body, auth=WRITER)
        assert (journey, body, answer.status_code) == (journey, body, status)
    assert (await client.post("/v1/journeys/review/enrolments", json={"userId": "u"})).status_code == 401
    assert await value(database, count) == before
