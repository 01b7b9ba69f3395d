"""From the bodies of calls to events: the Segment HTTP tracking API, and the plain form for backend teams.

Segment's spec: `timestamp` is the client's clock; together with `sentAt`, of the same clock, it tells how long before
its sending the event happened, whatever that clock shows. So `occurred_at = timestamp + (received_at - sentAt)`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import available_timezones

from api.errors import InvalidError
from api.fields import Fields, Object, is_email, read_moment, unsound
from rules.names import OWN, REQUESTED
from store.consents import TopicMissingError, statements
from store.incoming import Incoming, Statement

EVENT_NAME = 100
_MESSAGE_ID = 255

# What is kept of an event's context. The rest (addresses, devices, places) is personal and of no use to journeys.
_KEPT_CONTEXT = ("page", "campaign", "library", "locale", "timezone")
_ZONES = available_timezones()
# Segment's reserved traits, and the names by which letters and conditions know them beside that.
_ALSO = {"firstName": "first_name", "lastName": "last_name", "createdAt": "created_at"}


@dataclass(frozen=True)
class Clock:
    """When a call arrived, and how far its sender's clock is behind ours."""

    received_at: datetime
    behind: timedelta = timedelta()

    @classmethod
    def of(cls, body: Mapping[str, Any], received_at: datetime) -> "Clock":
        """The clock that `sentAt` tells of."""
        sent_at = read_moment(body.get("sentAt"))
        return cls(received_at) if sent_at is None else cls(received_at, received_at - sent_at)

    def right(self, moment: datetime | None) -> datetime:
        """A moment of the sender's clock by ours. Nothing happened later than it was received."""
        if moment is None:
            return self.received_at
        try:
            return min(moment + self.behind, self.received_at)
        except OverflowError:
            return self.received_at


def track(body: Object, clock: Clock) -> Incoming:
    """Something that a contact did."""
    return _read(body, clock, lambda fields: (_event_name(fields), fields.object("properties"), {}))


def identify(body: Object, clock: Clock) -> Incoming:
    """What is known of a contact. The event's properties are the traits."""

    def traits(fields: Fields) -> "_Told":
        told = _normalised(fields.object("traits"))
        return "Identified", told, told

    return _read(body, clock, traits)


def page(body: Object, clock: Clock) -> Incoming:
    """A page that a contact looked at."""
    return _read(body, clock, lambda fields: ("Page Viewed", _viewed(fields), {}))


def screen(body: Object, clock: Clock) -> Incoming:
    """A screen of an app that a contact looked at."""
    return _read(body, clock, lambda fields: ("Screen Viewed", _viewed(fields), {}))


def group(body: Object, clock: Clock) -> Incoming:
    """A company or household that a contact belongs to. Its traits are not the contact's."""

    def grouped(fields: Fields) -> "_Told":
        group_id = fields.identity("groupId")
        if group_id is None:
            fields.wrong("groupId", "is missing")
        return "Grouped", {"groupId": group_id, "traits": fields.object("traits")}, {}

    return _read(body, clock, grouped)


def alias(body: Object, clock: Clock) -> Incoming:
    """Two ids, `previousId` and `userId`, of one person."""

    def aliased(fields: Fields) -> "_Told":
        for key in ("previousId", "userId"):
            if not fields.body.get(key):
                fields.wrong(key, "is missing")
        return "Aliased", {}, {}

    return _read(body, clock, aliased)


KINDS: Mapping[str, Callable[[Object, Clock], Incoming]] = {
    "track": track,
    "identify": identify,
    "page": page,
    "screen": screen,
    "group": group,
    "alias": alias,
}

_PLAIN = frozenset(
    (
        *("event", "userId", "email", "anonymousId", "properties", "traits", "context", "timestamp", "messageId"),
        "backfill",
    )
)


def plain(body: Object, clock: Clock) -> Incoming:
    """The plain form for backend teams. A field that is not known is a mistake, and is told."""
    return _read(body, clock, lambda fields: _plainly(fields, _event_name(fields)))


def request(body: Object, clock: Clock) -> Incoming:
    """A call for an enrolment: the plain form without `event`, for that name is ours."""
    return _read(body, clock, lambda fields: _plainly(fields, REQUESTED))


def _plainly(fields: Fields, name: str) -> "_Told":
    if not _PLAIN.issuperset(fields.body):
        for key in sorted(fields.body.keys() - _PLAIN):
            fields.wrong(key, f"is not known; known are {', '.join(sorted(_PLAIN))}")
    return name, fields.object("properties"), _normalised(fields.object("traits"))


_Told = tuple[str, Object, Object]
"""The event's name, its properties, and traits."""


def _read(body: Object, clock: Clock, told_by: Callable[[Fields], _Told]) -> Incoming:
    if (reason := unsound(body)) is not None:
        raise InvalidError("the event cannot be stored", (reason,))
    fields = Fields(body)
    name, properties, traits = told_by(fields)
    context = fields.object("context")
    user_id, anonymous_id = fields.identity("userId"), fields.identity("anonymousId")
    email = fields.email("email") or _email_of_traits(fields, traits, context)
    guest_email = properties.get("email")
    guest_email = guest_email.lower() if isinstance(guest_email, str) and is_email(guest_email) else None
    if user_id is None and anonymous_id is None and email is None and guest_email is None:
        fields.wrong("userId", "is missing; an event needs userId, anonymousId or an e-mail address")
    consents: tuple[Statement, ...] = ()
    try:
        consents = statements(name, properties)
    except TopicMissingError as error:
        fields.wrong("properties.topic", str(error))
    message_id = fields.text("messageId", _MESSAGE_ID) or str(uuid4())
    occurred_at = clock.right(fields.moment("originalTimestamp", "timestamp"))
    previous_id = fields.identity("previousId") if name == "Aliased" else None
    backfill = fields.flag("backfill") or context.get("backfill") is True
    fields.settle()
    return Incoming(
        message_id, name, occurred_at, clock.received_at, user_id, email, anonymous_id, guest_email, previous_id,
        properties=properties, context=_kept(context), traits=traits, hints=_hints(context), consents=consents,
        backfill=backfill,
    )  # fmt: skip


def _event_name(fields: Fields) -> str:
    name = fields.text("event", EVENT_NAME)
    if name is None and not fields.problems:
        fields.wrong("event", "is missing; it is the name of what happened, such as 'Order Completed'")
    if name in OWN:
        fields.wrong("event", f"'{name}' is the name of an event that Kundresa itself records; give it another one")
    return name or ""


def _viewed(fields: Fields) -> Object:
    named = {key: fields.text(key, EVENT_NAME * 10) for key in ("name", "category")}
    return {key: value for key, value in named.items() if value} | fields.object("properties")


def _email_of_traits(fields: Fields, traits: Object, context: Object) -> str | None:
    """The address among the traits, of the call or of its context."""
    stated = Fields(traits, "traits.")
    email = stated.email("email")
    fields.problems += stated.problems
    in_context = context.get("traits")
    if email is None and isinstance(in_context, dict) and is_email(in_context.get("email")):
        return str(in_context["email"]).lower()
    return email


def _normalised(traits: Object) -> Object:
    also = {new: traits[old] for old, new in _ALSO.items() if old in traits and new not in traits}
    return traits | also if also else traits


def _kept(context: Object) -> Object:
    return {key: context[key] for key in _KEPT_CONTEXT if key in context} if context else context


def _hints(context: Object) -> dict[str, str]:
    """What the context tells of the contact, in case nothing better is known."""
    if not context:
        return {}
    zone, locale = context.get("timezone"), context.get("locale")
    hints = {"timezone": zone} if isinstance(zone, str) and zone in _ZONES else {}
    return hints | ({"locale": locale} if isinstance(locale, str) and 2 <= len(locale) <= 35 else {})
