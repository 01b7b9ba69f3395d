"""`kundresa demo`: plays a small shop's afternoon against a running stack."""

import os
from collections import Counter

import httpx2
from rich.console import Console
from rich.table import Table

from local.command import own_command
from local.errors import StackError
from local.shop import CUSTOMERS, Event, afternoon

_BATCH = 100


def demo(console: Console) -> None:
    """Send the traffic and say what happened. Raises StackError when the API does not take it."""
    mailbox = _mailbox()
    events = list(afternoon(mailbox))
    for first in range(0, len(events), _BATCH):
        _send(events[first : first + _BATCH])
    console.print(_told(events))
    console.print(
        f"{len(events)} events of {len(CUSTOMERS)} contacts were accepted. Look at\n"
        f"  the mailbox       {mailbox or 'of your own SMTP server'}\n"
        f"  the journeys      {os.environ.get('KUNDRESA_TEMPORAL_UI_URL', 'the UI of your own Temporal')}\n"
        f"  an hour later     {own_command()} advance 1h",
        highlight=False,
        soft_wrap=True,
    )


def _send(events: list[Event]) -> None:
    api, key = os.environ["KUNDRESA_PUBLIC_URL"], os.environ["KUNDRESA_WRITE_KEYS"].split(",")[0]
    try:
        answer = httpx2.post(f"{api}/v1/batch", json={"batch": events}, auth=(key, ""), timeout=30)
    except httpx2.HTTPError as error:
        raise StackError(f"The API at {api} does not answer ({error}). Is the stack running?") from error
    if not answer.is_success:
        raise StackError(f"The API answered {answer.status_code}: {answer.text}")


def _told(events: list[Event]) -> Table:
    counts = Counter(event.get("event", "(became known)") for event in events)
    table = Table("What happened", "Times", title="An afternoon in the shop", title_justify="left")
    for name, times in counts.items():
        table.add_row(name, str(times))
    return table


def _mailbox() -> str:
    return os.environ.get("KUNDRESA_EVIDENCE_URL", "").removesuffix("/evidence")
