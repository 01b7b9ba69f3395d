"""A data folder and ports of its own for each test; whatever a test starts, it stops."""

from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from local.folder import DataFolder
from local.ports import Ports


@pytest.fixture
def folder() -> Iterator[DataFolder]:
    # pytest's own folders let nobody else pass, and PostgreSQL may run as somebody else.
    with TemporaryDirectory(prefix="kundresa-") as path:
        yield DataFolder.at(Path(path))


@pytest.fixture
def ports() -> Ports:
    return Ports.free()
