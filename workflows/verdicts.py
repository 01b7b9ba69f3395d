"""What routing writes down: who entered a journey by what, and who did not although its trigger named the event."""

from collections.abc import Iterable, Sequence

from rules.decisions import Noted
from rules.entering import Refuse
from store.outbox import Waiting
from workflows.errands import Entering, Errands


class Verdicts:
    """Turns errands into decisions, each refusal once a day.

    A contact may be refused at every page that it views. The key of a refusal therefore names the day: the same
    journey refuses the same contact for the same kind of reason once a day in the table, with the facts of the first
    time. What this process has written lately, the `remembered` latest refusals, it does not even send to the
    database again.
    """

    def __init__(self, remembered: int = 100_000) -> None:
        self._remembered = remembered
        self._written: dict[str, None] = {}

    def of(self, every: Sequence[Errands]) -> list[Noted]:
        """The decisions to be written; those about enrolments first need their rows."""
        noted: dict[str, Noted] = {}
        for errands in every:
            for entering in errands.starts:
                noted[f"{entering.inside.id}/entered"] = _entered(errands.waiting, entering)
            about = _about(errands.waiting) if errands.refusals else ""
            for refusal in errands.refusals:
                key = f"refused/{refusal.version.plan.journey}/{refusal.verdict}/{about}"
                if key not in self._written and key not in noted:
                    noted[key] = _refused(key, errands.waiting, refusal)
        return list(noted.values())

    def written(self, noted: Iterable[Noted]) -> None:
        """These are committed: remember the refusals among them, the latest of them."""
        for each in noted:
            if each.kind == "refused" and each.key is not None:
                self._written[each.key] = None
        while len(self._written) > self._remembered:
            del self._written[next(iter(self._written))]


def _entered(waiting: Waiting, entering: Entering) -> Noted:
    inside = entering.inside
    return Noted(
        key=f"{inside.id}/entered",
        at=inside.started_at,
        contact_id=waiting.contact_id,
        journey=inside.journey,
        kind="entered",
        verdict="entered",
        reason=f"by {waiting.event.name}",
        enrolment_id=inside.id,
        version=inside.version,
        facts={"event": waiting.event.name, "seq": waiting.event.seq} | ({"key": inside.key} if inside.key else {}),
    )


def _about(waiting: Waiting) -> str:
    """The contact and the day."""
    return f"{waiting.contact_id}/{waiting.received_at.date().isoformat()}"


def _refused(key: str, waiting: Waiting, refusal: Refuse) -> Noted:
    (journey, version), why = refusal.version.name, refusal.why()
    return Noted(
        key=key,
        at=waiting.received_at,
        contact_id=waiting.contact_id,
        journey=journey,
        kind="refused",
        verdict=refusal.verdict,
        reason=why.reason,
        version=version,
        facts={"event": waiting.event.name, "seq": waiting.event.seq, **why.facts},
    )
