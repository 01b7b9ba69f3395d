"""How long a letter takes: from the commit of an event until the relay has accepted the mail that it sets going.

Ours: a journey that sends at once. The floor: a bare Temporal program whose only activity sends one small mail over
connections that are kept, from the call that starts it until the mail is accepted. Events come at a gentle rate, one
for us, one for the floor, in turns.
"""

import asyncio
import time
from statistics import quantiles

from temporalio.client import Client

from bench.contacts import address, event, intake_of
from bench.figures import Figure, Target, Tell
from bench.floor.client import bare_program
from bench.floor.program import AtOnce
from bench.servers import Servers, accepted
from bench.waiting import until
from store.intake import Intake

_WARM_UP = 10
_EVERY_S = 0.125
_LOOK_EVERY_S, _PATIENCE_S = 0.5, 60.0
_TARGET = Target("ratio", "at most", 2.0)


async def measure(these: Servers, tell: Tell, *, mails: int = 200) -> list[Figure]:
    """Measure in turns, mail by mail."""
    await these.workers(1)
    async with bare_program(these, 1, "floor"), intake_of(these.settings.database_url) as intake:
        client = await Client.connect(these.temporal_address)
        began = await _send(intake, client, mails + _WARM_UP)
        ours, floor = await _waits(these, began)
    tell(f"mails: {len(ours)} of ours, {len(floor)} of the floor")
    return [_figure("p50", ours, floor, 50), _figure("p99", ours, floor, 99)]


async def _send(intake: Intake, client: Client, mails: int) -> dict[str, float]:
    """Set mails going; by recipient, when each began. The first ones, which warm up, are left out."""
    began = {}
    for number in range(mails):
        await intake.accept([event("Bench Noticed", "ours", number)])
        began[address("ours", number)] = time.time()
        await asyncio.sleep(_EVERY_S)
        recipient = address("floor", number)
        began[recipient] = time.time()
        await client.start_workflow(AtOnce.run, recipient, id=recipient, task_queue="floor")
        await asyncio.sleep(_EVERY_S)
    return dict(list(began.items())[2 * _WARM_UP :])


async def _waits(these: Servers, began: dict[str, float]) -> tuple[list[float], list[float]]:
    """How long each mail took, in milliseconds: ours, and the floor's."""

    async def all_accepted() -> bool:
        return began.keys() <= accepted(these.folder).keys()

    await until(all_accepted, every=_LOOK_EVERY_S, within=_PATIENCE_S)
    ended = accepted(these.folder)
    waits = {recipient: (ended[recipient] - at) * 1000 for recipient, at in began.items()}
    ours = [wait for recipient, wait in waits.items() if recipient.startswith("ours")]
    return ours, [wait for recipient, wait in waits.items() if recipient.startswith("floor")]


def _figure(name: str, ours: list[float], floor: list[float], percent: int) -> Figure:
    at = percent - 1
    both = quantiles(ours, n=100, method="inclusive")[at], quantiles(floor, n=100, method="inclusive")[at]
    return Figure(f"event committed to mail accepted, {name}", "ms", *both, _TARGET)
