"""The figures to keep, with the day and the machine they are of: those of different machines tell nothing together."""

import json
import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import psutil

from bench.figures import Figure, number

_MET = {None: "", True: "yes", False: "**no**"}
_HEAD = """\
# Measurements

What `make bench` printed on {at:%d %B %Y}, on {machine}. What is measured, and how, is told in
[bench/README.md](../bench/README.md). This page is written by `python -m bench --page docs/measurements.md`.

| what | ours | floor | ratio | target | met |
|---|---:|---:|---:|---|---|
"""


def data(figures: Sequence[Figure]) -> str:
    """The figures as JSON."""
    told = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "figures": [figure.as_data() for figure in figures],
    }
    return json.dumps(told, indent=2) + "\n"


def page(figures: Sequence[Figure]) -> str:
    """The figures as a page of Markdown."""
    rows = "".join(f"| {' | '.join(_row(figure))} |\n" for figure in figures)
    return _HEAD.format(at=datetime.now(UTC), machine=machine()) + rows


def _row(figure: Figure) -> tuple[str, ...]:
    floor = "" if figure.floor is None else f"{number(figure.floor)} {figure.unit}"
    ratio = "" if figure.ratio is None else f"{figure.ratio:.2f}"
    return (
        figure.name,
        f"{number(figure.ours)} {figure.unit}",
        floor,
        ratio,
        str(figure.target or ""),
        _MET[figure.met],
    )


def machine() -> str:
    """The machine, and what runs on it, in a few words."""
    memory = psutil.virtual_memory().total / 2**30
    python, sdk = platform.python_version(), version("temporalio")
    return (
        f"{os.cpu_count()} cores ({_processor()}) with {memory:.0f} GB, {platform.system()}, Python {python}, "
        f"temporalio {sdk} with the embedded server"
    )


def _processor() -> str:
    told = Path("/proc/cpuinfo")
    lines = told.read_text().splitlines() if told.exists() else []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())
