"""When the effects of a job came, as far as the stores tell and the suite has seen.

What is exact: when the request was sent and answered (this machine's clock), and the record's `created_at` (the
server's clock, whole milliseconds). Kubernetes tells whole seconds, and a broker does not say since when it has a
consumer: of those the time is known to lie between two others. The suite's own looks narrow it down: what was seen was
there by then.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from support.api.exchange import Exchange
from support.observers.manifests import running_since
from support.observers.sightings import SightingLog

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
    for record in found.get("task record", ())[:1]:
        if isinstance(created := record.get("created_at"), datetime):
            after_s = (created - asked.sent_at).total_seconds()
            arrivals.append(Arrival("task record", after_s, after_s))
    for job in found.get("analyzer", ())[:1]:
        told, seen = job["metadata"].get("creationTimestamp"), sightings.first("object", job["metadata"]["uid"])
        if told and seen:
            arrivals.append(between("analyzer", asked.sent_at, datetime.fromisoformat(told), seen))
    for pod in found.get("analyzer pod", ())[:1]:
        since, seen = running_since(pod), sightings.first("running pod", pod["metadata"]["uid"])
        if since and seen:
            arrivals.append(between("pod running", asked.sent_at, since, seen))
    for queue in found.get("work queue", ())[:1]:
        if seen := sightings.first("served queue", queue["name"]):
            arrivals.append(between("consumer ready", asked.sent_at, None, seen))
    return arrivals


def between(name: str, sent_at: datetime, told: datetime | None, seen_by: datetime) -> Arrival:
    """An arrival within the second that was told, if one was, but not before the request nor after it was seen.

    Where these exclude each other the clocks disagree, and it is what was told.
    """
    earliest = sent_at if told is None else max(told, sent_at)
    latest = seen_by if told is None else min(told + _SECOND, seen_by)
    if told is not None and earliest > latest:
        earliest, latest = told, told + _SECOND
    return Arrival(name, (earliest - sent_at).total_seconds(), (latest - sent_at).total_seconds())
