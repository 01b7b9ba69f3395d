"""The second look at a file: whether what is written makes sense, in the file and beside the rest of the library.

`check` needs the file alone, `refer` also what there is beside it. What they ask is in `rules/checks/`.
"""

from rules.checks import naming, waiting
from rules.journey import Journey
from rules.library import Library, Whole
from rules.mistakes import Fault
from rules.places import Places


def check(whole: Whole) -> list[Fault]:
    """Everything in the file that makes no sense."""
    places = Places(whole)
    return []


def refer(whole: Whole, library: Library) -> list[Fault]:
    """Everything that makes no sense beside what there is: names of what is not there, circles, too many letters."""
    places = Places(whole)
    return []
