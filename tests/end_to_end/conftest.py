"""One stack with the shipped journeys for the whole folder; tests that stop a part of it start it again."""

from collections.abc import AsyncIterator
from uuid import uuid4

import pytest_asyncio

from tests.end_to_end.person import NewPerson, Person
from tests.end_to_end.running import Running, running
from tests.end_to_end.shop_client import Shop

MAIL_KEY = "mail-key-of-the-tests"


@pytest_asyncio.fixture(scope="session")
async def shop_stack() -> AsyncIterator[Running]:
    async with running({"KUNDRESA_EVIDENCE_AFTER": "PT2S", "KUNDRESA_FEEDBACK_MAIL_KEY": MAIL_KEY}) as stack:
        yield stack


@pytest_asyncio.fixture(scope="session")
async def new_person(shop_stack: Running) -> NewPerson:
    """Somebody nobody knows yet."""
    shop = Shop(shop_stack.api, shop_stack.environment["KUNDRESA_WRITE_KEYS"])

    def make() -> Person:
        return Person(shop_stack, shop, f"person-{uuid4()}")

    return make


@pytest_asyncio.fixture
async def person(new_person: NewPerson) -> Person:
    return new_person()
