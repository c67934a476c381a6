"""What a benchmark has measured, as it is kept in `reports/bench`: one JSON file for each call of `make bench`."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, computed_field

from bench.machine import Machine

T = TypeVar("T")


class Repeated(BaseModel):
    """Something that was measured once in each round."""

    name: str
    values: list[float]

    @computed_field  # type: ignore[prop-decorator]  # pydantic's own way
    @property
    def median(self) -> float:
        """The middle value."""
        return statistics.median(self.values)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def least(self) -> float:
        """The smallest value."""
        return min(self.values)

    @computed_field  # type: ignore[prop-decorator]
    @property
    def most(self) -> float:
        """The largest value."""
        return max(self.values)


class Quantity(Repeated):
    """A time, a size or a count."""

    unit: str


class Ratio(Repeated):
    """A ratio of two quantities of one round; `at_most` or `at_least` is the aim, if there is one."""

    at_most: float | None = None
    at_least: float | None = None

    @property
    def holds(self) -> bool | None:
        """Whether the median reaches the aim; None when there is none."""
        if self.at_most is None and self.at_least is None:
            return None
        is_low_enough = self.at_most is None or self.median <= self.at_most
        return is_low_enough and (self.at_least is None or self.median >= self.at_least)


class Curve(BaseModel):
    """How a quantity grows with the number of scenarios: the medians at each number."""

    name: str
    unit: str
    points: list[tuple[float, float]]


class Part(BaseModel):
    """One part of the benchmark; `plot` names the quantities that its picture shows, in seconds."""

    name: str
    question: str
    rounds: int
    quantities: list[Quantity] = []
    ratios: list[Ratio] = []
    curves: list[Curve] = []
    plot: list[str] = []
    notes: list[str] = []


class MeasuredPart(BaseModel):
    """A part with when and on which machine it was measured; the loads are those before and after it."""

    part: Part
    machine: Machine
    started: datetime
    took_s: float
    load_after: float


class Measurements(BaseModel):
    """All that one call of `make bench` has measured."""

    parts: list[MeasuredPart] = []

    def write(self, folder: Path, started: datetime) -> Path:
        """Write the file of this call, or write it anew; returns its path."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / f"{started.astimezone(UTC):%Y%m%dT%H%M%SZ}.json"
        path.write_text(self.model_dump_json(indent=1) + "\n", encoding="utf-8")
        return path


def last_of_each(folder: Path) -> dict[str, MeasuredPart]:
    """The last measurement of each part, from all files of a folder."""
    found: dict[str, MeasuredPart] = {}
    for path in sorted(folder.glob("*.json")):
        measured = Measurements.model_validate_json(path.read_text("utf-8"))
        found |= {one.part.name: one for one in measured.parts}
    return found


def interleaved(
    contestants: Mapping[str, Callable[[], T]], rounds: int, tell: Callable[[str], None]
) -> dict[str, list[T]]:
    """Call each contestant once in each round, every second round in the opposite order.

    So what else the machine does meets all of them alike, and none is always the first.
    """
    outcomes: dict[str, list[T]] = {name: [] for name in contestants}
    for number in range(rounds):
        for name in _order(list(contestants), number):
            tell(f"round {number + 1} of {rounds}: {name}")
            outcomes[name].append(contestants[name]())
    return outcomes


def _order(names: list[str], number: int) -> list[str]:
    return names[::-1] if number % 2 else names


def ratios(over: Sequence[float], under: Sequence[float]) -> list[float]:
    """The ratio of each round."""
    return [one / another for one, another in zip(over, under, strict=True)]
