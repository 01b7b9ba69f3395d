"""Coupons, for operators and the shop's checkout: their stock, a shop's own codes, and codes that were used."""

from dataclasses import asdict
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel, Field

from api.dependencies import Door, admin
from api.errors import ConflictError, NotFoundError, documented
from rules.coupon import Code
from rules.definition import Slug
from store import codes, redemptions
from store.codes import CouponUnfit, Stock
from store.redemptions import CodeUnknown

router = APIRouter(
    prefix="/v1/coupons",
    tags=["Coupons"],
    dependencies=[Depends(admin)],
    responses=documented(HTTPStatus.UNAUTHORIZED, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE),
)
_MISSING: dict[int | str, dict[str, Any]] = documented(HTTPStatus.NOT_FOUND)
_UNFIT = documented(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT)
_MOST = 50_000


class CouponAnswer(BaseModel):
    """A coupon in figures."""

    coupon: str = Field(examples=["come-back"])
    title: str = Field(examples=["10 % for coming back"])
    kind: str = Field(examples=["generated"], description="`fixed`, `generated` or `uploaded`.")
    left: int | None = Field(examples=[940], description="Codes that nobody has yet; null for a fixed code.")
    ahead: int = Field(examples=[120], description="People inside journeys who may yet come to a code.")
    given: int = Field(examples=[60])
    redeemed: int = Field(examples=[17])
    warning: str | None = Field(examples=[None])

    @classmethod
    def of(cls, stock: Stock) -> "CouponAnswer":
        """The answer out of a coupon's figures."""
        return cls.model_validate(asdict(stock) | {"warning": stock.warning})


class Codes(BaseModel):
    """Codes of the shop's own."""

    codes: list[Code] = Field(min_length=1, max_length=_MOST, examples=[["SPRING-7F3K", "SPRING-9QWX"]])


class Added(BaseModel):
    """How many of the codes were new. One that any pool has already, in any case, is left out."""

    added: int = Field(examples=[2])
    known: int = Field(examples=[0])


class Use(BaseModel):
    """A code was used. The same `source` again counts once."""

    code: str = Field(min_length=1, max_length=64, examples=["SPRING-7F3K"])
    source: str = Field(min_length=1, max_length=200, examples=["order-o-9001"])
    at: datetime | None = Field(default=None, description="When; else now.")


class Counted(BaseModel):
    """Whether the report was new."""

    counted: bool


class CodeAnswer(BaseModel):
    """What is known of a code."""

    coupon: str = Field(examples=["come-back"])
    code: str = Field(examples=["BACK-7F3KQXCD"])
    pooled: bool = Field(description="Whether it is of a pool, and so one contact's alone.")
    given_at: datetime | None
    valid_until: datetime | None
    redeemed: int = Field(examples=[0])


@router.get("", summary="List the coupons")
async def listed(door: Door) -> list[CouponAnswer]:
    """Every coupon, how many codes are left, and how many people are on their way to one."""
    async with door.database.transaction() as session:
        return [CouponAnswer.of(each) for each in await codes.stock(session)]


@router.post("/{coupon}/codes", summary="Upload codes", responses=_UNFIT)
async def uploaded(coupon: Annotated[Slug, Path()], told: Codes, door: Door) -> Added:
    """Put codes into a coupon's pool (`pool: uploaded`). Uploading them again changes nothing."""
    try:
        async with door.database.transaction() as session:
            added = await codes.upload(session, coupon, told.codes)
    except CouponUnfit as unfit:
        raise (NotFoundError if unfit.missing else ConflictError)(str(unfit)) from unfit
    return Added(added=added, known=len(told.codes) - added)


@router.post("/redemptions", summary="Report a code that was used", responses=_MISSING)
async def redeemed(use: Use, door: Door) -> Counted:
    """Count a code. An `Order Completed` that names its code under `coupon` is counted without this."""
    try:
        async with door.database.transaction() as session:
            at = use.at or datetime.now(UTC)
            return Counted(counted=await redemptions.report(session, use.code, use.source, at))
    except CodeUnknown as unknown:
        raise NotFoundError(str(unknown)) from unknown


@router.get("/codes/{code}", summary="Look up a code", responses=_MISSING)
async def looked_up(code: Annotated[str, Path(max_length=64)], door: Door) -> CodeAnswer:
    """Whose coupon a code is, and whether it is still good: for a checkout that does not know our codes."""
    async with door.database.transaction() as session:
        known = await redemptions.look_up(session, code)
    if known is None:
        raise NotFoundError("no coupon has this code")
    return CodeAnswer(**asdict(known))
