"""The runs of a contact that was erased end at once, if Temporal is there; else the housekeeping ends them."""

import logging
from collections.abc import Sequence

from temporalio.client import Client

from workflows.starting import RunOver, TemporalProblem, tell

ERASED = "erased"

_log = logging.getLogger(__name__)


async def end_runs(client: Client, workflows: Sequence[str]) -> int:
    """Tell these runs to end; how many are left to the housekeeping."""
    left = 0
    for workflow in workflows:
        try:
            await tell(client, workflow, "exit", ERASED)
        except RunOver:
            continue  # or it is not started yet: then the housekeeping finds it
        except TemporalProblem as problem:
            _log.warning("a run of an erased contact is left to the housekeeping (%s)", problem)
            left += 1
    return left
