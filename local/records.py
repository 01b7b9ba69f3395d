"""Pid files: which processes are ours, so that what a killed parent left behind can be stopped at the next start."""

import contextlib
import json
import signal
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

_PATIENCE_S = 10.0
_LOOK_EVERY_S = 0.02
_CLOCK_SLACK_S = 2.0


@dataclass(frozen=True, slots=True)
class Record:
    """One pid file."""

    path: Path

    def write(self, pid: int, program: str) -> None:
        """Note a process that has just been started."""
        with contextlib.suppress(psutil.NoSuchProcess):
            created = psutil.Process(pid).create_time()
            self.path.write_text(json.dumps({"pid": pid, "created": created, "program": program}))

    def clear(self) -> None:
        """The process has ended."""
        self.path.unlink(missing_ok=True)

    def process(self) -> psutil.Process | None:
        """The noted process if it still runs and is truly the one that was noted, for pids are used again."""
        try:
            noted = json.loads(self.path.read_text())
            found = psutil.Process(noted["pid"])
            same_birth = abs(found.create_time() - noted["created"]) < _CLOCK_SLACK_S
            return found if same_birth and noted["program"] in found.cmdline() else None
        except (FileNotFoundError, json.JSONDecodeError, KeyError, psutil.NoSuchProcess):
            return None

    def stop_leftover(self, stop_signal: signal.Signals) -> bool:
        """Stop the noted process, by force if it has to be; says whether there was one."""
        if (leftover := self.process()) is not None:
            stop_process(leftover, stop_signal)
        self.clear()
        return leftover is not None


def stop_process(process: psutil.Process, stop_signal: signal.Signals) -> None:
    """Ask a process to end; after a while, force it."""
    with contextlib.suppress(psutil.NoSuchProcess):
        process.send_signal(stop_signal)
        if not _ends(process):
            process.kill()
            _ends(process)


def _ends(process: psutil.Process) -> bool:
    # Not psutil's own wait: where nobody collects orphans, as in many containers, an ended process stays as a zombie.
    deadline = time.monotonic() + _PATIENCE_S
    while time.monotonic() < deadline:
        if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
            return True
        time.sleep(_LOOK_EVERY_S)
    return False
