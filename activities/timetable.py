"""When a letter is tried again. Retries are Temporal's; the delay before the next one is told with the error."""

import random
from dataclasses import dataclass
from datetime import datetime, timedelta

from temporalio.exceptions import ApplicationError, ApplicationErrorCategory

from mail.smtp import Outcome

_REFUSED = tuple(timedelta(minutes=minutes) for minutes in (5, 10, 20, 40, 80, 160, 240))
_UNREACHED = tuple(timedelta(seconds=seconds) for seconds in (2, 5, 10, 30, 60, 120, 300))
_JITTER = 0.2


@dataclass(frozen=True)
class Timetable:
    """Delays after a temporary refusal (4xx), and after an attempt that never came to the dot; the last one repeats.

    `evidence_after` is how long a message stays in doubt before evidence is asked for.
    """

    evidence_after: timedelta = timedelta(minutes=15)
    refused: tuple[timedelta, ...] = _REFUSED
    unreached: tuple[timedelta, ...] = _UNREACHED

    def delay(self, outcome: Outcome, attempt: int) -> timedelta:
        """How long to wait after this attempt, give or take a fifth, so that a storm of refusals spreads out."""
        delays = self.refused if outcome is Outcome.TEMPORARY else self.unreached
        return delays[min(attempt, len(delays)) - 1] * random.uniform(1 - _JITTER, 1 + _JITTER)  # noqa: S311 (no secret)


def later(why: str, delay: timedelta, not_after: datetime, now: datetime) -> ApplicationError:
    """The error that makes Temporal try again: after the delay, or when the letter grows stale, to settle it then.

    Its words stand in the history: they must not tell of the contact.
    """
    stale = not_after - now + timedelta(seconds=1)
    return ApplicationError(
        why,
        type="LetterDelayed",
        next_retry_delay=max(timedelta(seconds=1), min(delay, stale)),
        category=ApplicationErrorCategory.BENIGN,
    )
