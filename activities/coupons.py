"""Keep the pools of coupons filled, and tell before one is empty."""

import logging

from temporalio import activity

from activities.housekeeping import Swept
from store import codes, wishes
from store.session import Database

_log = logging.getLogger(__name__)


class CouponRounds:
    """Activities that are repeated from time to time, about coupons and the letters that wait."""

    def __init__(self, database: Database) -> None:
        self._database = database

    @activity.defn
    async def fill_pools(self) -> Swept:
        """Make new codes where they run short, warn where only the shop can, and forget wishes that are over."""
        async with self._database.transaction() as session:
            made = await codes.refill(session)
            await wishes.forget(session)
            stock = await codes.stock(session)
        for each in stock:
            if each.warning is not None:
                _log.warning("coupon %s: %s", each.coupon, each.warning)
        return Swept(made)
