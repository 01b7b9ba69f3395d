"""What conditions refer to by name: segments look into segments, stages into segments, and none may meet itself."""

from typing import Final

LIFECYCLE: Final = "the stages of the lifecycle"


class Circle(ValueError):
    """Segments (or stages) refer to each other in a circle, so nobody can tell who is in them."""

    def __init__(self, way: tuple[str, ...]) -> None:
        super().__init__(f"these refer to each other in a circle: {' -> '.join(way)}")
        self.way = way


def looked_into(trail: tuple[str, ...], name: str) -> tuple[str, ...]:
    """The trail, one step longer: what is being looked into, the outermost first. Raises Circle."""
    if name in trail:
        raise Circle((*trail[trail.index(name) :], name))
    return (*trail, name)


def segment(name: str) -> str:
    """What a segment is called in a trail."""
    return f"segment {name}"
