"""A contact is erased while a run sleeps: the run ends, and neither database nor Temporal tell who it was."""

import base64
import re

from temporalio.client import WorkflowExecutionStatus

from tests.end_to_end.person import MUG, Person
from tests.end_to_end.running import Running, until

STREET, CITY = "Skeppsgatan 7 B", "Vargskärsby"


async def spelled(stack: Running, workflow: str) -> str:
    """Everything that a run's history says, its payloads read."""
    history = await (await stack.client()).get_workflow_handle(workflow).fetch_history()
    written = history.to_json()
    payloads = [base64.b64decode(each).decode(errors="replace") for each in re.findall(r'"data":\s*"([^"]+)"', written)]
    assert payloads
    return "\n".join([written, *payloads])


async def stored(stack: Running) -> str:
    """Everything that the database says."""
    tables = await stack.rows("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
    told = [await stack.rows(f'SELECT to_jsonb(t)::text AS row FROM "{each["tablename"]}" t') for each in tables]
    return "\n".join(str(row["row"]) for table in told for row in table)


async def test_a_sleeping_run_ends_when_its_contact_is_erased_and_nobody_can_tell_who_it_was(
    shop_stack: Running, person: Person
) -> None:
    await person.comes(street=STREET, city=CITY)
    await person.gets("welcome-thanks")
    await person.does("Product Added", cart_id="c-1", **MUG)
    await person.enters("cart-abandonment")
    found = await shop_stack.admin("GET", f"/v1/admin/contacts?userId={person.user}")
    inside = "SELECT workflow_id FROM enrolments WHERE contact_id = $1 AND status <> 'ended'"
    runs = [row["workflow_id"] for row in await shop_stack.rows(inside, found["id"])]
    assert {run.split("/")[1] for run in runs} >= {"cart-abandonment", "welcome"}
    personal = (person.user, person.address, STREET, CITY)
    before = await stored(shop_stack)
    assert [each for each in personal if each not in before] == []
    erased = await shop_stack.admin("DELETE", f"/v1/admin/contacts/{found['id']}")
    assert erased["runs"] == len(runs)
    client = await shop_stack.client()

    async def over() -> bool:
        states = [(await client.get_workflow_handle(each).describe()).status for each in runs]
        return WorkflowExecutionStatus.RUNNING not in states

    await until(over, "the runs of the erased contact end")
    for each in runs:
        told = await spelled(shop_stack, each)
        assert "erased" in told
        assert [word for word in (*personal, "Maja") if word in told] == []

    async def settled() -> bool:
        left = await stored(shop_stack)
        return not any(word in left for word in personal)

    await until(settled, "nothing is left of the erased contact")
    states = await shop_stack.rows("SELECT DISTINCT status, reason FROM enrolments WHERE contact_id = $1", found["id"])
    assert [tuple(row.values()) for row in states] == [("ended", "erased")]
    assert len(await shop_stack.mails(person.address)) == 1


async def test_who_comes_back_after_an_erasure_is_somebody_new(shop_stack: Running, person: Person) -> None:
    await person.comes()
    await person.gets("welcome-thanks")
    first = await shop_stack.admin("GET", f"/v1/admin/contacts?userId={person.user}")
    await shop_stack.admin("DELETE", f"/v1/admin/contacts/{first['id']}")
    await person.comes()
    await person.enters("welcome")
    second = await shop_stack.admin("GET", f"/v1/admin/contacts?userId={person.user}")
    assert second["id"] != first["id"]

    async def welcomed() -> bool:
        return len(await shop_stack.mails(person.address)) == 2

    await until(welcomed, "the new contact is welcomed")
