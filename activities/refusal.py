"""Whether a letter may be sent at this moment, and why not. Every reason is one that a person can read."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from activities.orders import LetterOrder, Receipt
from rules.facts import Happening
from rules.holds import counts
from rules.matches import EventMatch
from store.addressees import Addressee
from store.ledger import Draft


@dataclass(frozen=True)
class Look:
    """All that the verdict rests on, read in one transaction."""

    order: LetterOrder
    draft: Draft
    to: Addressee
    events: Sequence[Happening]
    exits: tuple[EventMatch, ...]

    @property
    def newest(self) -> int:
        """The newest event of the contact that was looked at."""
        return max((event.seq for event in self.events), default=self.to.trigger_seq)

    def leaving(self) -> Iterator[Happening]:
        """Events that end the run, whether or not the run has heard of them yet."""
        for event in self.events:
            if event.seq > self.to.trigger_seq and any(counts(match, event, self.to.start) for match in self.exits):
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
    if not to.traits.get("email"):
        return Receipt("suppressed", "no e-mail address")
    if to.suppressed:
        return Receipt("suppressed", to.suppressed)
    if draft.message_class == "marketing" and not to.consent:
        return Receipt("unsubscribed", f"{_said(to)} {draft.topic}")
    return None


def _said(to: Addressee) -> str:
    return "never subscribed to" if to.consent is None else "unsubscribed from"
