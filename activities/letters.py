"""Send one letter, once."""

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
        async with beating():
            return await self._sending.send(replace(order, now=clock.now(order.now)))
