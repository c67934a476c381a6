"""The shapes of a load, as they stand in `shapes.toml`."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field

from support.load.arrivals import Stage, due_times

SHAPES = Path(__file__).with_name("shapes.toml")


class Shape(BaseModel):
    """How many jobs are asked for when, and by how many users at most."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    meaning: str
    warm_up_s: float = Field(ge=0)
    users: int = Field(gt=0)
    stages: tuple[Stage, ...] = Field(min_length=1)

    @property
    def seconds(self) -> float:
        """How long it is, s."""
        return sum(stage.seconds for stage in self.stages)

    def due_times(self) -> list[float]:
        """When each job is due, s after the beginning."""
        return due_times(self.stages)

    def shortened(self, seconds: float | None) -> Shape:
        """The same rates in less time, or more: all its times are changed alike."""
        if seconds is None:
            return self
        factor = seconds / self.seconds
        stages = tuple(stage.model_copy(update={"seconds": stage.seconds * factor}) for stage in self.stages)
        return self.model_copy(update={"stages": stages, "warm_up_s": self.warm_up_s * factor})


def read_shapes(path: Path = SHAPES) -> dict[str, Shape]:
    """All shapes by their names."""
    return {name: Shape.model_validate(shape) for name, shape in tomllib.loads(path.read_text("utf-8")).items()}
