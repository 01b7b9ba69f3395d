"""Call a webhook, until it answers or the call is stale. Retries are Temporal's."""

import json
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from temporalio import activity
from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from activities import clock
from activities.calling import AddressRefused, Answered, Caller, NotReached
from activities.orders import Receipt
from activities.signing import signed
from rules.decisions import Kind, Noted, Verdict
from rules.steps import Call
from rules.values import MISSING, reach
from store import facts
from store.decisions import note, record
from store.enrolments import ended, hold
from store.facts import Entrant
from store.session import Database

_DELAYS = tuple(timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1800, 3600, 7200, 14400))
_JITTER = 0.2
# Too early, a conflict with a call under way, too many: the receiver may take the same call later (RFC 9110, 6585).
_TRY_AGAIN = frozenset({408, 409, 425, 429})
_KIND: Kind = "webhook"


@dataclass
class CallOrder:
    """Call this webhook about the contact of this enrolment. `now` is the run's."""

    enrolment: UUID
    step: str
    iteration: int
    call: Call
    ttl: timedelta
    now: datetime
    verdicts: list[Verdict] = field(default_factory=list)

    @property
    def key(self) -> str:
        """What makes this call this one, however often it is tried."""
        return f"{self.enrolment}/{self.step}/{self.iteration}"


class Webhooks:
    """Activities that call other systems. Without a secret nothing can be signed, and nobody is called."""

    def __init__(self, database: Database, caller: Caller, secret: bytes | None) -> None:
        self._database = database
        self._caller = caller
        self._secret = secret

    @activity.defn
    async def call(self, order: CallOrder) -> Receipt:
        """Call, or say why not. The receiver knows repeats by their `webhook-id`."""
        looked = await self._look(order)
        if isinstance(looked, Receipt):
            return looked
        receipt = await self._attempt(order, looked)
        async with self._database.transaction() as session:
            await note(session, [_noted(order, looked, receipt)])
        return receipt

    async def _look(self, order: CallOrder) -> Receipt | Entrant:
        async with self._database.transaction() as session:
            await record(session, order.enrolment, order.verdicts)
            entrant = await facts.entrant(session, order.enrolment)
            if await ended(session, order.enrolment):
                return Receipt("cancelled", "the enrolment is over")
            if entrant.paused and await hold(session, order.enrolment):
                return Receipt("held")
        return entrant

    async def _attempt(self, order: CallOrder, entrant: Entrant) -> Receipt:
        if self._secret is None:
            return Receipt("skipped", "no webhook_secret is set, so nothing can be signed")
        now = clock.now(order.now)
        if now > order.now + order.ttl:
            return Receipt("expired", "it could not be delivered in its time")
        body = _body(order, entrant)
        headers = {"content-type": "application/json", "user-agent": "Kundresa"}
        signature = signed(order.key, datetime.now(UTC), body, self._secret)
        try:
            answered = await self._caller.post(order.call.url, body, {**headers, **signature})
        except AddressRefused as refused:
            return Receipt("failed", str(refused))
        except NotReached as problem:
            raise _later(order, now, f"not reached: {problem}") from None
        return _receipt(order, now, answered)


def _receipt(order: CallOrder, now: datetime, answered: Answered) -> Receipt:
    """What the answer means: taken, refused for good, or to be tried again. Raises `CallDelayed` errors."""
    status = answered.status
    if 200 <= status < 300:
        return Receipt("delivered", f"status {status}")
    if status >= 500 or status in _TRY_AGAIN:
        raise _later(order, now, f"status {status}", answered.retry_after)
    return Receipt("failed", f"status {status}")


def _later(order: CallOrder, now: datetime, why: str, asked: timedelta | None = None) -> ApplicationError:
    """The error that makes Temporal try again: after a while that grows, or when the call is stale, to settle it."""
    attempt = activity.info().attempt
    usual = _DELAYS[min(attempt, len(_DELAYS)) - 1] * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 (no secret)
    stale = order.now + order.ttl - now + timedelta(seconds=1)
    delay = max(timedelta(seconds=1), min(max(usual, asked or usual), stale))
    return ApplicationError(why, type="CallDelayed", next_retry_delay=delay, category=ApplicationErrorCategory.BENIGN)


def _body(order: CallOrder, entrant: Entrant) -> bytes:
    told = {
        "contact_id": str(entrant.contact_id),
        "enrolment_id": str(order.enrolment),
        "journey": entrant.journey,
        "version": entrant.version,
        "step": order.step,
        "iteration": order.iteration,
        "traits": _chosen(entrant.traits, order.call.traits),
        "properties": _chosen(entrant.start, order.call.properties),
    }
    return json.dumps({"type": "journey.step", "timestamp": order.now.isoformat(), "data": told}).encode()


def _chosen(known: Mapping[str, Any], paths: Iterable[str]) -> dict[str, Any]:
    """What stands at these paths; null where nothing does."""
    values = {path: reach(known, path) for path in paths}
    return {path: None if value is MISSING else value for path, value in values.items()}


def _noted(order: CallOrder, entrant: Entrant, receipt: Receipt) -> Noted:
    return Noted(
        key=order.key,
        at=order.now,
        contact_id=entrant.contact_id,
        journey=entrant.journey,
        kind=_KIND,
        verdict=receipt.outcome,
        reason=receipt.reason,
        enrolment_id=order.enrolment,
        version=entrant.version,
        step=order.step,
    )
