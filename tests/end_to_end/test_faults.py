"""Parts are killed with -9 at several points of a run with 50 contacts: every letter comes once, and no other."""

import asyncio
import os
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from pathlib import Path

import pytest
import pytest_asyncio

from tests.end_to_end.checker import Row, Verdict, check_enrolments, check_ledger, check_letters
from tests.end_to_end.running import Running, running, until
from tests.end_to_end.sabotage import POINTS, Kill, Saboteur
from tests.end_to_end.shop_client import Shop
from tests.end_to_end.shoppers import Letterbox, Shopper, browse, gather_crowd, live
from tests.end_to_end.slow_line import slow_line

CONTACTS = 50
COMING_S = 4.0
SLOWEST_ANSWER_S = 0.15
LIVED_S = 90.0
DRAINED_S = 45.0
SHOP = Path(__file__).parent / "shop"


@pytest_asyncio.fixture(scope="module")
async def stack() -> AsyncIterator[Running]:
    settings = {
        "KUNDRESA_JOURNEYS_DIR": str(SHOP / "journeys"),
        "KUNDRESA_TEMPLATES_DIR": str(SHOP / "templates"),
        "KUNDRESA_EVIDENCE_AFTER": "PT2S",
    }
    async with running(settings, product=("api",)) as stack, slow_line(stack.ports.smtp, SLOWEST_ANSWER_S) as line:
        stack.environment["KUNDRESA_SMTP_URL"] = f"smtp://127.0.0.1:{line}"
        await stack.start("worker")
        yield stack
        await stack.part("worker").stop()


@pytest.mark.parametrize("victim", ["worker", "api", "temporal", "postgres"])
async def test_every_letter_comes_once_whatever_is_killed(stack: Running, victim: str) -> None:
    seed = int(os.environ.get("FAULT_SEED", time.time_ns() % 1_000_000))
    chance = random.Random(seed)
    crowd = gather_crowd(f"{victim}-{seed}", CONTACTS, chance)
    shop = Shop(stack.api, stack.environment["KUNDRESA_WRITE_KEYS"])
    saboteur, letterbox = Saboteur(stack, shop, chance), Letterbox(stack)
    background = [asyncio.create_task(letterbox.watch()), asyncio.create_task(browse(crowd, shop, chance))]
    began = time.monotonic()
    try:
        async with asyncio.timeout(LIVED_S):
            await asyncio.gather(saboteur.strike(victim), live(crowd, shop, letterbox, COMING_S, seed))
    except TimeoutError:
        print(f"somebody still waits after {LIVED_S:.0f} s; the checker tells for what")
    finally:
        for task in background:
            task.cancel()
        told = (
            f"FAULT_SEED={seed}, {time.monotonic() - began:.0f} s, "
            f"{shop.answered} calls answered, {shop.repeated} sent again"
        )
        print("\n".join([told, *map(str, saboteur.kills)]))
    await drained(stack)
    verdict = await judged(stack, crowd, shop)
    print(f"{time.monotonic() - began:.0f} s in all\n{verdict}")
    assert verdict.spotless, f"\n{told}\n{verdict}"
    assert_work_was_under_way(saboteur.kills, victim, shop)


def assert_work_was_under_way(kills: Sequence[Kill], victim: str, shop: Shop) -> None:
    assert len(kills) == len(POINTS)
    # Each kill waited for its point. That work was truly cut off shows in what was left behind, or had to be repeated.
    if victim == "worker":
        assert sum(kill.after.dot_pending for kill in kills if kill.after) >= 2
        assert sum(kill.after.asleep for kill in kills if kill.after) >= 5
    if victim in ("api", "postgres"):
        assert shop.repeated > 0


async def drained(stack: Running) -> None:
    """Wait until nothing is left to do; what does not come to its end is told by the checker."""

    async def idle() -> bool:
        (row,) = await stack.rows("""
            SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM enrolments WHERE status <> 'ended')
                 + (SELECT count(*) FROM messages WHERE settled_at IS NULL) AS left_to_do""")
        return bool(row["left_to_do"] == 0)

    try:
        await until(idle, "nothing is left to do", seconds=DRAINED_S, every=0.2)
    except AssertionError as error:
        print(error)
    await asyncio.sleep(1)  # for a letter too many, if there is one


async def judged(stack: Running, crowd: Sequence[Shopper], shop: Shop) -> Verdict:
    addresses = {shopper.address for shopper in crowd}
    mails = {address: came for address, came in (await Letterbox(stack).sorted()).items() if address in addresses}
    users = [shopper.user for shopper in crowd]
    messages, attempts, enrolments = await rows_of(stack, users)
    verdict = check_letters(crowd, mails)
    verdict.ledger += check_ledger(mails, messages, attempts)
    verdict.enrolments += check_enrolments(crowd, enrolments)
    recorded = await stack.rows("SELECT message_id FROM events WHERE message_id = ANY($1)", list(shop.committed))
    verdict.events += sorted(shop.committed - {row["message_id"] for row in recorded})
    print(f"how letters ended: {dict(Counter(_ending(row) for row in messages))}")
    verdict.outbox += [str(row) for row in await stack.rows("SELECT seq, attempts, error FROM outbox")]
    return verdict


def _ending(row: Row) -> str:
    """The letter's state, with the reason where there is one; `again` when it took more than one attempt."""
    reason = f" ({row['reason']})" if row["reason"] else ""
    return f"{row['state']}{reason}{' again' if row['attempts'] > 1 else ''}"


async def rows_of(stack: Running, users: list[str]) -> tuple[list[Row], list[Row], list[Row]]:
    whose = "SELECT contact_id FROM identities WHERE kind = 'user' AND value = ANY($1)"
    messages = await stack.rows(f"SELECT * FROM messages WHERE contact_id IN ({whose})", users)
    attempts = await stack.rows("SELECT * FROM attempts WHERE message = ANY($1)", [row["id"] for row in messages])
    enrolments = await stack.rows(
        """SELECT e.*, i.value AS user_id FROM enrolments e
           JOIN identities i ON i.contact_id = e.contact_id AND i.kind = 'user' WHERE i.value = ANY($1)""",
        users,
    )
    return messages, attempts, enrolments
