"""What the three stores show at one moment, put together by jobs."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, TypeVar

from support.observers.kubernetes import Analyzer
from support.observers.manifests import Manifest, configuration_of
from support.observers.mongodb import Document
from support.observers.rabbitmq import QueueState
from support.observers.side_effects import KINDS, Effect, Look, Snapshot, new_of, take_snapshot
from support.observers.sightings import SightingLog
from support.observers.stores import Stores
from support.profile.settings import Settings

K = TypeVar("K")
V = TypeVar("V")


class Mark(NamedTuple):
    """By what the request for a job is recognised in the stores (see `request_marks`)."""

    duration: Any
    height: Any
    highest_frequency: Any

    @classmethod
    def of(cls, configuration: Any) -> Mark | None:
        """The mark in a configuration; None in one that can hold none."""
        match configuration:
            case {
                "displayTimeAxisDuration": int() as duration,
                "displayInfo": {"height": int() as height},
                "frequencyRange": {"max": int() | float() as highest},
            }:
                return cls(duration, height, highest)
        return None

    def key(self) -> dict[str, Any]:
        """It as the observers look for it."""
        names = ("displayTimeAxisDuration", "displayInfo.height", "frequencyRange.max")
        return dict(zip(names, self, strict=True))


class New(NamedTuple):
    """An effect that was not there before the run, and its kind."""

    kind: str
    effect: Effect


@dataclass(frozen=True)
class Seen:
    """What there is of jobs, by their ids.

    `new` is everything that came since the beginning, where the run has the environment to itself. `marked` are the ids
    of the jobs whose configuration has a mark.
    """

    records: Mapping[str, Collection[Document]] = field(default_factory=dict)
    analyzers: Mapping[str, Analyzer] = field(default_factory=dict)
    queues: Mapping[str, QueueState] = field(default_factory=dict)
    new: Collection[New] = ()
    marked: Mapping[Mark, Collection[str]] = field(default_factory=dict)

    def analyzer(self, job_id: str) -> Analyzer:
        """What a job has on Kubernetes."""
        return self.analyzers.get(job_id, Analyzer())

    def told(self, job_id: str) -> str:
        """What there is of a job, in words."""
        analyzer, queue = self.analyzer(job_id), self.queues.get(job_id)
        records = [f"a record ({record.get('status')})" for record in self.records.get(job_id, ())]
        jobs = ["an analyzer" for _ in analyzer.jobs]
        pods = [f"a pod ({(pod.get('status') or {}).get('phase')})" for pod in analyzer.pods]
        queues = [f"a queue with {queue.consumers} consumers"] if queue is not None else []
        return ", ".join([*(records or ["no record"]), *(jobs or ["no analyzer"]), *pods, *(queues or ["no queue"])])


class StoreLook:
    """Looks at the stores again and again; what was there when it was made is not of this run."""

    def __init__(self, settings: Settings, stores: Stores) -> None:
        self._settings, self._stores = settings, stores
        self._before = self._snapshot(())

    def look(self, job_ids: Collection[str], marks: Collection[Mark]) -> Seen:
        """What there is of these jobs, and of those that carry one of these marks.

        Raises:
            EnvironmentBroken: a store can't be asked.
        """
        naming, snapshot = self._settings.naming, self._snapshot(job_ids)
        new = [New(kind.name, one) for kind in KINDS for one in new_of(kind.name, self._before, snapshot)]
        look = Look(self._stores, SightingLog())
        pods, jobs = self._by_job(look.pods), self._by_job(look.jobs)
        marked = [
            (mark, job_id)
            for job_id, manifests in jobs.items()
            for manifest in manifests
            if (mark := Mark.of(configuration_of(manifest, naming.analyzer_configuration_variable))) in marks
        ]
        ids = {*job_ids, *(one.effect.job_id for one in new if one.effect.job_id), *(job_id for _, job_id in marked)}
        if not self._settings.exclusive:
            ids |= {one for mark in marks for one in self._stores.records.job_ids_carrying(mark.key())}
        records = _grouped((str(record["task_id"]), record) for record in self._stores.records.of_jobs(sorted(ids)))
        marked += [
            (mark, job_id)
            for job_id, documents in records.items()
            for document in documents
            if (mark := Mark.of(document.get("config"))) in marks
        ]
        return Seen(
            records=records,
            analyzers={one: Analyzer(tuple(jobs.get(one, ())), tuple(pods.get(one, ()))) for one in ids},
            queues={one: queue for one in ids if (queue := self._queue(look, one)) is not None},
            new=new if self._settings.exclusive else [],
            marked={mark: set(found) for mark, found in _grouped(marked).items() if mark is not None},
        )

    def _snapshot(self, job_ids: Collection[str]) -> Snapshot:
        settings = self._settings
        return take_snapshot(self._stores, settings.naming, job_ids, exclusive=settings.exclusive)

    def _queue(self, look: Look, job_id: str) -> QueueState | None:
        name = self._settings.naming.work_queue_of(job_id)
        return look.queue(name) if look.queue_names is None or name in look.queue_names else None

    def _by_job(self, manifests: Iterable[Manifest]) -> dict[str, list[Manifest]]:
        label = self._settings.naming.job_id_label
        return _grouped((str((one["metadata"].get("labels") or {}).get(label)), one) for one in manifests)


def _grouped(pairs: Iterable[tuple[K, V]]) -> dict[K, list[V]]:
    groups: dict[K, list[V]] = {}
    for key, value in pairs:
        groups.setdefault(key, []).append(value)
    return groups
