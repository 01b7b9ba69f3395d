"""The hash of each letter, so that a change of it is seen."""

import hashlib
from pathlib import Path


def fingerprints(templates: Path) -> dict[str, str]:
    """The hash of every letter's folder by its name, and of the parts that letters share (such as `_base`)."""
    folders = sorted(path for path in templates.iterdir() if path.is_dir() and not path.name.startswith("."))
    return {folder.name: _fingerprint(folder) for folder in folders}


def _fingerprint(folder: Path) -> str:
    content = hashlib.sha256()
    for path in sorted(path for path in folder.rglob("*") if path.is_file()):
        told = f"{path.relative_to(folder).as_posix()}\0{path.stat().st_size}\0"
        content.update(told.encode() + path.read_bytes())
    return content.hexdigest()[:16]
