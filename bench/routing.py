"""Events routed in a second with 200 live journeys; the floor is the same router with 3.

The journeys' triggers share forty event names, and each asks more of its event than it tells: nobody enters, so that
what is measured is routing alone. With 200 journeys every event is looked at by five of them, and with 3 hardly any is.
The first refusal of a day is written down for each contact and journey; all later ones merely are not new. Both are
told apart: the first visit of a day, and the next one.
"""

import time
from collections import defaultdict
from statistics import median
from uuid import uuid4

from temporalio.client import Client

from bench.contacts import event, intake_of
from bench.figures import Figure, Tell
from bench.servers import Servers
from rules.content import Content
from rules.journey import Journey
from store.intake import Intake
from store.publishing import publish
from store.session import Database
from workflows.router import Router

_MANY, _FEW, _NAMES = 200, 3, 40
_CONTACTS = 250
_VISIT = (0, 1, 0, 0, 2, 0, 1, 0)
"""The events of a visit: eight, of three names."""

_VISITS = ("first visit of a day", "next visit")


async def measure(these: Servers, tell: Tell, *, contacts: int = _CONTACTS, rounds: int = 5) -> list[Figure]:
    """Measure in turns, many journeys and few, and take the medians."""
    client = await Client.connect(these.temporal_address)
    database = Database(these.settings.database_url)
    found: dict[tuple[str, int], list[float]] = defaultdict(list)
    try:
        async with intake_of(these.settings.database_url) as intake:
            for number in range(-1, rounds):
                for live in (_MANY, _FEW):
                    await _publish(database, live)
                    router, prefix = Router(database, client), uuid4().hex[:8]
                    for visit in _VISITS:
                        speed = await _routed(router, intake, prefix, contacts)
                        if number >= 0:  # the first round warms up
                            found[visit, live].append(speed)
                            tell(f"{visit}, round {number + 1}: {speed:,.0f} events/s with {live} live journeys")
    finally:
        await database.close()
    return [
        Figure(
            f"routing with {_MANY} live journeys, {visit}",
            "events/s",
            median(found[visit, _MANY]),
            median(found[visit, _FEW]),
        )
        for visit in _VISITS
    ]


async def _publish(database: Database, live: int) -> None:
    journeys = {journey.journey: journey for journey in map(_journey, range(live))}
    async with database.transaction() as session:
        await publish(session, Content(journeys))


def _journey(number: int) -> Journey:
    trigger = {"event": f"Bench Event {number % _NAMES}", "where": {"property": "total", "gte": number + 1}}
    return Journey.model_validate(
        {
            "journey": f"routed-{number}",
            "title": f"Nobody enters journey {number}",
            "class": "transactional",
            "trigger": trigger,
            "steps": [{"wait": "30d"}],
        }
    )


async def _routed(router: Router, intake: Intake, prefix: str, contacts: int) -> float:
    """Events of one visit of each contact, a second, from a full outbox until it is empty."""
    for number in _VISIT:
        told = [event(f"Bench Event {(of + number) % _NAMES}", prefix, of) for of in range(contacts)]
        await intake.accept(told)
    began = time.perf_counter()
    while await router.turn():
        pass
    return contacts * len(_VISIT) / (time.perf_counter() - began)
