"""What one load has shown, as it is kept in `reports/load`: one JSON file for each."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ValidationError

from load.messages import Worker
from load.shapes import Shape
from support.evidence.kept import keep
from support.load.figures import METHOD, Figures, Sample
from support.profile.settings import Load

BUSY = 0.9
"""A generator that uses so much of a core can send no more: what it measures then is itself."""


class Usage(BaseModel):
    """What the server used at one moment, s after the beginning."""

    at_s: float
    memory_mb: float
    cpu_s: float | None = None
    cores: float | None = None


class Result(BaseModel):
    """One load: what was asked for, the figures, and whether it holds."""

    name: str
    environment: str
    started: datetime
    shape: Shape
    workers: int
    acknowledged: int
    whole: int
    limits: Load
    figures: dict[str, Figures]
    method: str = METHOD
    generators: list[Worker] = []
    server: list[Usage] = []
    slow_queries: list[str] = []
    unseen: list[str] = []
    """What could not be measured here, and why."""
    problems: list[str] = []
    samples: list[Sample] = []

    @property
    def holds(self) -> bool:
        """Whether no job was lost, all was cleaned up, and every figure is within its limit."""
        return not self.problems

    @property
    def generator_warning(self) -> str | None:
        """That the load generator was the limit, if it was."""
        busy = {one.name: sum(share >= BUSY for share in one.cpu_shares) for one in self.generators}
        if told := [f"{name} for {seconds} s" for name, seconds in busy.items() if seconds]:
            return (
                f"The load generator was the limit: it used {BUSY:.0%} of a core or more ({', '.join(told)}). "
                "Latencies of these seconds are its own as well. Use more workers (WORKERS=2)."
            )
        return None

    def write(self, folder: Path) -> Path:
        """Keep it, without secrets; gives the file."""
        path = folder / f"{self.started:%Y%m%dT%H%M%SZ}-{self.name}.json"
        return keep(self.model_dump_json(indent=1) + "\n", path)


def earlier(folder: Path, than: Result) -> list[Result]:
    """The results of the same shape and environment before it, the last one first."""
    found = [one for one in _read(folder) if one.started < than.started and (one.name, one.environment) == key_of(than)]
    return sorted(found, key=lambda one: one.started, reverse=True)


def key_of(result: Result) -> tuple[str, str]:
    """What results have in common that can be compared."""
    return result.name, result.environment


def _read(folder: Path) -> Iterator[Result]:
    for path in folder.glob("*.json"):
        try:
            yield Result.model_validate_json(path.read_text("utf-8"))
        except ValidationError:
            continue  # Of a version that kept other figures: nothing to compare with.
