"""Send one letter, once."""

import asyncio
from collections.abc import Coroutine
from dataclasses import replace

from temporalio import activity

from activities import clock
from activities.heartbeat import beating
from activities.orders import LetterOrder, Receipt
from activities.sending import Sending


class LetterActivities:
    """Activities that send mail."""

    def __init__(self, sending: Sending) -> None:
        self._sending = sending

    @activity.defn
    async def send(self, order: LetterOrder) -> Receipt:
        """Send the letter, or say why not. Doing it again never sends it again."""
        now = clock.now(order.now)
        # A letter grows stale from when it was ordered, also while nobody was there to take the order.
        order = replace(order, now=now, ttl=order.ttl - (now - order.now))
        async with beating():
            return await _to_its_end(self._sending.send(order))


async def _to_its_end(delivery: Coroutine[None, None, Receipt]) -> Receipt:
    """Await the delivery also when the activity is cancelled meanwhile.

    A run that has ended and a worker that shuts down cancel what they no longer wait for. Cut off past the dot, the
    letter would be in doubt; its last look decides whether it leaves, and the relay is given its time to answer.
    """
    task = asyncio.ensure_future(delivery)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        return task.result()
