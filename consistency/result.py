"""What a history check has shown, as it is kept in `reports/history`: one JSON file for each."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel

from consistency.operations import Disturbed, Operation
from consistency.timeline import Told
from support.evidence.kept import keep


class Result(BaseModel):
    """One run: what was asked for, what happened, and whether it holds. Times are s after the beginning."""

    seed: int
    wanted: int
    clients: int
    environment: str
    started: datetime
    took_s: float
    replay: str
    """The command that takes the same decisions again."""

    operations: list[Operation]
    disturbed: list[Disturbed]
    unseen: list[str] = []
    """What could not be disturbed or seen here, and why."""
    violations: list[Told] = []
    no_verdict: list[str] = []
    """Why it cannot be said that every promise was kept, although no violation tells otherwise."""

    @property
    def status(self) -> int:
        """0 if every promise was kept, 1 if one was not, 2 if there can be no verdict."""
        return 1 if self.violations else 2 if self.no_verdict else 0

    @property
    def verdict(self) -> str:
        """It in words."""
        return ("Every promise was kept.", "Not every promise was kept.", "There can be no verdict.")[self.status]

    def counts(self) -> dict[str, dict[str, int]]:
        """How many operations of each kind came to which end."""
        ends = Counter((one.kind, one.outcome) for one in self.operations)
        return {
            kind: {outcome: ends[kind, outcome] for outcome in ("ok", "fail", "info")}
            for kind in ("create", "look", "cancel")
        }

    def write(self, folder: Path) -> Path:
        """Keep it, without secrets; gives the file."""
        path = folder / f"{self.started:%Y%m%dT%H%M%SZ}-seed-{self.seed}.json"
        return keep(self.model_dump_json(indent=1) + "\n", path)
