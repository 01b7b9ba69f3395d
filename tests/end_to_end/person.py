"""Somebody who shops, and all that can be seen of this person from outside: the mailbox and the admin endpoints."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from email import message_from_bytes
from email.message import Message
from typing import Any

from temporalio.testing import TimeSkipper

from tests.end_to_end.running import Running, until
from tests.end_to_end.shop_client import Call, Shop, identify, track
from workflows.journey import JourneyWorkflow

Row = dict[str, Any]

MUG: Row = {
    "product_id": "mug-birch",
    "name": "Birch mug",
    "price": 18.5,
    "quantity": 2,
    "currency": "EUR",
    "url": "https://shop.example/products/mug-birch",
}
THROW: Row = {**MUG, "product_id": "throw-wool", "name": "Wool throw", "price": 89.0, "quantity": 1}


@dataclass(frozen=True)
class Person:
    """One contact of the running stack."""

    stack: Running
    shop: Shop
    user: str

    @property
    def address(self) -> str:
        return f"{self.user}@shop.example"

    async def comes(self, *, subscribes: bool = True, **traits: object) -> None:
        """Become known, and subscribe to offers (which begins the journey `welcome`)."""
        consent = [track(self.user, "Subscribed", topic="offers")] if subscribes else []
        await self.shop.say(identify(self.user, email=self.address, first_name="Maja", **traits), *consent)

    async def does(self, event: str, **properties: object) -> Call:
        call = track(self.user, event, **properties)
        await self.shop.say(call)
        return call

    async def orders(self, order_id: str) -> Call:
        total = MUG["price"] * MUG["quantity"]
        return await self.does("Order Completed", order_id=order_id, total=total, currency="EUR", products=[MUG])

    async def forward(self, journey: str, way: timedelta, key: str = "") -> None:
        """Move this person's run forward in time, as `kundresa advance` does."""
        run = await self.enters(journey, key)
        client = await self.stack.client()
        await TimeSkipper(client).fast_forward(client.get_workflow_handle(run["workflow_id"]), way)

    async def enters(self, journey: str, key: str = "") -> Row:
        """This person's latest enrolment in a journey, as soon as there is one that Temporal knows of."""

        async def inside() -> bool:
            return bool(await self.enrolments(journey, key)) and await self.routed()

        await until(inside, f"{self.user} is in {journey}")
        return (await self.enrolments(journey, key))[0]

    async def routed(self) -> bool:
        """Whether the router has done everything that this person's events set going."""
        query = """SELECT 1 FROM outbox o JOIN identities i ON i.contact_id = o.contact_id
                   WHERE i.kind = 'user' AND i.value = $1"""
        return not await self.stack.rows(query, self.user)

    async def enrolments(self, journey: str, key: str = "") -> list[Row]:
        """This person's enrolments in a journey, the latest first."""
        return [row for row in await self._listed("enrolments") if (row["journey"], row["key"]) == (journey, key)]

    async def waits_until(self, journey: str, key: str = "") -> datetime:
        """The instant until which this person's run waits, as the run itself tells."""
        run = await self.enters(journey, key)
        handle = (await self.stack.client()).get_workflow_handle(run["workflow_id"])
        until = (await handle.query(JourneyWorkflow.state)).until
        assert until is not None
        return until

    async def stands(self, journey: str, status: str, reason: str | None = None, key: str = "") -> None:
        """Wait until the latest enrolment has this status, and fail when its reason is another one."""

        async def true() -> bool:
            return bool((await self.enters(journey, key))["status"] == status)

        await until(true, f"{self.user} is {status} in {journey}")
        assert (await self.enters(journey, key))["reason"] == reason

    async def events(self, name: str) -> list[Row]:
        """This person's events of a name, the latest first."""
        return [row for row in await self._listed("events") if row["name"] == name]

    async def messages(self) -> list[Row]:
        """Every letter to this person, sent or not, the oldest first."""
        return (await self._listed("messages"))[::-1]

    async def letters(self) -> list[str]:
        """The letters that the mailbox has for this person, by their names, in the order of arrival."""
        names = {row["message_id"]: row["letter"] for row in await self.messages()}
        return [names[mail["message_id"]] for mail in await self.stack.mails(self.address)]

    async def gets(self, letter: str) -> Message:
        """The mail, as soon as it is there."""

        async def there() -> bool:
            return letter in await self.letters()

        await until(there, f"{letter} comes to {self.user}")
        mails = await self.stack.mails(self.address)
        number = (await self.letters()).index(letter)
        source = await self.stack.mailbox.get(f"/messages/{mails[number]['id']}/source")
        return message_from_bytes(source.raise_for_status().content)

    async def settled(self, letter: str) -> Row:
        """The ledger's row of a letter, as soon as its fate is known."""

        async def known() -> bool:
            return any(row["letter"] == letter and row["settled_at"] for row in await self.messages())

        await until(known, f"{letter} to {self.user} is settled")
        return next(row for row in await self.messages() if row["letter"] == letter)

    async def tried(self, letter: str) -> Row:
        """The ledger's row of a letter that could not be sent yet, after the first attempt."""

        async def failed() -> bool:
            tries = [row["attempts"] for row in await self.messages() if row["letter"] == letter]
            return any(attempt["outcome"] for attempts in tries for attempt in attempts)

        await until(failed, f"{letter} to {self.user} is tried")
        return next(row for row in await self.messages() if row["letter"] == letter)

    async def refused(self, letter: str, state: str) -> Row:
        """The ledger's row of a letter that came to this state."""

        async def found() -> bool:
            return any((row["letter"], row["state"]) == (letter, state) for row in await self.messages())

        await until(found, f"{letter} to {self.user} is {state}")
        return next(row for row in await self.messages() if (row["letter"], row["state"]) == (letter, state))

    async def steer(self, journey: str, what: str, key: str = "") -> None:
        """End, pause or resume this person's enrolment, as an operator does."""
        run = await self.enters(journey, key)
        await self.stack.admin("POST", f"/v1/admin/enrolments/{run['id']}/{what}")

    async def _listed(self, what: str) -> list[Row]:
        found = await self.stack.admin("GET", f"/v1/admin/contacts?userId={self.user}")
        rows: list[Row] = (await self.stack.admin("GET", f"/v1/admin/contacts/{found['id']}/{what}"))["items"]
        return rows


NewPerson = Callable[[], Person]


def text_of(mail: Message) -> str:
    """The text part of a mail."""
    for part in mail.walk():
        if part.get_content_type() == "text/plain":
            content = part.get_payload(decode=True)
            assert isinstance(content, bytes)
            return content.decode()
    raise AssertionError("the mail has no text part")
