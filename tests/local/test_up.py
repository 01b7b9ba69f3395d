"""The whole stack as a person has it: `kundresa up` in a terminal, killed, started again, and stopped."""

import asyncio
import io
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace
from pathlib import Path

import httpx2
import psutil
import pytest
from rich.console import Console

from local import up as whole
from local.errors import DatabaseFailedError, PartFailedError
from local.folder import DataFolder
from local.ports import HOST, Ports
from local.stack import Stack

ROOT = Path(__file__).parents[2]
PATIENCE_S = 60.0


def kundresa(folder: DataFolder, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "cli", *arguments, "--data", str(folder.path)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S, check=False)


def chosen(ports: Ports) -> list[str]:
    return [f"--{name}-port={port}" for name, port in asdict(ports).items()]


@contextmanager
def up(folder: DataFolder, ports: Ports) -> Iterator[subprocess.Popen[bytes]]:
    """A stack that answers; if the test has not ended it, it is ended."""
    said = folder.path / "said.txt"
    command = [sys.executable, "-m", "cli", "up", "--data", str(folder.path), *chosen(ports)]
    with said.open("wb") as output, subprocess.Popen(command, cwd=ROOT, stdout=output, stderr=output) as stack:
        try:
            until(lambda: "Kundresa is running" in said.read_text() or stack.poll() is not None)
            assert stack.poll() is None, said.read_text()
            yield stack
        finally:
            stack.terminate()


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while not true():
        assert time.monotonic() < deadline, "it did not come true"
        time.sleep(0.1)


def count(ports: Ports) -> int:
    return int(httpx2.get(f"http://{HOST}:{ports.mailbox}/messages").json()["total"])


def test_a_port_in_use_ends_the_start_with_one_clear_line(folder: DataFolder, ports: Ports) -> None:
    with socket.create_server((HOST, ports.temporal)):
        done = kundresa(folder, "up", *chosen(ports))
    assert done.returncode == 1
    assert f"Port {ports.temporal} (the Temporal server) is in use" in done.stderr
    assert "--temporal-port" in done.stderr
    assert "KUNDRESA_TEMPORAL_PORT" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_killed_stack_leaves_nothing_behind_and_the_next_one_resumes_every_journey(
    folder: DataFolder, ports: Ports, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TEMPORAL_NAMESPACE", "shop")  # made at the first start, there at the second
    with up(folder, ports) as stack:
        played = kundresa(folder, "demo")
        assert played.returncode == 0, played.stderr
        # At once: a welcome for each of the twelve, and thanks for each of the three orders.
        until(lambda: count(ports) == 15)
        children = psutil.Process(stack.pid).children(recursive=True)
        stack.kill()
        _, alive = psutil.wait_procs(children, timeout=PATIENCE_S)
        assert not [process for process in alive if process.status() != psutil.STATUS_ZOMBIE]
    with up(folder, ports) as stack:
        assert count(ports) == 15
        moved = kundresa(folder, "advance", "61m", "--journey", "cart-abandonment")
        assert moved.returncode == 0, moved.stderr
        until(lambda: count(ports) == 21)  # an hour later: a reminder for each of the six full carts
        time.sleep(1)
        assert count(ports) == 21
        stack.send_signal(signal.SIGINT)
        assert stack.wait(PATIENCE_S) == 0
    ports.check_free(asdict(ports))
    assert not list((folder.path / "run").iterdir())


async def test_up_and_demo_work_on_servers_that_exist_already(
    folder: DataFolder, ports: Ports, existing_servers: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in existing_servers.items():
        monkeypatch.setenv(name, value)
    no_metrics = replace(ports, metrics=0)
    with up(folder, no_metrics) as stack:
        said = (folder.path / "said.txt").read_text()
        assert existing_servers["TEMPORAL_ADDRESS"] + " (not ours: named by the environment)" in said
        assert set(started(stack)) == {"cli", "worker", "local.mailbox"}
        played = kundresa(folder, "demo")
        assert played.returncode == 0, played.stderr
        until(lambda: count(ports) == 15)
    assert stack.returncode == 0


def started(stack: "subprocess.Popen[bytes]") -> list[str]:
    """The modules that the parts of a stack are."""
    commands = [process.cmdline() for process in psutil.Process(stack.pid).children()]
    return [command[command.index("-m") + 1] if "-m" in command else command[0] for command in commands]


async def test_a_worker_that_does_not_reach_temporal_seems_not_to_work(folder: DataFolder, ports: Ports) -> None:
    nowhere = {"KUNDRESA_DATABASE_URL": f"postgresql://{HOST}:1/shop", "TEMPORAL_ADDRESS": f"{HOST}:1"}
    worker = Stack(folder, ports, dict(os.environ) | nowhere).parts["worker"]
    await worker.start()
    try:
        async with asyncio.timeout(PATIENCE_S):
            while "does not answer yet" not in worker.log.read_text():  # noqa: ASYNC110 - another process writes it
                await asyncio.sleep(0.1)
        assert not await worker.program.answers()
        ports.check_free(["metrics"])
    finally:
        await worker.kill()


async def test_a_database_that_does_not_answer_ends_the_start_and_its_password_is_not_shown(
    folder: DataFolder, ports: Ports
) -> None:
    given = dict(os.environ) | {
        "KUNDRESA_DATABASE_URL": f"postgresql://shop:geheim@{HOST}:{ports.postgres}/shop",
        "TEMPORAL_ADDRESS": f"{HOST}:{ports.temporal}",
    }
    said = io.StringIO()
    with pytest.raises(DatabaseFailedError) as caught:
        await whole.up(folder, ports, given, Console(file=said))
    assert f"The database postgresql://shop:***@{HOST}:{ports.postgres}/shop cannot be used" in str(caught.value)
    assert "Mailbox: ready" in said.getvalue()
    assert "PostgreSQL" not in said.getvalue()  # servers that the environment names are not started
    assert "geheim" not in said.getvalue() + str(caught.value)


async def test_a_part_that_cannot_start_ends_the_start_with_the_end_of_its_log(
    folder: DataFolder, ports: Ports
) -> None:
    given = dict(os.environ) | {
        "KUNDRESA_DATABASE_URL": f"postgresql://nobody@{HOST}:1/nothing",
        "KUNDRESA_SMTP_URL": f"smtp://{HOST}:1",
    }
    folder.temporal.mkdir()  # where its database file should be
    with pytest.raises(PartFailedError, match=r"(?s)Temporal ended while it started.*temporal.log:\n"):
        await whole.up(folder, ports, given, Console(file=io.StringIO()))
