"""What clients decide to do, what came of it, and what was disturbed meanwhile."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict

from support.api.exchange import Exchange
from support.api.job import Job

Kind = Literal["create", "look", "cancel"]
Outcome = Literal["ok", "fail", "info"]
"""As in Jepsen: it was done; it was certainly not done; nobody knows."""

State = Literal["absent", "configured", "cancelled"]
"""Of a job, as a client is told."""

Part = Literal["MongoDB", "RabbitMQ", "Kubernetes", "Focus Server"]
Disturbance = Literal["cut", "slow", "stall", "lose answers", "kill", "restart", "scale"]

BETWEEN, AFTERWARDS = "between", "after"
"""The clients that see whether jobs can be made again: before the next fault, and when all faults are over."""

STORES = "the stores"
"""Who tells the state in which a job is left at the end."""


class Creation(NamedTuple):
    """The creation of that number by that client; clients and their creations count from 0."""

    client: int
    number: int


class Decision(BaseModel):
    """What a client does next: the creation that it makes, or whose job it looks at or cancels."""

    model_config = ConfigDict(frozen=True)

    client: int
    kind: Kind
    creation: Creation
    payload: dict[str, Any] | None = None


class Fault(BaseModel):
    """A part is disturbed after so many operations were begun, until so many were.

    One that comes `after_recovery` waits until jobs can be made again and the stores agree with the history; others
    find what the one before has left.
    """

    model_config = ConfigDict(frozen=True)

    part: Part
    what: Disturbance
    begins: int
    ends: int
    after_recovery: bool = False

    def __str__(self) -> str:
        return f"{self.part}: {self.what}"


class Disturbed(BaseModel):
    """A fault that was carried out; times are s after the beginning. It ends when the part is back."""

    fault: Fault
    begun_s: float
    ended_s: float | None = None

    def overlaps(self, from_s: float, until_s: float) -> bool:
        """Whether it was there at any moment of that time."""
        return self.begun_s <= until_s and (self.ended_s is None or self.ended_s >= from_s)


class Operation(BaseModel):
    """One operation of a client; times are s after the beginning.

    `told` is the state of the job that the answer tells, `wrong` what is wrong with the answer itself. A creation has
    the `payload` that was sent, and when (`sent_at`).
    """

    model_config = ConfigDict(frozen=True)

    client: str
    kind: Kind
    job_id: str | None
    outcome: Outcome
    invoked_s: float
    completed_s: float
    told: State | None = None
    status: int | None = None
    detail: str = ""
    wrong: str = ""
    payload: dict[str, Any] | None = None
    sent_at: datetime | None = None
    created_at: datetime | None = None

    @property
    def took_s(self) -> float:
        """How long the answer took."""
        return self.completed_s - self.invoked_s

    def job(self, job_id: str) -> Job:
        """The job of that id, as its creation says that it should be."""
        assert self.payload is not None, "only a creation has a payload"
        assert self.sent_at is not None
        exchange = Exchange("POST", "", self.payload, self.sent_at, self.took_s, self.status)
        return Job(job_id, self.payload, exchange, self.created_at)
