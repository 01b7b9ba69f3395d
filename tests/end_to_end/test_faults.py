"""Parts are killed with -9 at several points of a run with 50 contacts: every letter comes once, and no other.

The kills, what was under way at each of them, and the verdict go to standard output (`pytest -s`). A run is played
again with its seed: `FAULT_SEED=123 pytest tests/end_to_end/test_faults.py -k worker`.
"""

import asyncio
import os
import random
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
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
    chance, began = random.Random(seed), time.monotonic()
    crowd = gather_crowd(f"{victim}-{began:.0f}", CONTACTS, chance)
    shop = Shop(stack.api, stack.environment["KUNDRESA_WRITE_KEYS"])
    saboteur = Saboteur(stack, shop, chance)
    report = [f"\n{victim}, FAULT_SEED={seed}"]
    try:
        await disturbed(stack, victim, crowd, shop, saboteur, seed)
        lived = time.monotonic() - began
        await drained(stack)
        verdict, endings = await judged(stack, crowd, shop)
        report += [f"{lived:.0f} s lived, {time.monotonic() - began:.0f} s in all", f"letters: {endings}", f"{verdict}"]
    finally:
        report += [*map(str, saboteur.kills), f"{shop.answered} calls answered, {shop.repeated} sent again\n"]
        told = "\n".join(report)
        sys.stdout.write(told)
    assert verdict.spotless, told
    assert_work_was_cut_off(saboteur.kills, victim, shop)


async def disturbed(
    stack: Running, victim: str, crowd: Sequence[Shopper], shop: Shop, saboteur: Saboteur, seed: int
) -> None:
    """Everybody lives while the victim is killed again and again. Who still waits for a letter then, waits in vain."""
    letterbox = Letterbox(stack)
    background = [asyncio.create_task(letterbox.watch()), asyncio.create_task(browse(crowd, shop, random.Random(seed)))]
    try:
        with suppress(TimeoutError):
            async with asyncio.timeout(LIVED_S):
                await asyncio.gather(saboteur.strike(victim), live(crowd, shop, letterbox, saboteur.waves, seed))
    finally:
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)


def assert_work_was_cut_off(kills: Sequence[Kill], victim: str, shop: Shop) -> None:
    """Each kill waited for its point; that it hit work shows in what was left behind, or had to be repeated."""
    assert len(kills) == len(POINTS)
    if victim == "worker":
        assert sum(kill.after.dot_pending for kill in kills if kill.after) >= 2
        assert sum(kill.after.asleep for kill in kills if kill.after) >= 5
    if victim in ("api", "postgres"):
        assert shop.repeated > 0


async def drained(stack: Running) -> None:
    """Wait until nothing is left to do, or too long: the checker tells what did not come to its end."""

    async def idle() -> bool:
        (row,) = await stack.rows("""
            SELECT (SELECT count(*) FROM outbox) + (SELECT count(*) FROM enrolments WHERE status <> 'ended')
                 + (SELECT count(*) FROM messages WHERE settled_at IS NULL) AS left_to_do""")
        return bool(row["left_to_do"] == 0) and await open_runs(stack) == 0

    with suppress(AssertionError):
        await until(idle, "nothing is left to do", seconds=DRAINED_S, every=0.2)
    await asyncio.sleep(1)  # for a letter too many, if there is one


async def open_runs(stack: Running) -> int:
    """Runs that go on, by Temporal's own list; it is some seconds behind."""
    query = 'WorkflowType = "Journey" AND ExecutionStatus = "Running"'
    return (await (await stack.client()).count_workflows(query)).count


async def judged(stack: Running, crowd: Sequence[Shopper], shop: Shop) -> tuple[Verdict, dict[str, int]]:
    """What is wrong, and how letters ended."""
    addresses, users = {shopper.address for shopper in crowd}, [shopper.user for shopper in crowd]
    mails = {address: came for address, came in (await Letterbox(stack).sorted()).items() if address in addresses}
    messages, attempts, enrolments = await rows_of(stack, users)
    verdict = check_letters(crowd, mails)
    verdict.ledger += check_ledger(mails, messages, attempts)
    verdict.enrolments += check_enrolments(crowd, enrolments)
    verdict.enrolments += [f"{await open_runs(stack)} runs are open in Temporal"] if await open_runs(stack) else []
    recorded = await stack.rows("SELECT message_id FROM events WHERE message_id = ANY($1)", list(shop.committed))
    verdict.events += sorted(shop.committed - {row["message_id"] for row in recorded})
    verdict.outbox += [str(row) for row in await stack.rows("SELECT seq, attempts, error FROM outbox")]
    return verdict, dict(Counter(map(ending, messages)))


def ending(row: Row) -> str:
    """The letter's state, its reason where there is one, and whether it took more than one attempt."""
    reason = f" ({row['reason']})" if row["reason"] else ""
    return f"{row['state']}{reason}{', several attempts' if row['attempts'] > 1 else ''}"


async def rows_of(stack: Running, users: list[str]) -> tuple[list[Row], list[Row], list[Row]]:
    """The messages, attempts and enrolments of these people."""
    whose = "SELECT contact_id FROM identities WHERE kind = 'user' AND value = ANY($1)"
    messages = await stack.rows(f"SELECT * FROM messages WHERE contact_id IN ({whose})", users)
    attempts = await stack.rows("SELECT * FROM attempts WHERE message = ANY($1)", [row["id"] for row in messages])
    enrolments = await stack.rows(
        """SELECT e.*, i.value AS user_id FROM enrolments e
           JOIN identities i ON i.contact_id = e.contact_id AND i.kind = 'user' WHERE i.value = ANY($1)""",
        users,
    )
    return messages, attempts, enrolments
