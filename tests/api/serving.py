"""The API as it is in production: a real server on a TCP port, in a thread of its own."""

import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from unittest.mock import patch

from pydantic import SecretStr

from api.app import create_app
from api.serving import server
from settings import Settings

WRITE_KEY = "write-key-of-the-tests"
SECOND_KEY = "the-next-write-key"
ADMIN_KEY = "admin-key-of-the-tests"
SECRET = "a-secret-of-the-tests-only"
NOBODY = "127.0.0.1:1"


@dataclass(frozen=True)
class Running:
    """A running API and the database behind it."""

    url: str
    database_url: str


@contextmanager
def running(database_url: str, temporal: str = NOBODY, **more: Any) -> Iterator[Running]:
    """Serve until the block ends, with more settings. Without an address of Temporal, there is none."""
    settings = Settings(
        database_url=database_url,
        write_keys=(SecretStr(WRITE_KEY), SecretStr(SECOND_KEY)),
        admin_key=SecretStr(ADMIN_KEY),
        secret=SecretStr(SECRET),
        shop_name="Lindqvist & Döttrar",
        **more,
    )
    holder = socket.socket()
    holder.bind(("127.0.0.1", 0))
    port = holder.getsockname()[1]
    serving = server(create_app(settings), "127.0.0.1", port)
    with patch.dict(os.environ, {"TEMPORAL_ADDRESS": temporal}):
        thread = threading.Thread(target=serving.run, kwargs={"sockets": [holder]})
        thread.start()
        _wait(lambda: serving.started or not thread.is_alive())
    try:
        assert serving.started
        yield Running(f"http://127.0.0.1:{port}", database_url)
    finally:
        serving.should_exit = True
        thread.join(timeout=30)
        holder.close()


def _wait(done: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not done() and time.monotonic() < deadline:
        time.sleep(0.02)
