"""How a person calls us."""

import shutil
import sys
from pathlib import Path


def own_command() -> str:
    """The command as it is written from here."""
    if shutil.which("kundresa"):
        return "kundresa"
    beside = Path(sys.executable).with_name("kundresa")
    return str(beside.relative_to(Path.cwd())) if beside.is_relative_to(Path.cwd()) else str(beside)
