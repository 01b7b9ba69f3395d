"""What files would change, publishing them, and what was published before: for operators and their deployments."""

from http import HTTPStatus
from pathlib import PurePosixPath
from typing import Any

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from api.bodies import read_json
from api.dependencies import Door, FrontDoor, admin
from api.errors import ConflictError, InvalidError, MistakesError, NotFoundError, counted, documented
from mail.library import library
from rules.choices import Choice, Manner
from rules.comparing import written
from rules.content import Content, content
from rules.reading import read_texts
from store import journeys, versions
from store.journeys import VersionProblem
from store.versions import Version
from workflows.census import Census
from workflows.choosing import ChoiceRefused, examine
from workflows.publishing import Proposal, begin, propose, publish

router = APIRouter(
    tags=["Versions"],
    dependencies=[Depends(admin)],
    responses=documented(HTTPStatus.UNAUTHORIZED, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
)
_CHANGING = documented(HTTPStatus.BAD_REQUEST, HTTPStatus.CONFLICT, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
_MISSING = documented(HTTPStatus.NOT_FOUND)
_BYTES = 4 * 1024 * 1024


class Chosen(BaseModel):
    """What becomes of the people inside a journey; `mapping` tells where to go on from steps that are gone."""

    model_config = ConfigDict(extra="forbid")

    manner: Manner = "pin"
    mapping: dict[str, str] = Field(default_factory=dict)


class Files(BaseModel):
    """All files, each as path and text; of a kind of which there is none, everything stays as it is."""

    model_config = ConfigDict(extra="forbid")

    files: dict[str, str] = Field(min_length=1)
    choices: dict[str, Chosen] = Field(default_factory=dict)


class LiveFile(BaseModel):
    """A file that is live. `version` is that of a journey which takes new contacts, or will after draining."""

    kind: str = Field(examples=["journeys"])
    name: str = Field(examples=["cart-abandonment"])
    version: int | None = Field(default=None, examples=[3])


class Applied(BaseModel):
    """What is live now, of all that was sent, and what was chosen. The same request again has the same answer."""

    live: list[LiveFile]
    choices: dict[str, Chosen]


_CHOICE: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "properties": {
        "manner": {"enum": ["pin", "migrate", "drain", "end"], "default": "pin"},
        "mapping": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}
_EXAMPLE = """journey: parcel-check
title: Ask whether the parcel has arrived
class: transactional
trigger: {event: Order Shipped}
steps:
  - wait: 2d
  - send: order-review
"""
_DOCUMENT: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {
            "application/json": {
                "schema": {
                    "type": "object",
                    "required": ["files"],
                    "additionalProperties": False,
                    "properties": {
                        "files": {"type": "object", "additionalProperties": {"type": "string"}},
                        "choices": {"type": "object", "additionalProperties": _CHOICE},
                    },
                },
                "example": {
                    "files": {"journeys/parcel-check.yaml": _EXAMPLE},
                    "choices": {"parcel-check": {"manner": "pin"}},
                },
            }
        },
    }
}


@router.post("/v1/plan", summary="What would change", responses=_CHANGING, openapi_extra=_DOCUMENT)
async def plan(request: Request, door: Door) -> Proposal:
    """Compare the files with what is live, and tell who is inside the journeys that change. Nothing is changed."""
    asked = await _asked(request)
    return await _examined(door, _content(asked, door), _choices(asked))


@router.post("/v1/apply", summary="Publish", responses=_CHANGING, openapi_extra=_DOCUMENT)
async def apply(request: Request, door: Door) -> Applied:
    """Publish all files or, when one of them holds a mistake or a choice cannot be done, none of them."""
    asked = await _asked(request)
    whole, choices = _content(asked, door), _choices(asked)
    await _examined(door, whole, choices)
    published = await publish(door.database, whole, choices)
    await begin(door.temporal, [name for name, choice in choices.items() if choice.manner in ("migrate", "end")])
    live = [
        LiveFile(kind=each.kind, name=each.name, version=each.version) for each in published if each.change != "gone"
    ]
    return Applied(live=live, choices=asked.choices)


async def _asked(request: Request) -> Files:
    try:
        return Files.model_validate(await read_json(request, _BYTES))
    except ValidationError as error:
        found = error.errors()
        details = tuple((".".join(map(str, each["loc"])), str(each["msg"])) for each in found)
        raise InvalidError(counted(len(found)), details) from error


def _choices(asked: Files) -> dict[str, Choice]:
    return {name: Choice(chosen.manner, chosen.mapping) for name, chosen in asked.choices.items()}


def _content(asked: Files, door: FrontDoor) -> Content:
    """What the texts say. Raises MistakesError with all that is wrong in any of them."""
    reading = read_texts(asked.files, library(door.templates, door.staff, door.senders))
    if reading.mistakes:
        raise MistakesError(reading.mistakes)
    return content(reading, frozenset(PurePosixPath(path).parts[0] for path in asked.files), None)


async def _examined(door: FrontDoor, whole: Content, choices: dict[str, Choice]) -> Proposal:
    proposal = await propose(door.database, whole, Census(door.temporal), choices)
    try:
        examine(proposal, whole, choices)
    except ChoiceRefused as refused:
        details = tuple(("choices", reason) for reason in refused.reasons)
        raise ConflictError(
            "what was chosen for the people inside cannot be done; nothing was published", details
        ) from refused
    return proposal


@router.get("/v1/admin/journeys/{journey}/versions", summary="List the versions of a journey", responses=_MISSING)
async def listed(journey: str, door: Door) -> list[Version]:
    """Every version, the latest first, with how many people are inside."""
    async with door.database.transaction() as session:
        found = await versions.of_journey(session, journey)
    if not found:
        raise NotFoundError("there is no such journey")
    return found


@router.get("/v1/admin/journeys/{journey}/versions/{number}", summary="Show a version", responses=_MISSING)
async def shown(journey: str, number: int, door: Door) -> dict[str, Any]:
    """What the version says, in the words of its author's file."""
    async with door.database.transaction() as session:
        try:
            return written(await journeys.definition(session, journey, number))
        except VersionProblem as problem:
            raise NotFoundError(str(problem)) from problem
