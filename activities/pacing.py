"""Whose turn it is: quiet hours, caps, and which of several letters leaves, decided where the letter is claimed."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from activities.refusal import Look
from rules.decisions import Noted
from rules.pacing import Counts, Wished, counts, open_for, precedent, quiet, told
from rules.policies import Pacing
from store import pacing, wishes
from store.decisions import note
from store.wishes import Wish

DEFERRED_AT_MOST = timedelta(days=7)
"""A letter is made to wait for so long beyond its time to live, and no longer."""

# Two letters that ask within this time want to leave at the same moment.
_MOMENT = timedelta(seconds=2)
# Who asked for a moment and does not come back within this time is not waited for any more.
_LATE = timedelta(seconds=15)
# Nobody knows yet whether a letter in another's hands leaves: look again then.
_LOOK_AGAIN = timedelta(minutes=1)
# Longer than an attempt may take from its claim to the dot.
_ATTEMPT = timedelta(minutes=25)


@dataclass(frozen=True)
class Turn:
    """The letter may leave. `facts` are what that rests on; quiet hours begin `open_for` from now, if soon."""

    facts: dict[str, Any] = field(default_factory=dict)
    open_for: timedelta | None = None


@dataclass(frozen=True)
class Delay:
    """The letter may not leave before `until`, for this reason. It grows stale at `not_after`."""

    why: str
    until: datetime
    not_after: datetime


@dataclass(frozen=True)
class LeftOut:
    """The letter is not sent at all, for this reason."""

    why: str
    facts: dict[str, Any] = field(default_factory=dict)


class Turns:
    """Decides whose turn it is. `time_zone` is the shop's, for contacts without one."""

    def __init__(self, time_zone: str) -> None:
        self._time_zone = ZoneInfo(time_zone)
        self._policy = pacing.Policy()

    async def turn(self, session: AsyncSession, look: Look) -> Turn | Delay | LeftOut:
        """Whether a marketing letter may leave now; what is not marketing always may.

        What this rests on stays true until the transaction ends: a letter that is claimed in it exceeds no cap.
        """
        if look.draft.message_class != "marketing":
            return Turn()
        policy = await self._policy.current(session)
        if not policy.quiet_hours and not policy.caps:
            return Turn()
        await pacing.lock(session, look.to.contact_id)
        now, zone = look.order.now, self._zone(look.to.traits.get("timezone"))
        rest = quiet(policy.quiet_hours, now, zone)
        if rest is not None:
            manner = look.plan.in_quiet_hours
            return await self._no(session, look, manner, str(rest), rest.until, _clock(now, zone))
        counted = await self._counts(session, look, policy)
        facts = {"clock": _clock(now, zone)["clock"], "caps": [str(each) for each in counted]}
        if full := [each for each in counted if not each.room]:
            why = f"no room: {told(full[0].cap)}"
            return await self._no(session, look, look.plan.when_capped, why, _room_at(full, now), facts)
        gives_way = await self._contest(session, look, counted)
        return gives_way or Turn(facts, open_for(policy.quiet_hours, now, zone, _ATTEMPT))

    def _zone(self, name: object) -> ZoneInfo:
        try:
            return ZoneInfo(name) if isinstance(name, str) else self._time_zone
        except (LookupError, OSError, ValueError):  # shops send what they like
            return self._time_zone

    async def _counts(self, session: AsyncSession, look: Look, policy: Pacing) -> list[Counts]:
        if not policy.caps:
            return []
        since = look.order.now - max(cap.per for cap in policy.caps)
        letters = await pacing.counted(session, look.to.contact_id, look.draft.send_key, since)
        return counts(policy.caps, look.draft.topic, letters, look.order.now)

    async def _contest(self, session: AsyncSession, look: Look, counted: list[Counts]) -> Delay | None:
        """Where other journeys may want the last room at this moment, the one of the highest priority gets it."""
        if not counted or look.claimed:
            return None
        now, draft = look.order.now, look.draft
        room = min(each.room for each in counted)
        if room > await wishes.rivals(session, look.to.contact_id, draft.enrolment_id):
            return None
        if look.wish is None or now < look.wish.at + _MOMENT:
            until = look.wish.at + _MOMENT if look.wish else now + _MOMENT
            return await self._wait(session, look, "another journey may want to write now", until)
        own = Wished(draft.send_key, look.plan.priority, look.wish.at, draft.topic)
        others = await wishes.contending(session, look.to.contact_id, draft.send_key, now - _LATE, now + _MOMENT)
        if (first := precedent(own, others, counted)) is None:
            return None
        facts = {"priority": own.priority, "first": f"{first.journey}, priority {first.priority}"}
        why = f"{first.journey} writes first"
        await self._note_deferred(session, look, why, now + _MOMENT, facts)
        return await self._wait(session, look, why, now + _MOMENT)

    async def _no(
        self, session: AsyncSession, look: Look, manner: str, why: str, until: datetime, facts: dict[str, Any]
    ) -> Delay | LeftOut:
        """Not now: the letter waits, or is left out, as its journey says; one that would wait too long is left out."""
        if manner == "skip":
            return LeftOut(why, facts)
        if until > look.stale_at + DEFERRED_AT_MOST:
            return LeftOut(f"{why}, and not before {until:%Y-%m-%d %H:%M} UTC", facts)
        await self._note_deferred(session, look, why, until, facts)
        return await self._wait(session, look, why, until)

    async def _wait(self, session: AsyncSession, look: Look, why: str, until: datetime) -> Delay:
        """Wait until then. The time that a letter is made to wait is not taken from its time to live."""
        not_after = look.draft.not_after + max(timedelta(0), until - look.order.now)
        began = look.wish.at if look.wish else look.order.now
        await wishes.wait(session, look.draft, look.plan.priority, Wish(began, until, not_after))
        return Delay(why, until, not_after)

    async def _note_deferred(
        self, session: AsyncSession, look: Look, why: str, until: datetime, facts: dict[str, Any]
    ) -> None:
        await note(session, [deferred(look, why, until, facts)])


def deferred(look: Look, why: str, until: datetime, facts: dict[str, Any]) -> Noted:
    """The decision to defer a letter; for each reason it is noted once."""
    return Noted(
        key=f"{look.draft.send_key}/deferred/{why}",
        at=look.order.now,
        contact_id=look.to.contact_id,
        journey=look.to.journey,
        kind="letter",
        verdict="deferred",
        reason=why,
        enrolment_id=look.order.enrolment,
        version=look.to.version,
        step=look.order.step,
        facts={"until": until.isoformat(), **facts},
    )


def _room_at(full: list[Counts], now: datetime) -> datetime:
    """When there may be room under all of them; letters in others' hands are looked at again soon."""
    return max(now + _LOOK_AGAIN if each.until is None else each.until for each in full)


def _clock(now: datetime, zone: tzinfo) -> dict[str, Any]:
    return {"clock": f"{now.astimezone(zone):%a %H:%M} in {zone}"}
