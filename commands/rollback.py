"""Old versions of journeys, read again as if they were files: what they refer to must still be there."""

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from commands.output import RefusedError
from commands.reaching import in_database, settings

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncSession

    from rules.content import Content
    from rules.journey import Journey
    from rules.library import Library


def old_versions(wanted: Mapping[str, int]) -> "Content":
    """These versions, to be published and nothing else. Raises RefusedError, also when one rests on what is gone."""
    from rules.content import Content
    from rules.reading import read_texts

    async def work(session: "AsyncSession") -> "tuple[dict[str, Journey], Library]":
        found = {name: await version(session, name, number) for name, number in wanted.items()}
        return found, await _library(session)

    found, library = in_database(work)
    reading = read_texts({f"journeys/{name}.yaml": text(journey) for name, journey in found.items()}, library)
    if reading.mistakes:
        told = (f"{each.file.removesuffix('.yaml')}, {each.where}: {each.message}" for each in reading.mistakes)
        raise RefusedError("\n  ".join(("Nothing was published: what is live now does not fit.", *told)))
    return Content(journeys=found, whole=False)


async def version(session: "AsyncSession", journey: str, number: int) -> "Journey":
    """A version of a journey. Raises RefusedError."""
    from store import journeys
    from store.journeys import VersionProblem

    try:
        return await journeys.definition(session, journey, number)
    except VersionProblem as problem:
        raise RefusedError(f"{str(problem).capitalize()}. `kundresa versions` tells which there are.") from problem


def text(journey: "Journey") -> str:
    """A journey as a file says it."""
    import yaml

    from rules.comparing import written

    content: str = yaml.safe_dump(written(journey), sort_keys=False, allow_unicode=True, width=float("inf"))
    return content


async def _library(session: "AsyncSession") -> "Library":
    """What is live, for the old versions to refer to."""
    from local.configuration import known_senders
    from mail.library import library
    from rules.coupon import Coupon
    from rules.journey import Journey
    from rules.policies import Lifecycle
    from rules.segment import Segment
    from store import publishing

    told, live = settings(), (await publishing.live(session)).definitions
    stages = live["policies"].get("stages")
    return replace(
        library(told.templates_dir, told.staff, known_senders(told)),
        journeys={name: Journey.model_validate(each) for name, each in live["journeys"].items()},
        segments={name: Segment.model_validate(each) for name, each in live["segments"].items()},
        coupons={name: Coupon.model_validate(each) for name, each in live["coupons"].items()},
        stages=Lifecycle.model_validate(stages).stages if stages is not None else (),
    )
