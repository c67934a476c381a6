"""What a scenario breaks behind the server's back; what would outlive the scenario is undone at its end."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import ExitStack
from functools import partial

from support.core.eventually import eventually
from support.faults import store_writes
from support.faults.announcements import Announcements
from support.faults.outages import Outages
from support.faults.workloads import Workloads
from support.observers.stores import Stores
from support.profile.settings import Settings


class Disturbances:
    """Disturbs the scenario's own jobs, and, where the run is alone, the stores and parts of the product as a whole.

    `before` is called before each disturbance, with the job id and the part of the product that it is about; None when
    it is about all of them.
    Every method raises `EnvironmentBroken` when a store does not do what it is asked.
    """

    def __init__(
        self,
        settings: Settings,
        stores: Stores,
        journal: Announcements,
        before: Callable[[str | None, str | None], object],
    ) -> None:
        self._settings, self._stores, self._journal, self._before = settings, stores, journal, before
        self._undos: dict[str, Callable[[], object]] = {}
        self.outages = Outages(settings.toxiproxy, self._break_way)
        self.workloads = Workloads(settings, stores, self._disturb_part, journal.part_scaled)

    def finish_analyzer(self, job_id: str, phase: str) -> None:
        """The analyzer of a job exits, with success or without: its pod ends in the phase `Succeeded` or `Failed`.

        Only where nothing but the suite says what becomes of a pod, as in the sandbox.
        """
        self._before(job_id, None)
        store_writes.finish_analyzer(self._stores, job_id, phase)

    def delete_analyzer(self, job_id: str) -> None:
        """The analyzer of a job is deleted."""
        self._before(job_id, None)
        store_writes.delete_analyzer(self._stores, job_id)

    def pause_analyzer(self, job_id: str) -> None:
        """The analyzer of a job is there and does not run: its Job wants no pod. It returns when there is none.

        Raises:
            ExpectationFailed: pods of the job are there after `time_limits.effect_disappears_s`.
        """
        self._before(job_id, None)
        store_writes.pause_analyzer(self._stores, job_id)
        eventually(
            f"the pods of {job_id} to be gone",
            lambda: self._stores.analyzers.of_job(job_id).pods,
            lambda pods: [f"there is {pod['metadata']['name']}" for pod in pods],
            self._settings.time_limits.wait_policy("effect_disappears_s"),
        )

    def delete_queue(self, job_id: str) -> None:
        """The queue of a job is deleted, and its consumer goes with it."""
        self._before(job_id, None)
        store_writes.delete_queue(self._stores.broker, self._settings.naming.work_queue_of(job_id))

    def spoil_record(self, job_id: str) -> None:
        """The record of a job has no configuration any more, until `undo`."""
        self._before(job_id, None)
        self._journal.record_spoilt(job_id)
        records = self._stores.database.collection(self._settings.mongodb.tasks_collection)
        self._undos[f"record of {job_id}"] = partial(store_writes.mend_record, records, job_id)
        store_writes.spoil_record(records, job_id)

    def refuse_queues(self) -> None:
        """RabbitMQ takes no more queues, until `undo`; only for an environment that the run has to itself."""
        self._before(None, None)
        self._journal.broker_limited()
        self._undos["queues"] = partial(store_writes.limit_queues, self._stores.broker, None)
        store_writes.limit_queues(self._stores.broker, 0)

    def refuse_analyzers(self) -> None:
        """Kubernetes takes no more Jobs, until `undo`; only for an environment that the run has to itself."""
        self._before(None, None)
        self._journal.analyzers_refused()
        self._undos["analyzers"] = partial(store_writes.accept_analyzers, self._stores.namespace)
        store_writes.refuse_analyzers(
            self._stores.namespace, self._settings.time_limits.wait_policy("effect_appears_s")
        )

    def undo(self) -> None:
        """Open all ways, bring back all parts, have stores take everything and mend records; it may be tried again."""
        _do_each(self.outages.end, self.workloads.undo, *self._mendings())

    def mend_stores(self) -> None:
        """Open all ways, have stores take everything and mend records; parts stay as they are."""
        _do_each(self.outages.end, *self._mendings())

    def bring_back_parts(self) -> None:
        """Open all ways, then bring back all parts: the server may need its stores to start."""
        _do_each(self.outages.end, self.workloads.undo)

    def _mendings(self) -> list[Callable[[], object]]:
        return [partial(self._undo, what) for what in reversed(self._undos)]

    def _undo(self, what: str) -> None:
        self._undos[what]()
        del self._undos[what]

    def _break_way(self, proxy: str) -> None:
        self._before(None, None)
        self._journal.way_broken(proxy)

    def _disturb_part(self, part: str, replicas: int) -> None:
        self._before(None, part)
        self._journal.part_disturbed(part, replicas)


def _do_each(*acts: Callable[[], object]) -> None:
    """Do all of them in this order, also those after one that raises."""
    with ExitStack() as stack:
        for act in reversed(acts):
            stack.callback(act)
