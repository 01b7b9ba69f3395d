"""Many events of one request: the good ones are recorded, the bad ones are told with their place and reason."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import orjson

from api.bodies import EVENT_BYTES
from api.errors import InvalidError
from api.fields import Object
from store.incoming import Incoming, Refused
from store.intake import Intake
from store.recording import EventRefusedError

_TOO_LARGE = f"the event is larger than {EVENT_BYTES // 1024} kB"


@dataclass(slots=True)
class Gathered:
    """The events of one request, with the place in the request of each, and those that cannot be taken."""

    events: list[Incoming] = field(default_factory=list)
    places: list[int] = field(default_factory=list)
    rejected: list[Object] = field(default_factory=list)
    accepted: list[str] = field(default_factory=list)

    def reject(self, place: int, message_id: object, details: Sequence[tuple[str, str]]) -> None:
        """Note an event that cannot be taken."""
        told = [{"path": path, "message": message} for path, message in details]
        known_id = message_id if isinstance(message_id, str) else None
        self.rejected.append({"index": place, "messageId": known_id, "details": told})

    async def record(self, intake: Intake) -> None:
        """Record the good ones. Raises InvalidError when not a single event of the request could be taken."""
        for place, outcome in zip(self.places, await intake.accept(self.events), strict=True):
            if isinstance(outcome, Refused):
                self.reject(place, outcome.message_id, [("", f"the database refuses it ({outcome.reason})")])
            else:
                self.accepted.append(outcome.message_id)
        self.rejected.sort(key=lambda rejected: int(rejected["index"]))
        if self.rejected and not self.accepted:
            raise InvalidError("not one event could be taken", _all_details(self.rejected))


def gather(bodies: Sequence[Any], read: Callable[[Object], Incoming]) -> Gathered:
    """Read every event of a request."""
    gathered = Gathered()
    for place, body in enumerate(bodies):
        if not isinstance(body, dict):
            gathered.reject(place, None, [("", "must be an object")])
        elif len(orjson.dumps(body)) > EVENT_BYTES:
            gathered.reject(place, body.get("messageId"), [("", _TOO_LARGE)])
        else:
            try:
                gathered.events.append(read(body))
            except InvalidError as error:
                gathered.reject(place, body.get("messageId"), error.details)
            else:
                gathered.places.append(place)
    return gathered


async def take_one(intake: Intake, event: Incoming) -> str:
    """Record the one event of a request; its `messageId`. Raises EventRefusedError when the database refuses it."""
    (outcome,) = await intake.accept([event])
    if isinstance(outcome, Refused):
        raise EventRefusedError(f"the database refuses this event ({outcome.reason})")
    return outcome.message_id


def _all_details(rejected: Sequence[Object]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (".".join(filter(None, (f"[{entry['index']}]", detail["path"]))), detail["message"])
        for entry in rejected
        for detail in entry["details"]
    )
