"""What of events may travel into Temporal: ids, never what names or reaches a person."""

import re
from collections.abc import Iterator

from pydantic import BaseModel

from rules.conditions import Comparison, PropertyIs
from rules.journey import Goal, Journey
from rules.mistakes import Fault, Path
from rules.places import Places, inside
from rules.steps import Change

_PERSONAL = frozenset(
    {
        *("email", "e_mail", "mail", "phone", "mobile", "address", "street", "birthday", "birthdate"),
        *("first_name", "last_name", "full_name", "firstname", "lastname", "fullname", "username"),
    }
)

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+$")
_ADDRESS_ADVICE = "this is somebody's address and would stand in Temporal; take a trait that tells who is meant"


def is_personal(path: str) -> bool:
    """Whether the last name of a dotted path tells of something that names or reaches a person."""
    return path.rpartition(".")[2].replace("-", "_").lower() in _PERSONAL


def personal_data_stays_out(places: Places[Journey]) -> Iterator[Fault]:
    """The key stands in the id of the run, and what runs compare stands in their histories."""
    key = places.whole.key
    if key is not None and is_personal(key):
        yield Fault(("key",), f"'{key}' is personal; take an id of the shop's, such as 'properties.order_id'")
    for path, match in places.matches():
        if match.same and is_personal(match.same):
            yield Fault((*path, "same"), f"'{match.same}' is personal and would stand in Temporal; compare an id")
        if match.where is not None and not isinstance(match, Goal):  # goals are measured in the database
            place = (*path, "where")
            asked = {each.property for _, each in inside(match.where, place) if isinstance(each, PropertyIs)}
            for name in sorted(filter(is_personal, asked)):
                yield Fault(place, f"'{name}' is personal and would stand in Temporal; ask in a branch")


def plans_name_nobody(places: Places[Journey]) -> Iterator[Fault]:
    """The steps of a journey travel into Temporal word by word: an address that is written there would stand there."""
    for path, thing in places.all:
        if path[:1] == ("steps",):
            yield from (
                Fault((*path, *inner), _ADDRESS_ADVICE) for inner, text in _texts(thing) if _ADDRESS.match(text)
            )


def _texts(thing: BaseModel) -> Iterator[tuple[Path, str]]:
    match thing:
        case Comparison(is_=is_, in_=in_, contains=contains, starts_with=starts_with):
            several = (("is", is_), *(("in", each) for each in in_ or ()), ("contains", contains))
            told: list[tuple[Path, object]] = [
                ((key,), value) for key, value in (*several, ("starts_with", starts_with))
            ]
        case Change(traits=traits):
            told = [(("traits", trait), value) for trait, value in traits.items()]
        case _:
            return
    yield from ((path, value) for path, value in told if isinstance(value, str))
