"""The data folder of a stack: where everything lies, and the lock that keeps a second stack out."""

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from local.errors import FolderTakenError

_SOURCE = Path(__file__).resolve().parent.parent


@dataclass(frozen=True, slots=True)
class DataFolder:
    """The paths below one data folder."""

    path: Path

    @classmethod
    def at(cls, path: Path) -> "DataFolder":
        """Make the folder where it is missing."""
        folder = cls(path.resolve())
        for needed in (folder.path, folder.path / "logs", folder.path / "run"):
            needed.mkdir(parents=True, exist_ok=True)
        return folder

    @property
    def source(self) -> Path:
        """The project's own folder, where the parts run."""
        return _SOURCE

    @property
    def postgres(self) -> Path:
        """PostgreSQL's data."""
        return self.path / "postgres"

    @property
    def temporal(self) -> Path:
        """Temporal's database file."""
        return self.path / "temporal.db"

    @property
    def mailbox(self) -> Path:
        """The mails, one file each."""
        return self.path / "mailbox"

    @property
    def addresses(self) -> Path:
        """What the running stack's other terminals need to know."""
        return self.path / "stack.json"

    def log(self, name: str) -> Path:
        """The log of one part."""
        return self.path / "logs" / f"{name}.log"

    def pid_file(self, name: str) -> Path:
        """The pid file of one part."""
        return self.path / "run" / f"{name}.json"

    def secret(self) -> str:
        """The secret that signs links: made once, then kept, for old links depend on it."""
        path = self.path / "secret"
        if not path.exists():
            write_private(path, secrets.token_urlsafe(32))
        return path.read_text().strip()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep the folder for ourselves. Raises FolderTakenError while another stack holds it."""
        with (self.path / "lock").open("a+") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                lock.seek(0)
                holder = lock.read().strip()
                raise FolderTakenError(self.path, f" (process {holder})" if holder else "") from None
            lock.truncate(0)
            lock.write(str(os.getpid()))
            lock.flush()
            yield  # the lock ends with the file, however the process ends


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner may read."""
    draft = path.with_name(f"{path.name}.new")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    draft.replace(path)
