"""One part of the stack: a child process with its log, its pid file and its way to say that it answers."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from local.errors import PartFailedError
from local.folder import DataFolder
from local.records import Record

_TETHER = Path(__file__).with_name("tether.py")
_PROBE_EVERY_S = 0.1
_LOG_LIMIT = 10_000_000
_LAST_LINES = 20


async def _nothing_to_prepare() -> None:
    """Most parts need no preparation."""


@dataclass(frozen=True, kw_only=True)
class Program:
    """How a part is run and how one knows that it answers.

    `prepare` is done before every start, and clears what a crash has left. `answers` tells whether the part answers.
    """

    name: str
    title: str
    command: Sequence[str]
    answers: Callable[[], Awaitable[bool]]
    environment: Mapping[str, str] = field(default_factory=dict)
    prepare: Callable[[], Awaitable[None]] = _nothing_to_prepare
    stop_signal: signal.Signals = signal.SIGTERM
    user: str | None = None
    start_within_s: float = 60.0
    stop_within_s: float = 15.0


class Part:
    """A program of the stack, started, watched and stopped."""

    def __init__(self, program: Program, folder: DataFolder) -> None:
        self.program = program
        self.log = folder.log(program.name)
        self._folder = folder
        self._record = Record(folder.pid_file(program.name))
        self._process: asyncio.subprocess.Process | None = None
        self.stopping = False

    @property
    def title(self) -> str:
        """What people call it."""
        return self.program.title

    @property
    def pid(self) -> int | None:
        """The process, while it runs."""
        return self._process.pid if self._process is not None and self._process.returncode is None else None

    def stop_leftover(self) -> bool:
        """Stop the process that an earlier, killed stack left behind, if there is one."""
        return self._record.stop_leftover(self.program.stop_signal)

    async def start(self) -> None:
        """Start the process; `ready` then waits for its answer."""
        self.stopping = False
        await self.program.prepare()
        _rotate(self.log)
        tie = [str(os.getpid()), str(self.program.stop_signal.value), self.program.user or "-"]
        with self.log.open("ab") as log:
            self._process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-I", "-S", str(_TETHER), *tie, *self.program.command),
                env=dict(self.program.environment),
                cwd=self._folder.source,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # Its own session: a Ctrl-C at the terminal reaches the parent alone, which then stops parts in order.
                start_new_session=True,
            )
        self._record.write(self._process.pid, self.program.command[0])

    async def ready(self) -> None:
        """Wait until the part answers. Raises PartFailedError when it ends first, or takes too long."""
        deadline = asyncio.get_running_loop().time() + self.program.start_within_s
        while not await self.program.answers():
            if self.pid is None:
                raise self.failed(f"ended while it started ({self.ending()})")
            if asyncio.get_running_loop().time() > deadline:
                raise self.failed(f"did not answer within {self.program.start_within_s:.0f} s")
            await asyncio.sleep(_PROBE_EVERY_S)

    async def ended(self) -> None:
        """Wait until the process has ended."""
        if self._process is not None:
            await self._process.wait()

    async def stop(self) -> None:
        """Ask the process to end; after its time, force it."""
        self.stopping = True
        if self._process is None:
            return
        self._signal(self.program.stop_signal)
        try:
            await asyncio.wait_for(self._process.wait(), self.program.stop_within_s)
        except TimeoutError:
            self.force()
            await self._process.wait()
        self._record.clear()

    async def kill(self) -> None:
        """End the process at once, as a power cut would."""
        self.stopping = True
        self.force()
        await self.ended()

    def force(self) -> None:
        """Send the signal that no process can refuse."""
        self._signal(signal.SIGKILL)

    def ending(self) -> str:
        """How the process ended, in words."""
        code = self._process.returncode if self._process is not None else None
        if code is None:
            return "it has not ended"
        return f"killed by {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"

    def failed(self, reason: str) -> PartFailedError:
        """The error that says why this part is given up, with the end of its log."""
        return PartFailedError(self.title, reason, self.log, last_lines(self.log))

    def _signal(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                self._process.send_signal(number)


def last_lines(log: Path, count: int = _LAST_LINES) -> str:
    """The end of a log."""
    if not log.exists():
        return ""
    return "\n".join(log.read_text(errors="replace").splitlines()[-count:])


def _rotate(log: Path) -> None:
    if log.exists() and log.stat().st_size > _LOG_LIMIT:
        log.replace(log.with_suffix(".log.1"))
