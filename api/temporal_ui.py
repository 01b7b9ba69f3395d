"""Links into the Temporal UI: the page of a run, or a list of runs."""

from collections.abc import Sequence
from urllib.parse import quote

from api.dependencies import FrontDoor


def run_page(door: FrontDoor, workflow_id: str) -> str:
    """The page of a run."""
    return f"{_workflows(door)}/{quote(workflow_id, safe='')}"


def journey_page(door: FrontDoor, journey: str) -> str:
    """The list of a journey's runs."""
    return _list(door, f'JourneyId="{journey}"')


def runs_page(door: FrontDoor, workflow_ids: Sequence[str]) -> str | None:
    """The page of the run, or, of several, the list of them. None: there are none."""
    match workflow_ids:
        case []:
            return None
        case [only]:
            return run_page(door, only)
        case _:
            named = ", ".join(f'"{_quoted(each)}"' for each in workflow_ids)
            return _list(door, f"WorkflowId IN ({named})")


def _workflows(door: FrontDoor) -> str:
    return f"{door.temporal_ui_url.rstrip('/')}/namespaces/{quote(door.temporal.namespace, safe='')}/workflows"


def _list(door: FrontDoor, query: str) -> str:
    return f"{_workflows(door)}?query={quote(query, safe='')}"


def _quoted(value: str) -> str:
    # The key of a run comes out of an event, and may hold anything. Temporal takes these two marks, and then finds
    # nothing by them: the rest of the list is still right.
    return value.replace("\\", "\\\\").replace('"', '\\"')
