"""The note that a running stack leaves in its data folder, so that commands in other terminals find it."""

import json
import os
from collections.abc import Mapping

from local.errors import NotRunningError
from local.folder import DataFolder, write_private

_TOLD = ("KUNDRESA_", "TEMPORAL_")


def publish(folder: DataFolder, told: Mapping[str, str]) -> None:
    """Leave a note for other terminals: how to reach this stack. Only its owner may read it."""
    ours = {name: value for name, value in told.items() if name.startswith(_TOLD)}
    write_private(folder.addresses, json.dumps({"pid": os.getpid(), "environment": ours}, indent=2))


def withdraw(folder: DataFolder) -> None:
    """The stack has stopped."""
    folder.addresses.unlink(missing_ok=True)


def running(folder: DataFolder) -> dict[str, str]:
    """How to reach the stack that runs on this folder. Raises NotRunningError when none does."""
    try:
        note = json.loads(folder.addresses.read_text())
    except FileNotFoundError:
        raise NotRunningError(folder.path) from None
    if not _lives(note["pid"]):
        raise NotRunningError(folder.path)
    return dict(note["environment"])


def adopt(folder: DataFolder) -> None:
    """Let this process speak to the stack on this folder, whatever its environment named before."""
    told = running(folder)
    for name in [name for name in os.environ if name.startswith("TEMPORAL_")]:
        del os.environ[name]  # a profile or a key of another server would be used for this one
    os.environ.update(told)


def complete(folder: DataFolder) -> None:
    """Take from the stack on this folder what the environment of this process does not say itself."""
    for name, value in running(folder).items():
        os.environ.setdefault(name, value)


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # it lives, and belongs to somebody else
        return True
    return True
