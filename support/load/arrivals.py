"""When requests are due: a rate over time, as stages in which it stays, rises or falls."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator

from pydantic import BaseModel, ConfigDict, Field


class Stage(BaseModel):
    """Some seconds in which the rate goes evenly from one number of requests a second to another."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    seconds: float = Field(gt=0)
    from_per_s: float = Field(ge=0)
    to_per_s: float = Field(ge=0)

    @property
    def requests(self) -> float:
        """How many requests are due in it."""
        return (self.from_per_s + self.to_per_s) / 2 * self.seconds

    def reached_s(self, requests: float) -> float:
        """After how many seconds of it this many requests are due."""
        slope = (self.to_per_s - self.from_per_s) / self.seconds
        if slope == 0:
            return requests / self.from_per_s
        return (math.sqrt(max(0.0, self.from_per_s**2 + 2 * slope * requests)) - self.from_per_s) / slope


def due_times(stages: Iterable[Stage]) -> list[float]:
    """When each request is due, s after the beginning; the same stages give the same times."""
    return list(_due(stages))


def _due(stages: Iterable[Stage]) -> Iterator[float]:
    begun_s, before = 0.0, 0.0
    for stage in stages:
        # A rounding error must not make or lose a request.
        first, last = math.ceil(before - 1e-9), math.ceil(before + stage.requests - 1e-9)
        yield from (begun_s + stage.reached_s(max(0.0, number - before)) for number in range(first, last))
        begun_s, before = begun_s + stage.seconds, before + stage.requests
