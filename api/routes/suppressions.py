"""Suppressions, for operators: addresses that take no mail, or no marketing; why, and who says so."""

from dataclasses import asdict
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field, StringConstraints

from api.dependencies import Door, admin
from api.errors import InvalidError, documented
from api.fields import is_email
from store import suppressions
from store.suppressions import MANUAL, Scope, Suppression

router = APIRouter(
    prefix="/v1/admin/suppressions",
    tags=["Suppressions"],
    dependencies=[Depends(admin)],
    responses=documented(HTTPStatus.UNAUTHORIZED, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
)
_MOST = 10_000
_ACTOR = "admin API"
Address = Annotated[str, StringConstraints(strip_whitespace=True, max_length=254)]
Reason = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)]


class Standing(BaseModel):
    """What stands for an address."""

    address: str = Field(examples=["maja@shop.example"])
    scope: Scope = Field(description="`hard` blocks every letter, `complaint` and `manual` block marketing.")
    reason: str = Field(examples=["bounced: no such mailbox (5.1.1)"])
    evidence: str | None
    actor: str
    at: datetime | None


class Wanted(BaseModel):
    """An address to suppress."""

    address: Address = Field(examples=["maja@shop.example"])
    scope: Scope = MANUAL
    reason: Reason = Field(examples=["asked on the telephone"])


class Added(BaseModel):
    """How many were new. One that is suppressed in that scope already keeps its reason."""

    added: int
    known: int


class Named(BaseModel):
    """An address."""

    address: Address = Field(examples=["maja@shop.example"])


class Lifting(Named):
    """An address that is to have mail again."""

    reason: Reason = Field(examples=["the contact asked for it"])
    scope: Scope | None = Field(default=None, description="Without it, all of them.")


class Lifted(BaseModel):
    """In how many scopes it was suppressed until now."""

    lifted: int


@router.get("", summary="Export what is suppressed")
async def exported(door: Door) -> list[Standing]:
    """Every address that takes no mail or no marketing. Those of erased contacts cannot be told any more."""
    async with door.database.transaction() as session:
        return [Standing(**asdict(each)) for each in await suppressions.every(session)]


@router.post("", summary="Suppress addresses")
async def added(wanted: Annotated[list[Wanted], Field(min_length=1, max_length=_MOST)], door: Door) -> Added:
    """Take one address, or a list that another program has exported. Doing it again changes nothing."""
    _check([each.address for each in wanted])
    told = [Suppression(each.address, each.scope, each.reason, actor=_ACTOR) for each in wanted]
    async with door.database.transaction() as session:
        new = await suppressions.add(session, *told)
    return Added(added=new, known=len(told) - new)


@router.post("/look-up", summary="Look up an address")
async def looked_up(named: Named, door: Door) -> list[Standing]:
    """What stands for an address, also when its contact was erased. The address is in no log: it is in the body."""
    async with door.database.transaction() as session:
        return [Standing(**asdict(each) | named.model_dump()) for each in await suppressions.of(session, named.address)]


@router.post("/lift", summary="Let an address have mail again")
async def lifted(lifting: Lifting, door: Door) -> Lifted:
    """End a suppression. It stays on record, with this reason; consent that was withdrawn does not come back by it."""
    async with door.database.transaction() as session:
        number = await suppressions.lift(session, lifting.address, lifting.reason, _ACTOR, lifting.scope)
    return Lifted(lifted=number)


def _check(addresses: list[str]) -> None:
    wrong = tuple(
        (f"[{place}].address", "must be an e-mail address")
        for place, each in enumerate(addresses)
        if not is_email(each)
    )
    if wrong:
        raise InvalidError(f"{len(wrong)} addresses cannot be taken", wrong)
