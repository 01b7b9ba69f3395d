"""Whose events are these? Pure: what the database knows goes in, a plan of changes comes out.

1. The `user` id names the contact; without one the e-mail address does; without either the anonymous id.
2. An identity that nobody has goes to the contact. One that another contact has joins the two, unless that would
   make one person of two:
   - contacts that both have user ids never become one, whatever links them (an alias neither);
   - an anonymous id is a browser, and a browser is shared: it joins nobody with an address of their own to somebody
     with another one.
   Then the identity stays with the contact that had it first.
3. Of two that become one, the contact with a user id stays; then the one with an address; then the older one.
4. An address in the properties (`guest_email`) counts for a contact that has neither user id nor address.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from rules.names import EVERY_TRAIT
from store.incoming import Incoming, Name, previous_names


@dataclass(slots=True, eq=False)
class Person:
    """A contact while a plan is made. `lacks` names the traits that hints may fill."""

    id: UUID
    created_at: datetime
    known: bool = False
    addressed: bool = False
    lacks: frozenset[str] = frozenset()
    new: bool = False
    stale: bool = False
    merged_into: "Person | None" = None
    patch: dict[str, Any] = field(default_factory=dict)

    @property
    def root(self) -> "Person":
        """The contact that this one has become."""
        return self if self.merged_into is None else self.merged_into.root

    @property
    def rank(self) -> tuple[bool, bool, datetime, UUID]:
        """The lowest one stays when two become one."""
        return (not self.known, not self.addressed, self.created_at, self.id)


@dataclass(frozen=True, slots=True)
class Join:
    """One contact becomes another. The patches are what both were told before."""

    goes: Person
    stays: Person
    goes_patch: dict[str, Any]
    stays_patch: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Recorded:
    """An event, whose it is, and the names of the traits that it told or, having joined two contacts, may have."""

    event: Incoming
    person: Person
    traits: tuple[str, ...] = ()


@dataclass(slots=True)
class Plan:
    """Everything that one transaction changes, in its order."""

    created: list[Person] = field(default_factory=list)
    named: list[tuple[Name, Person]] = field(default_factory=list)
    joined: list[Join] = field(default_factory=list)
    events: list[Recorded] = field(default_factory=list)
    touched: dict[UUID, Person] = field(default_factory=dict)


class Planner:
    """Takes events in the order of their acceptance and finds each one's contact.

    `directory` maps each identity in the database to its contact, and `("contact", id)` to the contact of that id.
    """

    def __init__(self, directory: dict[Name, Person], new_id: Callable[[], UUID]) -> None:
        self.plan = Plan()
        self._directory = directory
        self._new_id = new_id

    def add(self, event: Incoming) -> None:
        """Plan one event. One that names a contact which does not exist is left out."""
        event, joined = self._guest(event), len(self.plan.joined)
        person = self._given(event) if event.contact_id is not None else self._resolve(event)
        if person is not None:
            told = self._patch(event, person)
            traits = (EVERY_TRAIT,) if len(self.plan.joined) > joined else tuple(told)
            self.plan.events.append(Recorded(event, person, traits))

    def _guest(self, event: Incoming) -> Incoming:
        """The event with its guest's address stated, when nothing else tells who this is."""
        if event.guest_email is None or event.user_id is not None or event.email is not None:
            return event
        browser = None if event.anonymous_id is None else self._find(("anonymous", event.anonymous_id))
        if browser is not None and (browser.known or browser.addressed):
            return event
        return replace(event, email=event.guest_email)

    def _given(self, event: Incoming) -> Person | None:
        return self._find(("contact", str(event.contact_id)))

    def _resolve(self, event: Incoming) -> Person:
        if event.previous_id is not None:
            return self._alias(event, event.previous_id)
        return self._meet(_stated(event), event)

    def _meet(self, names: list[Name], event: Incoming) -> Person:
        """The one contact behind these identities, joined or made where need be."""
        person: Person | None = None
        free: list[Name] = []
        for name in names:
            found = self._find(name)
            if found is None:
                free.append(name)
            elif person is None:
                person = found if _may_be(found, name, event) else None
            elif found is not person and _may_join(person, found, name, event):
                person = self._join(person, found)
        person = person or self._create(event.received_at)
        for name in free:
            self._attach(name, person)
        return person

    def _alias(self, event: Incoming, previous_id: str) -> Person:
        stated = _stated(event)
        older = next(filter(None, map(self._find, previous_names(previous_id))), None)
        if older is not None and not any(map(self._find, stated)):
            for name in stated:
                self._attach(name, older)
            return older
        person = self._meet(stated, event)
        if older is None:
            self._attach(("anonymous", previous_id), person)
            return person
        apart = older.root is person or (older.root.known and person.known)
        return person if apart else self._join(person, older.root)

    def _find(self, name: Name) -> Person | None:
        found = self._directory.get(name)
        return found.root if found else None

    def _create(self, at: datetime) -> Person:
        person = Person(self._new_id(), at, lacks=frozenset(HINTED), new=True)
        self.plan.created.append(person)
        return person

    def _attach(self, name: Name, person: Person) -> None:
        self._directory[name] = person
        self.plan.named.append((name, person))
        person.known = person.known or name[0] == "user"
        person.addressed = person.addressed or name[0] == "email"

    def _join(self, one: Person, other: Person) -> Person:
        stays, goes = sorted((one, other), key=lambda person: person.rank)
        self.plan.joined.append(Join(goes, stays, goes.patch, stays.patch))
        goes.patch, stays.patch = {}, {}
        goes.merged_into = stays
        stays.known, stays.addressed = stays.known or goes.known, stays.addressed or goes.addressed
        stays.lacks &= goes.lacks
        return stays

    def _patch(self, event: Incoming, person: Person) -> dict[str, Any]:
        hints = event.hints if event.email is None else {"email": event.email, **event.hints}
        told = {key: value for key, value in hints.items() if key in person.lacks} | dict(event.traits)
        if told:
            person.patch |= told
            removed = frozenset(key for key in HINTED if key in told and told[key] is None)
            person.lacks = (person.lacks - told.keys()) | removed
        if told or person.stale:
            self.plan.touched[person.id] = person
        return told


HINTED = ("email", "timezone", "locale")
"""Traits that an event may fill by the way, when the contact has none."""


def _stated(event: Incoming) -> list[Name]:
    stated = (("user", event.user_id), ("email", event.email), ("anonymous", event.anonymous_id))
    return [(kind, value) for kind, value in stated if value is not None]


def _may_be(found: Person, name: Name, event: Incoming) -> bool:
    """Whether the first contact found is the one meant, although better identities were told that nobody has."""
    if name[0] != "user" and event.user_id is not None and found.known:
        return False
    return not (name[0] == "anonymous" and event.email is not None and found.addressed)


def _may_join(person: Person, found: Person, name: Name, event: Incoming) -> bool:
    if person.known and found.known:
        return False
    addressed = person.addressed or event.email is not None
    return not (name[0] == "anonymous" and found.addressed and addressed)
