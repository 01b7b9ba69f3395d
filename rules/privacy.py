"""What of events may travel into Temporal: ids, never what names or reaches a person."""

from collections.abc import Iterator

from rules import places
from rules.holds import reads
from rules.journey import Journey
from rules.mistakes import Fault

_PERSONAL = frozenset(
    {
        *("email", "e_mail", "mail", "phone", "mobile", "address", "street", "birthday", "birthdate"),
        *("first_name", "last_name", "full_name", "firstname", "lastname", "fullname", "username"),
    }
)


def is_personal(path: str) -> bool:
    """Whether the last name of a dotted path tells of something that names or reaches a person."""
    return path.rpartition(".")[2].replace("-", "_").lower() in _PERSONAL


def personal_data_stays_out(journey: Journey) -> Iterator[Fault]:
    """The key stands in the id of the run, and what runs compare stands in their histories."""
    if journey.key is not None and is_personal(journey.key):
        yield Fault(("key",), f"'{journey.key}' is personal; take an id of the shop's, such as 'properties.order_id'")
    for path, match in places.matches(journey):
        if match.same and is_personal(match.same):
            yield Fault((*path, "same"), f"'{match.same}' is personal and would stand in Temporal; compare an id")
        for asked in sorted(reads(match.where) if match.where is not None and path != ("goal",) else ()):
            if is_personal(asked):
                yield Fault((*path, "where"), f"'{asked}' is personal and would stand in Temporal; ask in a branch")
