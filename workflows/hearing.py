"""Read the signals by which a run hears of events."""

from collections.abc import Sequence

from temporalio import workflow
from temporalio.common import RawValue

with workflow.unsafe.imports_passed_through():
    from workflows.payloads import Heard


def read(arguments: Sequence[RawValue]) -> Heard:
    """The signal's payload. People may signal without one; one that cannot be read is an event without properties."""
    if not arguments:
        return Heard()
    try:
        heard: Heard = workflow.payload_converter().from_payload(arguments[0].payload, Heard)
    except (RuntimeError, ValueError):
        workflow.logger.warning("a signal's payload cannot be read: it counts without properties")
        return Heard()
    return heard
