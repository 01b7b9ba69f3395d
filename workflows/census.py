"""How many people are at each step of a journey, as Temporal's list of runs tells it: some seconds late."""

import asyncio
import re
from collections.abc import Mapping
from datetime import timedelta

from temporalio.client import Client
from temporalio.service import RPCError, RPCStatusCode

from rules.plan import Plan
from rules.wording import stage

# Temporal answers about ten such questions a second, to everybody together.
_A_SECOND = 4
_QUESTIONS_MAX = 120
_QUOTES = r"""["'\\]"""
_TIMEOUT = timedelta(seconds=5)


class Census:
    """Counts people, with a bound on how much is asked. What is over it, or cannot be reached, is None."""

    def __init__(self, client: Client | None) -> None:
        self._client = client
        self._left = _QUESTIONS_MAX

    @property
    def reached(self) -> bool:
        """Whether Temporal has answered so far."""
        return self._client is not None

    async def at_steps(self, plans: Mapping[int, Plan]) -> dict[int, dict[str, int | None]]:
        """How many are at each step of these versions of one journey.

        A step of the same words at the same place of two versions is counted for both: Temporal knows it as one stage.
        """
        stages = {stage(plan, step)[:255] for plan in plans.values() for step in plan.steps}
        journeys = {plan.journey for plan in plans.values()}
        counted = {each: await self._count(journey, each) for journey in journeys for each in sorted(stages)}
        return {
            version: {step: counted[stage(plan, step)[:255]] for step in plan.steps} for version, plan in plans.items()
        }

    async def _count(self, journey: str, at: str) -> int | None:
        if self._client is None or self._left == 0:
            return None
        self._left -= 1
        try:
            found = await self._client.count_workflows(_question(journey, at), rpc_timeout=_TIMEOUT)
        except RPCError as error:
            if error.status is RPCStatusCode.INVALID_ARGUMENT:
                raise
            self._client = None
            return None
        except RuntimeError:  # a client that connects at its first call says so when it cannot
            self._client = None
            return None
        await asyncio.sleep(1 / _A_SECOND)
        return found.count


def _question(journey: str, at: str) -> str:
    # Neither way of writing quotes inside a text finds it again; what stands before them tells stages apart well
    # enough, for it begins with the step's place.
    running = 'WorkflowType = "Journey" AND ExecutionStatus = "Running"'
    return f'{running} AND JourneyId = "{journey}" AND JourneyStage STARTS_WITH "{re.split(_QUOTES, at)[0]}"'
