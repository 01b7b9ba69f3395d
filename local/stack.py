"""The embedded stack: its parts in the order in which they start, and what is done between them."""

import asyncio
import sys
from collections.abc import Iterable, Mapping
from contextlib import AbstractContextManager
from functools import partial
from pathlib import Path
from typing import Protocol

from local.answers import Said, answers
from local.configuration import known_senders, read_settings
from local.database import migrate
from local.environment import elsewhere, environment
from local.folder import DataFolder
from local.journeys import apply, told
from local.mailbox.program import mailbox
from local.part import Part, Program
from local.ports import HOST, Ports
from local.postgres import postgres
from local.temporal import temporal
from settings import Settings

_SERVERS = ("postgres", "temporal", "mailbox")
_PRODUCT = ("api", "worker")
_PORTS = {
    "postgres": ("postgres",),
    "temporal": ("temporal", "ui"),
    "mailbox": ("smtp", "mailbox"),
    "api": ("api",),
    "worker": ("metrics",),
}


class Progress(Protocol):
    """Where the stack tells what it is doing."""

    def step(self, title: str) -> AbstractContextManager[None]:
        """A step that takes as long as the block."""

    def tell(self, text: str) -> None:
        """One line for people."""


class Stack:
    """All parts over one data folder. Parts whose servers the environment names elsewhere are left out."""

    def __init__(self, folder: DataFolder, ports: Ports, given: Mapping[str, str]) -> None:
        self.folder = folder
        self.ports = ports
        self.elsewhere = elsewhere(given)
        self.environment = environment(ports, folder, given)
        programs = _programs(folder, ports, self.environment, without=self.elsewhere)
        self.parts = {program.name: Part(program, folder) for program in programs}

    def stop_leftovers(self) -> list[str]:
        """Stop what a killed stack left behind, and name it. The product first, for it uses the servers."""
        return [part.title for part in reversed(self.parts.values()) if part.stop_leftover()]

    def check_ports(self) -> None:
        """Raise PortTakenError when a port of ours is in use."""
        self.ports.check_free(port for name in self.parts for port in _PORTS[name])

    async def start(self, progress: Progress) -> None:
        """Start everything, in order. Raises PartFailedError when a part does not come up."""
        await self._start(_SERVERS, progress)
        with progress.step("Migrations"):
            await self.migrate()
        with progress.step("Journeys"):
            said = await self.apply_journeys()
        for line in said:
            progress.tell(line)
        await self._start(_PRODUCT, progress)

    def settings(self) -> Settings:
        """The settings as the parts read them. Raises SettingsError when the given environment is wrong."""
        return read_settings(self.environment)

    async def migrate(self) -> None:
        """Bring the database to the newest state."""
        await migrate(self.settings().database_url)

    async def apply_journeys(self) -> list[str]:
        """Publish the journey files that have changed, and say what was done."""
        settings = self.settings()
        senders = known_senders(settings)
        applied = await apply(
            settings.database_url, settings.journeys_dir, settings.templates_dir, settings.staff, senders
        )
        return [*told(applied.published), *(f"{mistake} (left as it was)" for mistake in applied.mistakes)]

    async def stop(self) -> None:
        """Stop everything, in the opposite order: worker and API first, then the servers they use."""
        await self._stop(_PRODUCT)
        for name in reversed(_SERVERS):
            await self._stop([name])

    def kill(self) -> None:
        """End every part at once, for people who cannot wait."""
        for part in self.parts.values():
            part.force()

    async def _start(self, names: Iterable[str], progress: Progress) -> None:
        async with asyncio.TaskGroup() as group:
            for part in self._present(names):
                group.create_task(_bring_up(part, progress))

    async def _stop(self, names: Iterable[str]) -> None:
        await asyncio.gather(*(part.stop() for part in self._present(names)))

    def _present(self, names: Iterable[str]) -> list[Part]:
        return [self.parts[name] for name in names if name in self.parts]


async def _bring_up(part: Part, progress: Progress) -> None:
    with progress.step(part.title):
        await part.start()
        await part.ready()


def _programs(folder: DataFolder, ports: Ports, told: Mapping[str, str], *, without: set[str]) -> list[Program]:
    programs = {
        "postgres": partial(postgres, folder.postgres, ports.postgres),
        "temporal": partial(
            temporal, folder.temporal, ports.temporal, ports.ui, told.get("TEMPORAL_NAMESPACE", "default")
        ),
        "mailbox": partial(mailbox, folder.mailbox, ports.smtp, ports.mailbox, told),
        "api": partial(_api, ports.api, told),
        "worker": partial(_worker, ports.metrics, told, folder.log("worker")),
    }
    return [program() for name, program in programs.items() if name not in without]


def _api(port: int, told: Mapping[str, str]) -> Program:
    return Program(
        name="api",
        title="API",
        command=[sys.executable, "-m", "cli", "api", "--host", HOST, "--port", str(port)],
        answers=lambda: answers(f"http://{HOST}:{port}/healthz"),
        environment=told,
    )


def _worker(metrics_port: int, told: Mapping[str, str], log: Path) -> Program:
    said = Said(log, "INFO worker: working on ")
    return Program(
        name="worker",
        title="Worker",
        command=[sys.executable, "-m", "worker"],
        prepare=said.begin,
        # Metrics are served as long as it works; without them, its log must do.
        answers=(lambda: answers(f"http://{HOST}:{metrics_port}/metrics")) if metrics_port else said.answers,
        environment=told,
        stop_within_s=35,  # it finishes what is under way
    )
