"""What the parts of the stack are told by their environment, and what other terminals may know of it."""

import json
import os
from collections.abc import Mapping

import psutil

from local.errors import NotRunningError
from local.folder import DataFolder, write_private
from local.ports import HOST, Ports
from local.postgres import database_url

_WRITE_KEY = "local-write-key"
_ADMIN_KEY = "local-admin-key"


def environment(ports: Ports, folder: DataFolder, given: Mapping[str, str]) -> dict[str, str]:
    """The environment of every part: what is given wins over what the embedded stack would say."""
    api, mailbox = f"http://{HOST}:{ports.api}", f"http://{HOST}:{ports.mailbox}"
    ours = {
        "KUNDRESA_DATABASE_URL": database_url(ports.postgres),
        "TEMPORAL_ADDRESS": f"{HOST}:{ports.temporal}",
        "KUNDRESA_WRITE_KEYS": _WRITE_KEY,
        "KUNDRESA_ADMIN_KEY": _ADMIN_KEY,
        "KUNDRESA_SECRET": folder.secret(),
        "KUNDRESA_SMTP_URL": f"smtp://{HOST}:{ports.smtp}",
        "KUNDRESA_PUBLIC_URL": api,
        "KUNDRESA_SHOP_URL": api,
        "KUNDRESA_TEMPORAL_UI_URL": f"http://{HOST}:{ports.ui}",
        "KUNDRESA_METRICS_PORT": str(ports.metrics),
        "PYTHONUNBUFFERED": "1",
    }
    if "KUNDRESA_SMTP_URL" not in given:  # only our own mailbox can tell what it took
        ours |= {"KUNDRESA_EVIDENCE_URL": f"{mailbox}/evidence", "KUNDRESA_EVIDENCE_AFTER": "PT5S"}
    return {**ours, **given}


def publish(folder: DataFolder, told: Mapping[str, str]) -> None:
    """Leave a note for other terminals: how to reach this stack. Only its owner may read it."""
    ours = {name: value for name, value in told.items() if name.startswith(("KUNDRESA_", "TEMPORAL_"))}
    write_private(folder.addresses, json.dumps({"pid": os.getpid(), "environment": ours}, indent=2))


def withdraw(folder: DataFolder) -> None:
    """The stack has stopped."""
    folder.addresses.unlink(missing_ok=True)


def running(folder: DataFolder) -> dict[str, str]:
    """How to reach the stack that runs on this folder. Raises NotRunningError when none does."""
    try:
        note = json.loads(folder.addresses.read_text())
    except FileNotFoundError:
        raise NotRunningError(folder.path) from None
    if not psutil.pid_exists(note["pid"]):
        raise NotRunningError(folder.path)
    return dict(note["environment"])


def adopt(folder: DataFolder) -> None:
    """Let this process speak to the stack on this folder; what its environment says already, stays."""
    for name, value in running(folder).items():
        os.environ.setdefault(name, value)
