"""What `kundresa up` shows: the steps as they go, the table of addresses, and what happens later."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from local.command import own_command
from local.database import shown
from local.ports import HOST
from local.stack import Stack


class Screen:
    """A terminal, or a log where there is none."""

    def __init__(self, console: Console) -> None:
        self._console = console
        columns = (SpinnerColumn(finished_text="[green]✓"), TextColumn("{task.description}"), TimeElapsedColumn())
        self._progress = Progress(*columns, console=console, disable=not console.is_terminal)

    @contextmanager
    def steps(self) -> Iterator[None]:
        """Show the steps that are taken inside the block."""
        with self._progress:
            yield

    @contextmanager
    def step(self, title: str) -> Iterator[None]:
        """Show one step for as long as the block takes."""
        task, began = self._progress.add_task(title, total=1), time.monotonic()
        yield
        self._progress.update(task, completed=1)
        if not self._console.is_terminal:
            self.tell(f"{title}: ready after {time.monotonic() - began:.1f} s")

    def tell(self, text: str, *, style: str = "") -> None:
        """One line, or several."""
        self._console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)

    def warn(self, text: str) -> None:
        """Something that a person should see."""
        self.tell(text, style="yellow")

    def addresses(self, stack: Stack) -> None:
        """The one table of addresses, and what to do next."""
        table = Table(title="Kundresa is running", title_justify="left", show_header=False)
        table.add_column(style="bold", no_wrap=True)
        table.add_column(overflow="fold")
        for name, where in _rows(stack):
            table.add_row(name, where)
        self._console.print(table)
        self.tell(f"Try: {own_command()} demo, then {own_command()} advance 1h. Ctrl-C stops everything.")


def _rows(stack: Stack) -> Iterator[tuple[str, str]]:
    told, ports = stack.environment, stack.ports
    api = f"http://{HOST}:{ports.api}"
    yield "API", api
    yield "API pages", f"{api}/docs"
    if "KUNDRESA_TEMPORAL_UI_URL" in told:
        yield "Temporal UI", told["KUNDRESA_TEMPORAL_UI_URL"]
    yield "Temporal", _marked(stack, "temporal", told["TEMPORAL_ADDRESS"])
    if "mailbox" in stack.parts:
        yield "Mailbox", f"http://{HOST}:{ports.mailbox}"
    yield "SMTP", _marked(stack, "mailbox", shown(told["KUNDRESA_SMTP_URL"]))
    yield "PostgreSQL", _marked(stack, "postgres", shown(told["KUNDRESA_DATABASE_URL"]))
    if ports.metrics:
        yield "Metrics", f"http://{HOST}:{ports.metrics}/metrics"
    yield "Write key", told["KUNDRESA_WRITE_KEYS"]
    yield "Admin key", told["KUNDRESA_ADMIN_KEY"]
    yield "Logs", str(stack.folder.path / "logs")


def _marked(stack: Stack, name: str, where: str) -> str:
    return f"{where} (not ours: named by the environment)" if name in stack.elsewhere else where
