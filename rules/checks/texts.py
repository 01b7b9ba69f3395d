"""Texts that cannot be kept."""

from collections.abc import Iterator

from rules.library import Whole
from rules.mistakes import Fault, Path
from rules.places import Places


def texts_can_be_kept(places: Places[Whole]) -> Iterator[Fault]:
    """PostgreSQL keeps no U+0000: a file with one could be checked, but never published."""
    for path, thing in places.all:
        for name, field in type(thing).model_fields.items():
            for inner, text in _texts(getattr(thing, name)):
                if "\0" in text:
                    place = (*path, field.alias or name, *inner)
                    yield Fault(place, "the character U+0000 cannot be kept; write the text without it")


def _texts(value: object) -> Iterator[tuple[Path, str]]:
    """The texts that a thing bears itself; those of the things in it are told of these."""
    match value:
        case str():
            yield (), value
        case tuple():
            for number, each in enumerate(value):
                yield from (((number, *inner), text) for inner, text in _texts(each))
        case dict():
            for key, each in value.items():
                yield from (((key, *inner), text) for inner, text in _texts(each))
        case _:
            return
