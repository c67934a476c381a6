"""The history while it is made: what clients did, and what was disturbed, with times since the beginning."""

from __future__ import annotations

import time
from datetime import UTC, datetime

from consistency.operations import Disturbed, Fault, Operation


class Recording:
    """Operations in the order of their completions. It may be written by several threads at once."""

    def __init__(self) -> None:
        self.started, self._began = datetime.now(UTC), time.monotonic()
        self.operations: list[Operation] = []
        self.disturbed: list[Disturbed] = []

    def now(self) -> float:
        """The time since the beginning, s."""
        return time.monotonic() - self._began

    def completed(self, operation: Operation) -> None:
        """An operation has come to its end."""
        self.operations.append(operation)

    def begins(self, fault: Fault) -> Disturbed:
        """A fault is about to begin."""
        self.disturbed.append(Disturbed(fault=fault, begun_s=self.now()))
        return self.disturbed[-1]

    def ends(self, disturbed: Disturbed) -> None:
        """A fault is over."""
        disturbed.ended_s = self.now()
