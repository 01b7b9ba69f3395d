"""The stages of the lifecycle: at which one each contact is, and how people go from one to the next."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession


async def move(session: AsyncSession, stages: Mapping[UUID, str], since: datetime) -> None:
    """These contacts are at these stages from now on."""
    if stages:
        await session.execute(
            text(
                """
                UPDATE contacts c SET stage = at.stage, stage_since = :since
                FROM unnest(cast(:contacts AS uuid[]), cast(:stages AS text[])) AS at (id, stage) WHERE c.id = at.id
                """
            ),
            {"contacts": list(stages), "stages": list(stages.values()), "since": since},
        )


async def clear(session: AsyncSession, contacts: Sequence[UUID]) -> None:
    """There are no stages any more."""
    await session.execute(
        text("UPDATE contacts SET stage = NULL, stage_since = NULL WHERE id = ANY(:ids) AND stage IS NOT NULL"),
        {"ids": list(contacts)},
    )


@dataclass(frozen=True)
class At:
    """The stage that a contact is at; None: it was not computed yet."""

    stage: str | None
    since: datetime | None


async def of_contact(session: AsyncSession, contact: UUID) -> At | None:
    """The stage of this contact; None: there is no such contact."""
    row = await session.execute(
        text("SELECT stage, stage_since AS since FROM contacts WHERE id = :id"), {"id": contact}
    )
    found = row.mappings().one_or_none()
    return At(**found) if found is not None else None


@dataclass(frozen=True)
class Moves:
    """How many contacts went from one stage to another in a while; `contacts`: different ones."""

    origin: str
    to: str
    moves: int
    contacts: int


@dataclass(frozen=True)
class StageFigures:
    """A stage in the funnel: who is there, who came and who went in the while that is looked at."""

    stage: str
    title: str
    contacts: int
    arrived: int
    left: int
    moves: Sequence[Moves]

    def rate(self, move: Moves) -> float | None:
        """The part of those who were at this stage in the while who made this move; None: nobody was."""
        there = self.contacts + self.left
        return move.moves / there if there else None


async def funnel(session: AsyncSession, since: datetime) -> list[StageFigures]:
    """Every stage in the order of the lifecycle, with what happened since then. Empty: there are no stages."""
    lifecycle = await session.scalar(text("SELECT definition -> 'stages' FROM policies WHERE name = 'stages'"))
    if lifecycle is None:
        return []
    sizes = await _sizes(session)
    moves = await _moves(session, since)
    return [_figures(stage, sizes, moves) for stage in lifecycle]


def _figures(stage: Mapping[str, Any], sizes: Mapping[str, int], moves: Sequence[Moves]) -> StageFigures:
    name = stage["stage"]
    away = [move for move in moves if move.origin == name]
    return StageFigures(
        stage=name,
        title=stage["title"],
        contacts=sizes.get(name, 0),
        arrived=sum(move.moves for move in moves if move.to == name),
        left=sum(move.moves for move in away),
        moves=away,
    )


async def _sizes(session: AsyncSession) -> dict[str, int]:
    rows = await session.execute(
        text(
            """
            SELECT stage, count(*) AS contacts FROM contacts
            WHERE merged_into IS NULL AND stage IS NOT NULL GROUP BY stage
            """
        )
    )
    return {row.stage: row.contacts for row in rows}


async def _moves(session: AsyncSession, since: datetime) -> list[Moves]:
    """The first stage of a new contact counts as a move from "". The name stands as it does in the index."""
    rows = await session.execute(
        text(
            """
            SELECT coalesce(properties ->> 'from', '') AS origin, properties ->> 'to' AS to, count(*) AS moves,
                   count(DISTINCT contact_id) AS contacts
            FROM events WHERE name = 'Stage Changed' AND occurred_at >= :since
            GROUP BY 1, 2 ORDER BY 1, 2
            """
        ),
        {"since": since},
    )
    return [Moves(**row) for row in rows.mappings()]
