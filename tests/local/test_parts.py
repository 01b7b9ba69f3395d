import asyncio
import json
import os
import subprocess
from collections.abc import Awaitable, Callable

import asyncpg
import psutil
import pytest

from local.errors import FolderTakenError, PartFailedError, PortTakenError
from local.folder import DataFolder
from local.part import Part, Program
from local.ports import HOST, Ports
from local.postgres import database_url, postgres
from local.records import Record
from local.supervision import watch


async def yes() -> bool:
    return True


async def no() -> bool:
    return False


def shell(
    script: str, folder: DataFolder, *, answers: Callable[[], Awaitable[bool]] = yes, stop_within_s: float = 15
) -> Part:
    command = ["/bin/sh", "-c", script]
    program = Program(name="shell", title="Shell", command=command, answers=answers, stop_within_s=stop_within_s)
    return Part(program, folder)


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - it becomes true in another process
            await asyncio.sleep(0.02)


async def test_a_port_in_use_names_the_port_the_option_and_the_variable() -> None:
    ports = Ports.free()
    server = await asyncio.start_server(lambda _reader, _writer: None, HOST, ports.smtp)
    async with server:
        with pytest.raises(PortTakenError) as caught:
            ports.check_free(["api", "smtp"])
    for needed in (str(ports.smtp), "--smtp-port", "KUNDRESA_SMTP_PORT"):
        assert needed in str(caught.value)
    ports.check_free(["api", "smtp"])


def test_a_second_stack_on_the_same_folder_is_refused(folder: DataFolder) -> None:
    with folder.held(), pytest.raises(FolderTakenError, match=rf"\(process {os.getpid()}\).*--data"), folder.held():
        pass
    with folder.held():  # free again
        pass


def test_the_secret_is_made_once_and_only_its_owner_may_read_it(folder: DataFolder) -> None:
    first = folder.secret()
    assert len(first) >= 32
    assert folder.secret() == first
    assert (folder.path / "secret").stat().st_mode & 0o777 == 0o600


async def test_a_part_that_ends_while_it_starts_tells_the_end_of_its_log(folder: DataFolder) -> None:
    part = shell("echo the reason; exit 3", folder, answers=no)
    await part.start()
    with pytest.raises(PartFailedError, match=r"(?s)exit code 3.*the reason"):
        await part.ready()


async def test_a_part_that_ignores_the_request_to_stop_is_ended_by_force(folder: DataFolder) -> None:
    part = shell("trap '' TERM; echo up; while true; do sleep 0.05; done", folder, stop_within_s=0.3)
    await part.start()
    await until(lambda: "up" in part.log.read_text())
    await part.stop()
    assert part.ending() == "killed by SIGKILL"


async def test_a_part_that_dies_is_started_again_and_people_are_told(folder: DataFolder) -> None:
    told: list[str] = []
    part = shell("sleep 60", folder)
    await part.start()
    watching = asyncio.create_task(watch(part, told.append))
    first = part.pid
    assert first is not None
    psutil.Process(first).kill()
    await until(lambda: len(told) == 2)
    assert part.pid not in (None, first)
    assert "Shell stopped unexpectedly (killed by SIGKILL)" in told[0]
    assert told[1] == "Shell is back."
    await part.stop()
    await watching


async def test_a_part_that_keeps_dying_is_given_up_with_the_end_of_its_log(
    folder: DataFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("local.supervision._FIRST_PAUSE_S", 0.01)
    part = shell("echo broken; exit 7", folder)
    await part.start()
    with pytest.raises(PartFailedError, match=r"(?s)died 5 times within 60 s \(exit code 7\).*broken"):
        await watch(part, lambda _text: None)


async def test_postgres_starts_again_after_a_kill_and_keeps_what_was_committed(
    folder: DataFolder, ports: Ports
) -> None:
    part = Part(postgres(folder.postgres, ports.postgres), folder)
    await part.start()
    await part.ready()
    connection = await asyncpg.connect(database_url(ports.postgres))
    await connection.execute("CREATE TABLE kept AS SELECT 42 AS answer")
    assert await connection.fetchval("SHOW fsync") == "on"
    await part.kill()
    connection.terminate()
    # By the time of the next start, the pid in PostgreSQL's own file may belong to a stranger.
    pid_file = folder.postgres / "postmaster.pid"
    pid_file.write_text(pid_file.read_text().replace(pid_file.read_text().split()[0], str(os.getpid()), 1))
    await part.start()
    try:
        await part.ready()
        connection = await asyncpg.connect(database_url(ports.postgres))
        assert await connection.fetchval("SELECT answer FROM kept") == 42
        await connection.close()
    finally:
        await part.stop()


def test_what_a_killed_stack_left_is_stopped_but_never_a_stranger(folder: DataFolder) -> None:
    record = folder.pid_file("shell")
    left = orphan()
    Record(record).write(left.pid, "sleep")
    assert shell("", folder).stop_leftover()
    assert not left.is_running() or left.status() == psutil.STATUS_ZOMBIE
    assert not record.exists()
    # The same pid and program, but born at another time: the pid was used again, by a stranger.
    stranger = orphan()
    Record(record).write(stranger.pid, "sleep")
    noted = json.loads(record.read_text())
    record.write_text(json.dumps({**noted, "created": noted["created"] - 60}))
    assert not shell("", folder).stop_leftover()
    assert stranger.is_running()
    stranger.kill()


def orphan() -> psutil.Process:
    script = "sleep 60 >/dev/null 2>&1 & echo $!"
    started = subprocess.run(["/bin/sh", "-c", script], capture_output=True, text=True, check=True)
    return psutil.Process(int(started.stdout))
