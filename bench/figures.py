"""What a measurement yields, and how it is shown: each figure beside its floor, its target, and whether it is met."""

from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Literal

from rich.table import Table

Tell = Callable[[str], None]
"""Where a measurement says how far it has come."""


@dataclass(frozen=True)
class Target:
    """At least, or at most, this `limit`: of the ratio of figure to floor, or of the figure itself."""

    of: Literal["ratio", "figure"]
    kind: Literal["at least", "at most"]
    limit: float

    def met(self, value: float) -> bool:
        """Whether the value keeps to it."""
        return value >= self.limit if self.kind == "at least" else value <= self.limit

    def __str__(self) -> str:
        return f"{self.kind} {self.limit:,g}{' x the floor' if self.of == 'ratio' else ''}"


@dataclass(frozen=True)
class Figure:
    """One measured figure; `floor` is the same of the least program that could do it, None where there is none."""

    name: str
    unit: str
    ours: float
    floor: float | None = None
    target: Target | None = None

    @property
    def ratio(self) -> float | None:
        """Ours over the floor."""
        return self.ours / self.floor if self.floor else None

    @property
    def met(self) -> bool | None:
        """Whether the target is met; None without one."""
        if self.target is None:
            return None
        value = self.ours if self.target.of == "figure" else self.ratio
        return value is not None and self.target.met(value)

    def as_data(self) -> dict[str, object]:
        """Plain data, for JSON."""
        return {**asdict(self), "target": self.target and str(self.target), "ratio": self.ratio, "met": self.met}


def table(figures: Sequence[Figure]) -> Table:
    """All figures, for people."""
    shown = Table("What", "Ours", "Floor", "Ratio", "Target", "Met", title="Measurements", title_justify="left")
    for column in shown.columns[1:4]:
        column.justify = "right"
    for figure in figures:
        met = {None: "", True: "[green]yes[/]", False: "[red]no[/]"}[figure.met]
        ratio = f"{figure.ratio:.2f}" if figure.ratio is not None else ""
        floor = f"{number(figure.floor)} {figure.unit}" if figure.floor is not None else ""
        ours = f"{number(figure.ours)} {figure.unit}"
        shown.add_row(figure.name, ours, floor, ratio, str(figure.target or ""), met)
    return shown


def number(value: float) -> str:
    """The value, with as many digits as tell something."""
    return f"{value:,.0f}" if value >= 100 or value == int(value) else f"{value:,.1f}"
