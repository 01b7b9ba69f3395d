"""Real servers in a folder that lasts as long as a measurement: PostgreSQL, Temporal, a mail sink, and the product."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path
from tempfile import TemporaryDirectory

import psutil

from local.answers import answers
from local.configuration import read_settings
from local.environment import environment
from local.folder import DataFolder
from local.journeys import apply
from local.part import Part, Program
from local.ports import HOST, Ports
from local.postgres import postgres
from local.temporal import temporal
from settings import Settings
from store.migrations.run import upgrade

JOURNEYS = Path(__file__).with_name("journeys")


@dataclass
class Servers:
    """What runs, and how to reach it. `told` is the environment of the product's processes."""

    folder: DataFolder
    ports: Ports
    told: dict[str, str]
    running: list[Part] = field(default_factory=list)

    @property
    def settings(self) -> Settings:
        """The settings as the product's processes read them."""
        return read_settings(self.told)

    @property
    def temporal_address(self) -> str:
        """Where the Temporal server is."""
        return self.told["TEMPORAL_ADDRESS"]

    async def start(self, program: Program) -> Part:
        """Start one more program, and wait until it answers."""
        part = Part(program, self.folder)
        self.running.append(part)
        await part.start()
        await part.ready()
        return part

    async def workers(self, count: int) -> list[Part]:
        """Start so many workers, each with all roles, as docker-compose.yml does."""
        return await asyncio.gather(*(self.worker(f"worker-{number}") for number in range(count)))

    async def worker(self, name: str, *arguments: str, **settings: str) -> Part:
        """Start one worker, with these arguments and settings on top."""
        return await self.start(_worker(name, {**self.told, **settings}, *arguments))

    def processor_time(self) -> float:
        """Seconds of processor time that all running programs have used, their own children included."""
        running = [psutil.Process(part.pid) for part in self.running if part.pid is not None]
        return sum(map(_used, chain.from_iterable([each, *each.children(recursive=True)] for each in running)))

    async def stop(self, parts: Sequence[Part]) -> None:
        """Stop these programs, side by side."""
        await asyncio.gather(*(part.stop() for part in parts))
        self.running = [part for part in self.running if part not in parts]


@asynccontextmanager
async def servers() -> AsyncIterator[Servers]:
    """PostgreSQL (migrated, with the journeys of this room), the sink, and Temporal."""
    with TemporaryDirectory(prefix="kundresa-bench-") as path:
        folder, ports = DataFolder.at(Path(path)), Ports.free()
        # PostgreSQL may run as somebody else, who must pass.
        folder.path.chmod(0o755)
        given = {name: value for name, value in os.environ.items() if not name.startswith(("KUNDRESA_", "TEMPORAL_"))}
        given["KUNDRESA_SMTP_URL"] = f"smtp://{HOST}:{ports.smtp}"
        these = Servers(folder, ports, environment(ports, folder, given))
        try:
            await these.start(postgres(folder.postgres, ports.postgres))
            await these.start(_sink(ports.smtp))
            await these.start(temporal(folder.temporal, ports.temporal, ports.ui))
            await upgrade(these.settings.database_url)
            applied = await apply(these.settings.database_url, JOURNEYS, these.settings.templates_dir)
            assert not applied.mistakes, applied.mistakes
            yield these
        finally:
            for part in reversed(these.running):
                await part.stop()


def _worker(name: str, told: dict[str, str], *arguments: str) -> Program:
    """One worker process of the product."""
    port = Ports.free().metrics
    return Program(
        name=name,
        title=name,
        command=[sys.executable, "-m", "worker", *arguments],
        answers=lambda: answers(f"http://{HOST}:{port}/metrics"),
        environment={**told, "KUNDRESA_METRICS_PORT": str(port)},
        stop_within_s=35,
    )


def _sink(port: int) -> Program:
    return Program(
        name="sink",
        title="Mail sink",
        command=[sys.executable, "-m", "bench.sink", str(port)],
        answers=lambda: listens(port),
        environment={**os.environ, "PYTHONUNBUFFERED": "1"},
    )


def _used(process: psutil.Process) -> float:
    try:
        times = process.cpu_times()
    except psutil.NoSuchProcess:  # it has just ended
        return 0.0
    return times.user + times.system


async def listens(port: int) -> bool:
    """Whether somebody takes connections on this port."""
    try:
        _, writer = await asyncio.open_connection(HOST, port)
    except OSError:
        return False
    writer.close()
    return True


def accepted(folder: DataFolder) -> dict[str, float]:
    """When the sink accepted the latest mail to each recipient, in seconds since the epoch."""
    lines = folder.log("sink").read_text().splitlines()
    return {recipient: float(at) for recipient, at in (line.split() for line in lines if " " in line)}
