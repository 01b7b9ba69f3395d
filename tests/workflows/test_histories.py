"""Runs of earlier days must go on with the code of today."""

import shutil
import zoneinfo
from collections.abc import Iterator
from datetime import UTC, datetime
from importlib.resources import as_file, files
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from temporalio.client import WorkflowHistory
from temporalio.contrib.pydantic import pydantic_data_converter
from temporalio.worker import Replayer
from temporalio.worker.workflow_sandbox import SandboxedWorkflowRunner
from temporalio.workflow import _Definition

from workflows.journey import JourneyWorkflow
from workflows.sweeps import HousekeepingWorkflow, ReleaseHeldWorkflow

FOLDER = Path(__file__).parent.parent / "histories"
HISTORIES = sorted(FOLDER.glob("*.json"))


def read(file: Path) -> WorkflowHistory:
    return WorkflowHistory.from_json(f"journey/tried/{file.stem}", file.read_text())


async def replay(file: Path) -> None:
    replayer = Replayer(workflows=[JourneyWorkflow], data_converter=pydantic_data_converter)
    await replayer.replay_workflow(read(file))


def test_there_are_histories_and_one_of_them_continued_as_new() -> None:
    names = {file.stem for file in HISTORIES}
    assert {f"slept_signalled_branched_and_begun_anew-{number}" for number in (1, 2)} <= names


@pytest.mark.parametrize("file", HISTORIES, ids=lambda file: file.stem)
async def test_a_recorded_history_is_replayed(file: Path) -> None:
    await replay(file)


@pytest.fixture
def newer_zone_data(tmp_path: Path) -> Iterator[None]:
    """Zone data in which Helsinki has moved to the time of Tokyo."""
    with as_file(files("tzdata") / "zoneinfo" / "Asia" / "Tokyo") as tokyo:
        (tmp_path / "Europe").mkdir()
        shutil.copy(tokyo, tmp_path / "Europe" / "Helsinki")
    zoneinfo.reset_tzpath([tmp_path])
    ZoneInfo.clear_cache()
    yield
    zoneinfo.reset_tzpath()
    ZoneInfo.clear_cache()


@pytest.mark.usefixtures("newer_zone_data")
async def test_newer_zone_data_does_not_change_a_replay() -> None:
    now = datetime(2026, 11, 21, 12, tzinfo=UTC).astimezone(ZoneInfo("Europe/Helsinki"))
    assert now.hour == 21  # the zone has really moved
    await replay(FOLDER / "local_time-1.json")


@pytest.mark.parametrize("workflow", [JourneyWorkflow, ReleaseHeldWorkflow, HousekeepingWorkflow])
async def test_workflow_code_passes_the_sandbox(workflow: type) -> None:
    SandboxedWorkflowRunner().prepare_workflow(_Definition.must_from_class(workflow))


@pytest.mark.parametrize("workflow", [JourneyWorkflow, ReleaseHeldWorkflow, HousekeepingWorkflow])
def test_at_most_one_model_goes_in(workflow: type) -> None:
    definition = _Definition.must_from_class(workflow)
    assert len(definition.arg_types or []) <= 1
    for signal in definition.signals.values():
        assert signal.name is None or len(signal.arg_types or []) <= 1
