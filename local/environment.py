"""What the parts of the stack are told by their environment, and which servers it names elsewhere."""

import os
from collections.abc import Mapping
from pathlib import Path

from temporalio.envconfig import ClientConfigProfile

from local.errors import TemporalConfigError
from local.folder import DataFolder
from local.ports import HOST, Ports, variables
from local.postgres import database_url

_WRITE_KEY = "local-write-key"
_ADMIN_KEY = "local-admin-key"


def environment(ports: Ports, folder: DataFolder, given: Mapping[str, str]) -> dict[str, str]:
    """The environment of every part: what is given wins over what the embedded stack would say, ports excepted.

    Raises TemporalConfigError.
    """
    api, mailbox = f"http://{HOST}:{ports.api}", f"http://{HOST}:{ports.mailbox}"
    ours = {
        "KUNDRESA_DATABASE_URL": database_url(ports.postgres),
        "KUNDRESA_WRITE_KEYS": _WRITE_KEY,
        "KUNDRESA_ADMIN_KEY": _ADMIN_KEY,
        "KUNDRESA_SECRET": folder.secret(),
        "KUNDRESA_SMTP_URL": f"smtp://{HOST}:{ports.smtp}",
        "KUNDRESA_PUBLIC_URL": api,
        "KUNDRESA_SHOP_URL": api,
        "KUNDRESA_STAFF": "sales=sales@shop.example,support=support@shop.example",
        "PYTHONUNBUFFERED": "1",
    }
    if "KUNDRESA_SMTP_URL" not in given:  # only our own mailbox can tell what it took
        ours |= {"KUNDRESA_EVIDENCE_URL": f"{mailbox}/evidence", "KUNDRESA_EVIDENCE_AFTER": "PT5S"}
    if "temporal" not in elsewhere(given):
        ours["KUNDRESA_TEMPORAL_UI_URL"] = f"http://{HOST}:{ports.ui}"
    # Ports reach us as options, or as variables that an option may have overruled.
    told = {**ours, **{name: _placed(name, value) for name, value in given.items() if name not in variables()}}
    return _with_temporal(told, ports, given) | {"KUNDRESA_METRICS_PORT": str(ports.metrics)}


def elsewhere(given: Mapping[str, str]) -> set[str]:
    """The parts whose servers exist already, named by the environment. Raises TemporalConfigError."""
    named = {
        "postgres": "KUNDRESA_DATABASE_URL" in given,
        "temporal": bool(_profile(given).address),
        "mailbox": "KUNDRESA_SMTP_URL" in given,
    }
    return {name for name, is_named in named.items() if is_named}


def _with_temporal(told: dict[str, str], ports: Ports, given: Mapping[str, str]) -> dict[str, str]:
    profile = _profile(given)
    if profile.address:
        return told | {"TEMPORAL_ADDRESS": profile.address}
    # Keys, certificates and configuration files are meant for another server than ours.
    return {name: value for name, value in told.items() if not name.startswith("TEMPORAL_")} | {
        "TEMPORAL_ADDRESS": f"{HOST}:{ports.temporal}",
        "TEMPORAL_NAMESPACE": profile.namespace or "default",
        "TEMPORAL_CONFIG_FILE": os.devnull,
    }


def _placed(name: str, value: str) -> str:
    # The parts run in the source folder, and a path is meant from where the person stands.
    if value and name.startswith(("KUNDRESA_", "TEMPORAL_")) and name.endswith(("_DIR", "_PATH", "_CONFIG_FILE")):
        return str(Path(value).absolute())
    return value


def _profile(given: Mapping[str, str]) -> ClientConfigProfile:
    """What the SDK's own variables say, and the configuration file that it reads."""
    try:
        return ClientConfigProfile.load(override_env_vars=dict(given))
    except RuntimeError as error:
        raise TemporalConfigError(str(error)) from None
