"""How a run has things done: quick looks beside the workflow itself, letters and calls on queues of their own."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

from temporalio import workflow
from temporalio.common import RetryPolicy

with workflow.unsafe.imports_passed_through():
    from activities import heartbeat
    from activities.letters import LetterActivities
    from activities.orders import LetterOrder, Receipt
    from activities.webhooks import CallOrder, Webhooks
    from rules.decisions import Verdict
    from rules.moves import Call, Deliver, Inform
    from rules.plan import Plan
    from rules.wording import label, place

LETTERS_QUEUE = "letters"
WEBHOOKS_QUEUE = "webhooks"

_LOOK_UP = RetryPolicy(initial_interval=timedelta(milliseconds=200), maximum_interval=timedelta(seconds=10))
_LOOK_UP_TIMEOUT = timedelta(seconds=10)
_ATTEMPTS = RetryPolicy(initial_interval=timedelta(seconds=1), maximum_interval=timedelta(minutes=1))
# The relay may take ten minutes to answer the dot (RFC 5321, 4.5.3.2.6); a dead worker is noticed by its heartbeat.
_SEND_TIMEOUT = timedelta(minutes=20)
_CALL_TIMEOUT = timedelta(minutes=1)

_Order = TypeVar("_Order")
_Answer = TypeVar("_Answer")


async def at_once(activity: Callable[[Any, _Order], Awaitable[_Answer]], order: _Order) -> _Answer:
    """Have it done by the worker that holds the run: no queue, and one event of history."""
    return await workflow.execute_local_activity_method(
        activity, order, start_to_close_timeout=_LOOK_UP_TIMEOUT, retry_policy=_LOOK_UP
    )


@dataclass(frozen=True)
class Asking:
    """Who has something done, and when; with the verdicts that are recorded on the way."""

    enrolment: UUID
    now: datetime
    verdicts: list[Verdict]


def start(move: Deliver | Inform | Call, plan: Plan, asking: Asking) -> workflow.ActivityHandle[Receipt]:
    """Begin what may take many attempts, on a queue of its own."""
    stands = place(plan, move.step)
    match move:
        case Deliver(send=send):
            order = LetterOrder(
                enrolment=asking.enrolment,
                step=move.step,
                iteration=move.iteration,
                letter=send.send,
                message_class=send.class_,
                topic=send.topic,
                ttl=send.ttl,
                now=asking.now,
                coupon=send.coupon,
                verdicts=asking.verdicts,
            )
            return _sending(order, f"Letter {stands} {send.send}")
        case Inform(notify=notify):
            order = LetterOrder(
                enrolment=asking.enrolment,
                step=move.step,
                iteration=move.iteration,
                letter=notify.letter,
                message_class="transactional",
                topic=None,
                ttl=notify.ttl,
                now=asking.now,
                staff=notify.notify,
                verdicts=asking.verdicts,
            )
            return _sending(order, f"Letter {stands} {notify.letter} to {notify.notify}")
        case Call(webhook=step):
            call = CallOrder(
                enrolment=asking.enrolment,
                step=move.step,
                iteration=move.iteration,
                call=step.webhook,
                ttl=step.ttl,
                now=asking.now,
                verdicts=asking.verdicts,
            )
            return _calling(call, f"Webhook {stands} {label(step)}")


def _sending(order: LetterOrder, summary: str) -> workflow.ActivityHandle[Receipt]:
    return workflow.start_activity_method(
        LetterActivities.send,
        order,
        task_queue=LETTERS_QUEUE,
        start_to_close_timeout=_SEND_TIMEOUT,
        heartbeat_timeout=heartbeat.TIMEOUT,
        retry_policy=_ATTEMPTS,
        summary=summary,
    )


def _calling(order: CallOrder, summary: str) -> workflow.ActivityHandle[Receipt]:
    return workflow.start_activity_method(
        Webhooks.call,
        order,
        task_queue=WEBHOOKS_QUEUE,
        start_to_close_timeout=_CALL_TIMEOUT,
        retry_policy=_ATTEMPTS,
        summary=summary,
    )
