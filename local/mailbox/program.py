"""The mailbox as a part of the stack."""

import sys
from collections.abc import Mapping
from pathlib import Path

from local.answers import answers
from local.part import Program
from local.ports import HOST


def mailbox(folder: Path, smtp_port: int, http_port: int, environment: Mapping[str, str]) -> Program:
    """The part: SMTP, pages and JSON in one process."""
    ports = ["--smtp-port", str(smtp_port), "--http-port", str(http_port)]
    return Program(
        name="mailbox",
        title="Mailbox",
        command=[sys.executable, "-m", "local.mailbox", *ports, "--folder", str(folder)],
        answers=lambda: answers(f"http://{HOST}:{http_port}/messages?limit=1"),
        environment=environment,
    )
