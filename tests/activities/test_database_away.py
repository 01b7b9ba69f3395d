"""The database goes away at each step of a letter, before or after it committed: the letter still leaves once."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import count

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from activities.orders import Receipt
from store.session import Database
from tests.activities.office import Office, delayed, ordered, until_told
from tests.mail.fault_smtp import Act, Fault, Phase


class Leaving(Database):
    """A database that goes away once: at its nth transaction, before it begins or just after it was committed."""

    def __init__(self, url: str, at: int, *, committed: bool) -> None:
        super().__init__(url)
        self._numbers, self._at, self._committed = count(1), at, committed

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        leaves = next(self._numbers) == self._at
        if leaves and not self._committed:
            raise ConnectionResetError("the database went away")
        async with super().transaction() as session:
            yield session
        if leaves:
            raise ConnectionResetError("the acknowledgement of the commit was lost")


PREPARING, LAST_LOOK, SETTLING = 1, 2, 3


@pytest.mark.parametrize("committed", [False, True], ids=["before it began", "after it was committed"])
@pytest.mark.parametrize("at", [PREPARING, LAST_LOOK, SETTLING])
@pytest.mark.parametrize("message_class", ["marketing", "transactional"])
async def test_the_letter_leaves_once(office: Office, at: int, committed: bool, message_class: str) -> None:
    order = await office.enters()
    order = ordered(order.enrolment, message_class=message_class)
    database = Leaving(office.database.url, at, committed=committed)
    sending = office.sending(database=database)
    assert await until_told(sending, order) == Receipt("sent")
    assert len(office.arrived) == 1
    assert (await office.message())["state"] == "sent"
    assert [each for each in await office.outcomes() if each not in (None, "not_sent")] == ["accepted"]
    await database.close()


async def test_a_last_look_that_failed_is_no_doubt(office: Office) -> None:
    order = await office.enters()
    database = Leaving(office.database.url, LAST_LOOK, committed=True)
    await delayed(office.sending(database=database), order)
    message = await office.message()
    assert (message["state"], message["lease"]) == ("claimed", None)
    assert office.server.taken == []
    await database.close()


@pytest.mark.parametrize("committed", [False, True])
async def test_a_refusal_for_good_is_settled_once_and_suppresses_its_address(office: Office, committed: bool) -> None:
    order = await office.enters()
    office.server.fault = Fault(Phase.DOT, Act.ANSWER, b"550 5.1.1 no such user")
    database = Leaving(office.database.url, SETTLING, committed=committed)
    assert await until_told(office.sending(database=database), order) == Receipt("failed", "refused with 550")
    assert await office.outcomes() == ["permanent"]
    assert len(await office.rows("SELECT * FROM suppressions")) == 1
    await database.close()
