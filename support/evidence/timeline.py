"""When the effects of a job came, as far as the stores tell and the suite has seen.

What is exact: when the request was sent and answered (this machine's clock), and what a history tells (MongoDB and
RabbitMQ by their own clocks, Kubernetes by when it told us). Without one, the record's `created_at` is exact (the
server's clock), while Kubernetes tells whole seconds, and a broker does not say since when it has a consumer: of those
the time is known to lie between two others. The suite's own looks narrow it down: what was seen was there by then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from support.api.exchange import Exchange
from support.observers.manifests import running_since
from support.observers.sightings import Sight, SightingLog

Document = Mapping[str, Any]

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True)
class Arrival:
    """Something came between two times, s after the request was sent; they are one where it is known exactly."""

    name: str
    earliest_s: float
    latest_s: float

    @property
    def is_exact(self) -> bool:
        """Whether it is known exactly."""
        return self.earliest_s == self.latest_s


def arrivals_of(asked: Exchange, sightings: SightingLog, found: Mapping[str, Sequence[Document]]) -> list[Arrival]:
    """When the effects of a job came, of what was `found` by kind of side effect; what is not known is left out."""
    arrivals = [Arrival("answer", asked.elapsed_s, asked.elapsed_s)]

    def add(name: str, sight: Sight, identity: str, told: datetime | None, *, must_be_told: bool = True) -> None:
        came, seen = sightings.came(sight, identity), sightings.first(sight, identity)
        if came is not None:
            arrivals.append(exactly(name, asked.sent_at, came))
        elif seen and (told or not must_be_told):
            arrivals.append(between(name, asked.sent_at, told, seen))

    for record in found.get("task record", ())[:1]:
        came = sightings.came("record", str(record.get("_id"))) or record.get("created_at")
        if isinstance(came, datetime):
            arrivals.append(exactly("task record", asked.sent_at, came))
    for job in found.get("analyzer", ())[:1]:
        told = job["metadata"].get("creationTimestamp")
        add("analyzer", "object", job["metadata"]["uid"], datetime.fromisoformat(told) if told else None)
    for pod in found.get("analyzer pod", ())[:1]:
        add("pod running", "running pod", pod["metadata"]["uid"], running_since(pod))
    for queue in found.get("work queue", ())[:1]:
        add("consumer ready", "served queue", queue["name"], None, must_be_told=False)
    return arrivals


def exactly(name: str, sent_at: datetime, came: datetime) -> Arrival:
    """An arrival at a moment that is known."""
    after_s = (came - sent_at).total_seconds()
    return Arrival(name, after_s, after_s)


def between(name: str, sent_at: datetime, told: datetime | None, seen_by: datetime) -> Arrival:
    """An arrival within the second that was told, if one was, but not before the request nor after it was seen.

    Where these exclude each other the clocks disagree, and it is what was told.
    """
    earliest = sent_at if told is None else max(told, sent_at)
    latest = seen_by if told is None else min(told + _SECOND, seen_by)
    if told is not None and earliest > latest:
        earliest, latest = told, told + _SECOND
    return Arrival(name, (earliest - sent_at).total_seconds(), (latest - sent_at).total_seconds())
