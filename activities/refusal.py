"""Whether a letter may be sent at this moment, and why not. Every reason is one that a person can read."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from activities.orders import LetterOrder, Receipt
from mail.senders import Sender
from rules.facts import Happening
from rules.holds import counts
from rules.plan import Plan
from store.addressees import Addressee
from store.ledger import Draft, Entry
from store.wishes import Wish


@dataclass(frozen=True)
class Look:
    """All that the verdict rests on, read in one transaction. `recipient`: where it goes; None: no address is known.

    `sender`: in whose name; None: the settings do not know the one that the journey names.
    """

    order: LetterOrder
    draft: Draft
    to: Addressee
    events: Sequence[Happening]
    plan: Plan
    recipient: str | None
    entry: Entry | None = None
    wish: Wish | None = None
    sender: Sender | None = None

    @property
    def newest(self) -> int:
        """The newest event of the contact that was looked at."""
        return max((event.seq for event in self.events), default=self.to.trigger_seq)

    @property
    def claimed(self) -> bool:
        """Whether the letter was written and claimed before."""
        return self.entry is not None and bool(self.entry.recipient and self.entry.raw)

    @property
    def stale_at(self) -> datetime:
        """When the letter would grow stale if it had never been made to wait."""
        return self.order.now + self.order.ttl

    def resting_on(self, facts: Mapping[str, Any]) -> "Look":
        """The same look, with more facts for the decision to rest on."""
        return replace(self, draft=replace(self.draft, facts={**self.draft.facts, **facts}))

    def leaving(self) -> Iterator[Happening]:
        """Events that end the run, whether or not the run has heard of them yet."""
        exits, start = self.plan.exit_on, self.to.start
        for event in self.events:
            if event.seq > self.to.trigger_seq and any(counts(match, event, start) for match in exits):
                yield event


def refusal(look: Look) -> Receipt | None:
    """Why the letter may not be sent now; None: it may."""
    to, draft = look.to, look.draft
    if to.ended:
        return Receipt("cancelled", to.end_reason)
    if (event := next(look.leaving(), None)) is not None:
        return Receipt("cancelled", event.name)
    if look.order.now > draft.not_after:
        return Receipt("expired", f"could not be sent before {draft.not_after:%Y-%m-%d %H:%M} UTC")
    if not look.recipient:
        whose = f"staff {draft.staff!r} have no address in the settings" if draft.staff else "no e-mail address"
        return Receipt("suppressed", whose)
    if to.suppressed:
        return Receipt("suppressed", to.suppressed)
    if draft.message_class == "marketing" and to.unwanted:
        return Receipt("suppressed", to.unwanted)
    if draft.message_class == "marketing" and not to.consent:
        return Receipt("unsubscribed", f"{_said(to)} {draft.topic}")
    return None


def consent_told(look: Look) -> dict[str, str]:
    """The consent that a marketing letter rests on, or misses."""
    if look.draft.message_class != "marketing":
        return {}
    return {"consent": f"{'subscribed to' if look.to.consent else _said(look.to)} {look.draft.topic}"}


def _said(to: Addressee) -> str:
    return "never subscribed to" if to.consent is None else "unsubscribed from"
