"""Why a contact got a letter, and why not: what was decided, and what the decisions rested on."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from api.dependencies import Door, admin
from api.errors import NotFoundError, documented
from rules.decisions import Noted
from rules.telling import Answer
from store import reports
from store.explanations import NothingToExplain, explained, results

router = APIRouter(
    tags=["Admin"],
    dependencies=[Depends(admin)],
    responses=documented(
        HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY, HTTPStatus.SERVICE_UNAVAILABLE
    ),
)

_Name = Annotated[str | None, Query(min_length=1, max_length=60)]


class DecisionAnswer(BaseModel):
    """A verdict, its reason, and what it rested on."""

    at: datetime
    kind: str = Field(examples=["branch"])
    step: str | None = Field(examples=["branch"])
    verdict: str = Field(examples=["case 1 held"])
    reason: str | None = Field(examples=["orders_count is at least 3"])
    enrolment_id: UUID | None
    version: int | None = Field(examples=[3])
    facts: dict[str, Any] = Field(
        description="The conditions that were looked at, each with whether it held and the value it was asked of."
    )

    @classmethod
    def of(cls, noted: Noted) -> "DecisionAnswer":
        """The answer out of a decision."""
        return cls(
            at=noted.at,
            kind=noted.kind,
            step=noted.step,
            verdict=noted.verdict,
            reason=noted.reason,
            enrolment_id=noted.enrolment_id,
            version=noted.version,
            facts=dict(noted.facts),
        )


class ExplanationAnswer(BaseModel):
    """What is said about one journey, and the decisions behind it, the latest first."""

    journey: str = Field(examples=["cart-abandonment"])
    answer: str = Field(examples=["not sent: unsubscribed, never subscribed to offers (2026-11-21 09:30 UTC)"])
    decisions: list[DecisionAnswer]

    @classmethod
    def of(cls, answer: Answer) -> "ExplanationAnswer":
        """The answer out of an explanation."""
        decisions = [DecisionAnswer.of(each) for each in answer.decisions]
        return cls(journey=answer.journey, answer=answer.said, decisions=decisions)


@router.get("/v1/admin/contacts/{contact}/explanations", summary="Explain a contact's letters")
async def explanations(
    contact: UUID, door: Door, journey: _Name = None, letter: _Name = None
) -> list[ExplanationAnswer]:
    """Why the contact got the letter, or why not; without `letter`, what became of it in each journey."""
    async with door.database.transaction() as session:
        known = await reports.contact(session, contact)
        if known is None:
            raise NotFoundError("there is no such contact")
        try:
            answers = await explained(session, known.id, journey, letter)
        except NothingToExplain as nothing:
            raise NotFoundError(str(nothing)) from nothing
    return [ExplanationAnswer.of(answer) for answer in answers]


class ResultAnswer(BaseModel):
    """How many contacts took a way of a split, and how many of them reached the goal. `split` "": all together."""

    split: str = Field(examples=["split"])
    way: str = Field(examples=["holdout"])
    entered: int = Field(examples=[200])
    reached: int = Field(examples=[14])


@router.get("/v1/admin/journeys/{journey}/results", summary="Show what a journey achieves")
async def shown(journey: str, door: Door, version: Annotated[int | None, Query(ge=1)] = None) -> list[ResultAnswer]:
    """Who entered and who reached the goal, in all and by the ways of its splits, the held-out ones too."""
    async with door.database.transaction() as session:
        if not await reports.is_known(session, journey):
            raise NotFoundError("there is no such journey")
        rows = await results(session, journey, version)
    return [
        ResultAnswer(split=split, way=way, entered=entered, reached=reached) for split, way, entered, reached in rows
    ]
