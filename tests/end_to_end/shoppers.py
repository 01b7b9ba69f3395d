"""Fifty people who sign up, click and order, each by a habit that tells beforehand which letters they must get."""

import asyncio
import random
from collections import Counter, defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any

import httpx2

from tests.end_to_end.running import Running
from tests.end_to_end.shop_client import Shop, identify, track

_LOOK_EVERY_S = 0.2
_LOOKING_AROUND = 3
_A_WAVE_S = 1.0
_ORDER = Counter(("receipt", "review"))


class Habit(StrEnum):
    """What somebody does in the journey `newcomer`."""

    CLICKS = "clicks when the second letter has come, however long that takes"
    SILENT = "never does anything"
    BUYS = "orders when the second letter has come"
    BUYS_AT_ONCE = "orders in the very moment of signing up"
    HASTY = "orders at any time"
    STRANGER = "never does anything, and has not subscribed"


@dataclass
class Shopper:
    """One person. `ordered_at` is when the order was known to be committed."""

    user: str
    number: int
    habit: Habit
    plan: str
    ordered_at: datetime | None = None

    @property
    def address(self) -> str:
        return f"{self.user}@shop.example"

    @property
    def orders(self) -> bool:
        return self.habit in (Habit.BUYS, Habit.BUYS_AT_ONCE, Habit.HASTY)

    @property
    def path(self) -> list[str]:
        """The marketing letters on this person's way, if nothing ends it."""
        late = [] if self.habit is Habit.CLICKS else ["nudge"]
        return ["hello", self.plan, *late, "goodbye"]

    @property
    def letters(self) -> Counter[str]:
        """The letters that must come; of somebody hasty, those that must come whenever the order was."""
        transactional = _ORDER if self.orders else Counter[str]()
        match self.habit:
            case Habit.CLICKS | Habit.SILENT:
                return Counter(self.path)
            case Habit.BUYS:
                return Counter(self.path[:2]) + transactional
            case Habit.BUYS_AT_ONCE | Habit.HASTY | Habit.STRANGER:
                return transactional

    @property
    def endings(self) -> list[dict[str, str]]:
        """Why this person's runs must end, by journey. An order may come too late for somebody hasty."""
        ends = {"newcomer": "Order Completed", "receipt": "completed"} if self.orders else {"newcomer": "completed"}
        return [ends, ends | {"newcomer": "completed"}] if self.habit is Habit.HASTY else [ends]


class Letterbox:
    """What has come to whom, looked at again and again."""

    def __init__(self, running: Running) -> None:
        self._running = running
        self.by_address: dict[str, list[dict[str, Any]]] = {}

    async def watch(self) -> None:
        while True:
            with suppress(httpx2.HTTPError):  # the machine is busy
                self.by_address = await self.sorted()
            await asyncio.sleep(_LOOK_EVERY_S)

    async def sorted(self) -> dict[str, list[dict[str, Any]]]:
        found: dict[str, list[dict[str, Any]]] = defaultdict(list)
        for mail in await self._running.mails():
            found[mail["to"][0]].append(mail)
        return found

    async def holds(self, address: str, letter: str) -> None:
        while letter not in map(letter_of, self.by_address.get(address, [])):  # noqa: ASYNC110 - `watch` looks for all
            await asyncio.sleep(_LOOK_EVERY_S)


def letter_of(mail: dict[str, Any]) -> str:
    """The letter's name: the subject's first word."""
    return str(mail["subject"]).split()[0].lower()


def gather_crowd(name: str, size: int, chance: random.Random) -> list[Shopper]:
    habits = [list(Habit)[number % len(Habit)] for number in range(size)]
    chance.shuffle(habits)
    plans = [chance.choice(("gold", "silver")) for _ in range(size)]
    return [
        Shopper(f"{name}-{number}", number, habit, plan)
        for number, (habit, plan) in enumerate(zip(habits, plans, strict=True))
    ]


async def live(
    crowd: Sequence[Shopper], shop: Shop, letterbox: Letterbox, waves: Sequence[asyncio.Event], seed: int
) -> None:
    """Everybody lives. They come in waves, and in each one after the other."""
    async with asyncio.TaskGroup() as group:
        for place, shopper in enumerate(crowd):
            nature = random.Random(f"{seed}/{place}")
            group.create_task(_live(shopper, shop, letterbox, waves[place % len(waves)], nature))


async def _live(shopper: Shopper, shop: Shop, letterbox: Letterbox, wave: asyncio.Event, nature: random.Random) -> None:
    await wave.wait()
    await asyncio.sleep(nature.uniform(0, _A_WAVE_S))
    user, habit = shopper.user, shopper.habit
    patient = habit in (Habit.CLICKS, Habit.BUYS)
    known = identify(user, email=shopper.address, number=shopper.number, plan=shopper.plan, patient=patient)
    subscribed = [] if habit is Habit.STRANGER else [track(user, "Subscribed", topic="news")]
    order = track(user, "Order Completed", order_id=f"order-{user}")
    at_once = [order] if habit is Habit.BUYS_AT_ONCE else []
    await shop.say(known, *subscribed, track(user, "Signed Up"), *at_once)
    if habit is Habit.HASTY:
        await asyncio.sleep(nature.uniform(0, 4))
    elif patient:
        await letterbox.holds(shopper.address, shopper.plan)
    if habit is Habit.CLICKS:
        await shop.say(track(user, "Email Link Clicked", url="https://shop.example/"))
    elif habit in (Habit.BUYS, Habit.HASTY):
        await shop.say(order)
    shopper.ordered_at = datetime.now(UTC)


async def browse(crowd: Sequence[Shopper], shop: Shop, chance: random.Random) -> None:
    """Look at products until cancelled, so that at any time some call is under way. No journey listens to that."""

    async def look_around() -> None:
        while True:
            await shop.say(track(chance.choice(crowd).user, "Product Viewed", product_id=chance.randint(1, 9)))
            await asyncio.sleep(chance.uniform(0, 0.1))

    await asyncio.gather(*(look_around() for _ in range(_LOOKING_AROUND)))
