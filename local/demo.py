"""`kundresa demo`: plays a small shop's afternoon against a running stack."""

import os
from collections import Counter
from dataclasses import dataclass

import httpx2

from local.command import own_command
from local.errors import ServerAwayError, StackError
from local.shop import CUSTOMERS, Event, afternoon

_BATCH = 100


@dataclass(frozen=True)
class Played:
    """What was sent: how many events and contacts, how often each thing happened; and where to look now."""

    events: int
    contacts: int
    happened: dict[str, int]
    mailbox: str
    temporal_ui: str


def demo() -> Played:
    """Send the traffic. Raises ServerAwayError when the API does not answer, StackError when it does not take it."""
    mailbox = _mailbox()
    events = list(afternoon(mailbox))
    for first in range(0, len(events), _BATCH):
        _send(events[first : first + _BATCH])
    happened = Counter(str(event.get("event", "(became known)")) for event in events)
    return Played(len(events), len(CUSTOMERS), dict(happened), mailbox, os.environ.get("KUNDRESA_TEMPORAL_UI_URL", ""))


def told(played: Played) -> str:
    """What to look at now, for people."""
    return (
        f"{played.events} events of {played.contacts} contacts were accepted. Look at\n"
        f"  the mailbox       {played.mailbox or 'of your own SMTP server'}\n"
        f"  the journeys      {played.temporal_ui or 'the UI of your own Temporal'}\n"
        f"  an hour later     {own_command()} advance 1h"
    )


def _send(events: list[Event]) -> None:
    api, key = os.environ["KUNDRESA_PUBLIC_URL"], os.environ["KUNDRESA_WRITE_KEYS"].split(",")[0]
    try:
        answer = httpx2.post(f"{api}/v1/batch", json={"batch": events}, auth=(key, ""), timeout=30)
    except httpx2.HTTPError as error:
        raise ServerAwayError(f"The API at {api} does not answer ({error}). Is the stack running?") from error
    if not answer.is_success:
        raise StackError(f"The API answered {answer.status_code}: {answer.text}")


def _mailbox() -> str:
    return os.environ.get("KUNDRESA_EVIDENCE_URL", "").removesuffix("/evidence")
