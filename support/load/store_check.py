"""Looking at every acknowledged job in all three stores, while it runs."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Collection, Iterable

from support.api.job import Attempt, Job
from support.checks import answers, job_effects
from support.core.errors import ExpectationFailed
from support.observers.kubernetes import Analyzer
from support.observers.manifests import Manifest
from support.observers.mongodb import Document
from support.observers.stores import Stores
from support.profile.settings import Settings


class StoreCheck:
    """Which acknowledged jobs are whole: record, analyzer, pod and consumed queue, each as the contract promises."""

    def __init__(self, settings: Settings, stores: Stores) -> None:
        self._settings, self._stores = settings, stores
        self._waiting: dict[str, tuple[Job, float]] = {}
        self.whole = 0
        self.problems: list[str] = []
        """What is wrong with jobs, a line each."""

    @property
    def waiting(self) -> int:
        """How many jobs have not been found whole yet, and still may be."""
        return len(self._waiting)

    def acknowledged(self, attempt: Attempt) -> str | None:
        """Take note of a job that was accepted; gives its id, None if the answer is not that of an accepted job."""
        try:
            job = answers.expect_accepted(attempt, self._settings.answers, self._settings.naming)
        except ExpectationFailed as failure:
            self.problems.append(str(failure))
            return attempt.exchange.job_id()
        self._waiting[job.job_id] = (job, time.monotonic())
        return job.job_id

    def look(self) -> list[str]:
        """Look at all that are waiting; gives the ids of those that are whole or have had their time."""
        jobs = {job_id: job for job_id, (job, _) in self._waiting.items()}
        if not jobs:
            return []
        limits, done = self._settings.time_limits, []
        now = time.monotonic()  # A look counts for the moment at which it began.
        for job_id, problems in self._problems_of(jobs).items():
            late = now - self._waiting[job_id][1] > max(limits.effect_appears_s, limits.analyzer_runs_s)
            if problems and not late:
                continue
            del self._waiting[job_id]
            done.append(job_id)
            self.whole += not problems
            if problems:
                self.problems.append(f"{job_id} was acknowledged and is not whole: {'; '.join(problems)}")
        return done

    def _problems_of(self, jobs: dict[str, Job]) -> dict[str, list[str]]:
        stores, naming, label = self._stores, self._settings.naming, self._settings.naming.job_id_label
        records = _grouped((str(record["task_id"]), record) for record in stores.records.of_jobs(list(jobs)))
        pods = _labelled(stores.analyzers.pods().items, label, jobs)
        launched = _labelled(stores.analyzers.jobs().items, label, jobs)
        found = {}
        for job_id, job in jobs.items():
            queue = naming.work_queue_of(job_id)
            analyzer = Analyzer(tuple(launched[job_id]), tuple(pods[job_id]))
            found[job_id] = [
                *job_effects.record_problems(job, records[job_id], self._settings),
                *job_effects.analyzer_problems(job, analyzer, self._settings),
                *job_effects.consumer_problems({queue: stores.queues.state_of(queue)}),
            ]
        return found


def _grouped(pairs: Iterable[tuple[str, Document]]) -> dict[str, list[Document]]:
    groups: dict[str, list[Document]] = defaultdict(list)
    for job_id, document in pairs:
        groups[job_id].append(document)
    return groups


def _labelled(manifests: Iterable[Manifest], label: str, jobs: Collection[str]) -> dict[str, list[Manifest]]:
    labelled = ((str((one["metadata"].get("labels") or {}).get(label)), one) for one in manifests)
    return _grouped((job_id, one) for job_id, one in labelled if job_id in jobs)
