"""What the engine and the run tell each other: one JSON object a line."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from pydantic import BaseModel

from load.shapes import Shape
from support.api.exchange import Exchange
from support.load.figures import Sample


class Plan(BaseModel):
    """What one worker has to do: each `of`-th job of the shape, beginning with number `index`."""

    shape: Shape
    index: int = 0
    of: int = 1


class Asked(BaseModel):
    """A request for a job, or for its end, and what came of it: what the run's ledger has to know."""

    method: str
    path: str
    request_body: Any = None
    sent_at: datetime
    elapsed_s: float
    status: int | None
    answer_text: str
    failure: str
    asks_for_job: bool
    cancelled_job: str | None

    @classmethod
    def of(cls, exchange: Exchange) -> Asked:
        """The part of an exchange that is told."""
        return cls(**{name: getattr(exchange, name) for name in cls.model_fields})

    def exchange(self) -> Exchange:
        """It as an exchange."""
        return Exchange(**{name: getattr(self, name) for name in type(self).model_fields})


class Worker(BaseModel):
    """How a worker's own process did: its CPU time by the second, as a share of one core."""

    name: str
    cpu_shares: list[float]
    requested: int


class Report(BaseModel):
    """What a worker tells: samples and requests since the last report; at its end also how it did itself."""

    samples: list[Sample] = []
    asked: list[Asked] = []
    finished: Worker | None = None
