"""Publishing: what files say becomes what is live, all in one transaction. The same content again changes nothing."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Literal

import orjson
from sqlalchemy import RowMapping, Table, delete, select, text, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession

from rules.comparing import written
from rules.content import Content
from store import fills, journeys
from store.models import PublishedSegment

Verb = Literal["new", "changed", "unchanged", "gone"]

# The kinds beside journeys, each in the table of its name. What has a column `withdrawn_at` is kept when its file is
# gone: people inside older versions may still need it, and codes that were given stay good.
_KINDS = ("segments", "coupons", "policies", "letters")
_TABLES: Mapping[str, Table] = {kind: PublishedSegment.metadata.tables[kind] for kind in _KINDS}

_LOCK = 710_553


@dataclass(frozen=True)
class Published:
    """What became of one file. `version` is that of a journey which takes new contacts, or will.

    `waits`: it goes live when everybody inside an older version has finished.
    """

    kind: str
    name: str
    change: Verb
    version: int | None = None
    waits: bool = False


@dataclass(frozen=True)
class Live:
    """What is live by kind and name, as plain data; of a letter its hash. `versions` are those of the journeys."""

    definitions: Mapping[str, Mapping[str, Any]]
    versions: Mapping[str, int]


def digest(content: Mapping[str, Any]) -> str:
    """The hash of what a definition says; layout and comments of its file do not count."""
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).hexdigest()[:16]


async def live(session: AsyncSession) -> Live:
    """Everything that is live now; of a journey that is being drained, the version that comes next."""
    found = {
        kind: {row["name"]: row.get("definition", row["hash"]) for row in await _rows(session, kind) if _is_live(row)}
        for kind in _KINDS
    }
    rows = await session.execute(
        text(
            """
            SELECT j.name, v.number, v.definition FROM journeys j
            JOIN journey_versions v ON v.journey = j.name AND v.number = coalesce(j.next_version, j.live_version)
            """
        )
    )
    listed = list(rows.mappings())
    found["journeys"] = {row["name"]: row["definition"] for row in listed}
    return Live(found, {row["name"]: row["number"] for row in listed})


async def _rows(session: AsyncSession, kind: str) -> list[RowMapping]:
    return list((await session.execute(select(_TABLES[kind]))).mappings())


def _is_live(row: RowMapping) -> bool:
    return row.get("withdrawn_at") is None


async def publish(
    session: AsyncSession, content: Content, draining: Mapping[str, bool] | None = None
) -> list[Published]:
    """Make the content live. `draining` tells of journeys whether the new version waits until all inside have finished.

    To be called once in a transaction: whoever else publishes waits until it ends.
    """
    await session.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    done = await _publish_journeys(session, content, draining or {})
    for kind, given in content.definitions().items():
        if given is not None and kind != "journeys":
            wanted = {name: written(each) for name, each in given.items()}
            done += await _publish_kind(session, kind, wanted, content)
    if content.letters is not None:
        done += await _publish_kind(session, "letters", content.letters, content)
    await fills.follow(session)
    return done


async def _publish_journeys(session: AsyncSession, content: Content, draining: Mapping[str, bool]) -> list[Published]:
    if content.journeys is None:
        return []
    done = []
    before = (await live(session)).versions
    for name, journey in content.journeys.items():
        live_now = await journeys.publish(session, journey, drain=draining.get(name))
        version = live_now.version
        verb: Verb = "new" if name not in before else "unchanged" if before[name] == version else "changed"
        done.append(Published("journeys", name, verb, version, live_now.waits))
    gone = content.gone("journeys", before)
    await journeys.withdraw(session, sorted({*content.journeys, *before} - set(gone)))
    return done + [Published("journeys", name, "gone") for name in gone]


async def _publish_kind(
    session: AsyncSession, kind: str, wanted: Mapping[str, Any], content: Content
) -> list[Published]:
    known = {row["name"]: row for row in await _rows(session, kind) if _is_live(row)}
    done = []
    for name, said in wanted.items():
        hashed = said if isinstance(said, str) else digest(said)
        verb: Verb = "new" if name not in known else "unchanged" if known[name]["hash"] == hashed else "changed"
        if verb != "unchanged":
            await _write(session, _TABLES[kind], name, hashed, said)
        done.append(Published(kind, name, verb))
    gone = content.gone(kind, known)
    await _withdraw(session, _TABLES[kind], gone)
    return done + [Published(kind, name, "gone") for name in gone]


async def _write(session: AsyncSession, table: Table, name: str, hashed: str, said: Any) -> None:
    all_columns = {"hash": hashed, "definition": said, "published_at": datetime.now(UTC), "withdrawn_at": None}
    values = {column: value for column, value in all_columns.items() if column in table.c}
    insertion = insert(table).values(name=name, **values)
    await session.execute(insertion.on_conflict_do_update(index_elements=[table.c.name], set_=values))


async def _withdraw(session: AsyncSession, table: Table, names: list[str]) -> None:
    gone = table.c.name.in_(names)
    if "withdrawn_at" in table.c:
        await session.execute(update(table).where(gone).values(withdrawn_at=datetime.now(UTC)))
    else:
        await session.execute(delete(table).where(gone))
