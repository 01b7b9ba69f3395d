"""What of events may travel into Temporal: ids, never what names or reaches a person."""

from collections.abc import Iterator

from rules.conditions import PropertyIs
from rules.journey import Goal, Journey
from rules.mistakes import Fault
from rules.places import Places, inside

_PERSONAL = frozenset(
    {
        *("email", "e_mail", "mail", "phone", "mobile", "address", "street", "birthday", "birthdate"),
        *("first_name", "last_name", "full_name", "firstname", "lastname", "fullname", "username"),
    }
)


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
