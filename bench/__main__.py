"""`python -m bench [NAME ...] [--json FILE] [--page FILE] [--contacts N]`: measure; show figures beside their floors.

The exit code is 1 when a figure misses its target.
"""

import argparse
import asyncio
import sys
import time
from collections.abc import Awaitable, Callable
from functools import partial
from pathlib import Path

from rich.console import Console

from bench import conditions, intake, journeys, latency, memory, messages, routing, segments
from bench.figures import Figure, Tell, table
from bench.report import data, page
from bench.servers import Servers, servers

Measure = Callable[[Servers, Tell], Awaitable[list[Figure]]]
MEASUREMENTS: dict[str, Measure] = {
    "conditions": conditions.measure,
    "intake": intake.measure,
    "journeys": journeys.measure,
    "latency": latency.measure,
    "memory": memory.measure,
    "messages": messages.measure,
    "routing": routing.measure,
    "segments": segments.measure,
}


async def run(names: list[str], console: Console, contacts: int) -> list[Figure]:
    """Measure these, one after the other; `contacts` is the size of the shop of `segments`."""
    measurements = MEASUREMENTS | {"segments": partial(segments.measure, contacts=contacts)}
    began, figures = time.monotonic(), list[Figure]()

    def tell(line: str) -> None:
        console.print(f"[dim]{time.monotonic() - began:5.0f} s[/] {line}", highlight=False)

    for name in names:
        async with servers() as these:
            figures += await measurements[name](these, tell)
    return figures


def main() -> None:
    """Read the options, measure, show."""
    options = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    options.add_argument("names", nargs="*", metavar="NAME", help=f"of: {', '.join(MEASUREMENTS)}; all without one")
    options.add_argument("--json", type=Path, metavar="FILE", help="write the figures to this file as well")
    options.add_argument("--page", type=Path, metavar="FILE", help="write them as a page, with day and machine, too")
    options.add_argument("--contacts", type=int, default=1_000_000, help="contacts of `segments` (%(default)s)")
    chosen = options.parse_args()
    if unknown := set(chosen.names) - set(MEASUREMENTS):
        options.error(f"there is no measurement {', '.join(sorted(unknown))}")
    console = Console()
    figures = asyncio.run(run(chosen.names or list(MEASUREMENTS), console, chosen.contacts))
    console.print(table(figures))
    if chosen.json:
        chosen.json.write_text(data(figures))
    if chosen.page:
        chosen.page.write_text(page(figures))
    if any(figure.met is False for figure in figures):
        sys.exit(1)


if __name__ == "__main__":
    main()
