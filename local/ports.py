"""The ports of the embedded stack, and whether they are free."""

import errno
import random
import socket
from collections.abc import Iterable
from dataclasses import dataclass, fields

from local.errors import PortTakenError

HOST = "127.0.0.1"

_PURPOSES = {
    "api": "the API",
    "ui": "the Temporal UI",
    "temporal": "the Temporal server",
    "mailbox": "the mailbox's pages",
    "smtp": "the mailbox's SMTP server",
    "postgres": "PostgreSQL",
    "metrics": "the worker's metrics",
}


@dataclass(frozen=True, slots=True)
class Ports:
    """One port a part, all on the loopback address."""

    api: int = 8400
    ui: int = 8233
    temporal: int = 7233
    mailbox: int = 8425
    smtp: int = 2525
    postgres: int = 5442
    metrics: int = 9464
    """0: the worker serves no metrics."""

    @classmethod
    def free(cls) -> "Ports":
        """Ports that nobody uses at the moment, for tests and for second stacks.

        They lie below those that systems give to outgoing connections: a part that was down finds its port again.
        """
        chosen: set[int] = set()
        while len(chosen) < len(fields(cls)):
            port = random.randrange(15_000, 32_000)  # noqa: S311 - no secret
            if _is_free(port):
                chosen.add(port)
        return cls(*chosen)

    def check_free(self, names: Iterable[str]) -> None:
        """Raise PortTakenError for the first of these ports that is in use."""
        for name in names:
            port = getattr(self, name)
            if port and not _is_free(port):
                raise PortTakenError(_PURPOSES[name], port, f"--{name}-port", variable(name))


def variables() -> frozenset[str]:
    """The environment variables that set ports. They are for `kundresa up`, not for the parts."""
    return frozenset(variable(field.name) for field in fields(Ports))


def variable(name: str) -> str:
    """The environment variable that sets this port."""
    return f"KUNDRESA_{name.upper()}_PORT"


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        # As servers do: a port whose last connections are still fading away counts as free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return False
            raise
    return True
