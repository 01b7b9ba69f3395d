"""Journeys, for operators: who is inside, and holding everybody where they are."""

from http import HTTPStatus

from fastapi import APIRouter, Depends

from api.answers import JourneyAnswer
from api.dependencies import Door, admin, reaching_temporal
from api.errors import NotFoundError, documented
from store import journeys, reports
from workflows.starting import release_held

router = APIRouter(
    prefix="/v1/admin/journeys",
    tags=["Admin"],
    dependencies=[Depends(admin)],
    responses=documented(HTTPStatus.UNAUTHORIZED, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
)
_MISSING = documented(HTTPStatus.NOT_FOUND)


@router.get("", summary="List the journeys")
async def listed(door: Door) -> list[JourneyAnswer]:
    """Every journey that was ever published, with the number of people inside by status."""
    async with door.database.transaction() as session:
        return [JourneyAnswer.of(report, door) for report in await reports.journeys(session)]


@router.post("/{journey}/pause", summary="Pause a journey", responses=_MISSING)
async def pause(journey: str, door: Door) -> JourneyAnswer:
    """Hold everybody inside where they are: no letter leaves, and nobody is thrown out."""
    async with door.database.transaction() as session:
        if not await journeys.pause(session, journey):
            raise NotFoundError("there is no such journey")
    return await _one(journey, door)


@router.post("/{journey}/resume", summary="Resume a journey", responses=_MISSING)
async def resume(journey: str, door: Door) -> JourneyAnswer:
    """Let everybody go on. When Temporal is away (503), call again: who was held must be told."""
    async with door.database.transaction() as session:
        if not await journeys.resume(session, journey):
            raise NotFoundError("there is no such journey")
    with reaching_temporal():
        await release_held(door.temporal, journey)
    return await _one(journey, door)


async def _one(journey: str, door: Door) -> JourneyAnswer:
    async with door.database.transaction() as session:
        found = next(report for report in await reports.journeys(session) if report.name == journey)
    return JourneyAnswer.of(found, door)
