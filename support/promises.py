"""What a job promises behind its answer: a record, an analyzer and a served queue (contract, steps D, E and F).

Each promise is looked for in its own store until it is kept or its time limit passes.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from support.answers import Job
from support.eventually import Patience, eventually
from support.observers.kubernetes import Analyzer, Manifest, configuration_of, containers_of
from support.observers.mongodb import Document
from support.observers.rabbitmq import QueueState
from support.settings import Settings
from support.stores import Stores


@dataclass(frozen=True)
class Promises:
    """Checks of one environment."""

    settings: Settings
    stores: Stores

    def record_is_complete(self, job: Job) -> None:
        """Exactly one record, with the configuration field by field, status, user, and the moment of the request."""
        eventually(
            f"the record of {job.job_id} to be complete",
            lambda: self.stores.records.of_job(job.job_id),
            lambda seen: self._record_problems(job, seen),
            self._patience("effect_appears_s"),
        )

    def analyzer_runs(self, job: Job) -> None:
        """Exactly one Job and one pod of it, running the right image with the configuration of the job."""
        eventually(
            f"the analyzer of {job.job_id} to run with its configuration",
            lambda: self.stores.analyzers.of_job(job.job_id),
            lambda seen: self._analyzer_problems(job, seen),
            self._patience("analyzer_runs_s"),
        )

    def queues_are_served(self, jobs: Sequence[Job]) -> None:
        """Each job's queue has exactly one consumer, and a message put into it is taken and acknowledged."""
        names = [self.settings.naming.work_queue_of(job.job_id) for job in jobs]
        patience = self._patience("effect_appears_s")
        eventually(
            "one consumer on each queue",
            lambda: {name: self.stores.queues.state_of(name) for name in names},
            lambda seen: [
                f"{name}: {problem}" for name, queue in seen.items() for problem in _consumer_problems(queue)
            ],
            patience,
        )
        for name, job in zip(names, jobs, strict=True):
            probe = {"probe": "acceptance", "job_id": job.job_id}
            self.stores.queues.publish(name, json.dumps(probe).encode())
        eventually(
            "a message in each queue to be taken and acknowledged",
            lambda: {name: (self.stores.queues.state_of(name), self.stores.queues.consumed(name)) for name in names},
            lambda seen: [
                f"{name}: {problem}"
                for name, (queue, consumed) in seen.items()
                for problem in (*_consumer_problems(queue), *_message_problems(queue, consumed))
            ],
            patience,
        )

    def are_kept(self, jobs: Sequence[Job]) -> None:
        """All three of them, for each job."""
        for job in jobs:
            self.record_is_complete(job)
            self.analyzer_runs(job)
        self.queues_are_served(jobs)

    def no_pod_has_failed(self) -> None:
        """None of the pods in the namespace of the analyzers is in the phase Failed."""
        eventually(
            "no failed pod in the namespace",
            self.stores.analyzers.pods,
            lambda pods: [
                f"the pod {pod['metadata']['name']} has failed: {pod['status'].get('message', 'no reason given')}"
                for pod in pods
                if (pod.get("status") or {}).get("phase") == "Failed"
            ],
            self._patience("effect_appears_s"),
        )

    def are_cancelled(self, job_ids: Collection[str]) -> None:
        """Analyzer, pod, queue and consumer of each job are gone; its record is kept and says that it was cancelled."""
        eventually(
            f"nothing but a cancelled record to be left of {', '.join(sorted(job_ids))}",
            lambda: [problem for job_id in sorted(job_ids) for problem in self._remains_of(job_id)],
            list,
            self._patience("effect_disappears_s"),
        )

    def _remains_of(self, job_id: str) -> list[str]:
        return self._remains(
            self.stores.records.of_job(job_id),
            self.stores.analyzers.of_job(job_id),
            self.stores.queues.state_of(self.settings.naming.work_queue_of(job_id)),
        )

    def _patience(self, setting: str) -> Patience:
        limits = self.settings.time_limits
        return Patience(getattr(limits, setting), limits.poll_interval_s, f"time_limits.{setting}")

    def _record_problems(self, job: Job, records: list[Document]) -> list[str]:
        if len(records) != 1:
            return [f"there are {len(records)} records instead of 1"]
        naming, answers = self.settings.naming, self.settings.answers
        record = records[0]
        problems = differences("config", job.payload, record.get("config"))
        for field, wanted in (("status", answers.configured_status), ("user", naming.task_user)):
            if record.get(field) != wanted:
                problems.append(f"{field} is {record.get(field)!r} instead of {wanted!r}")
        return problems + self._creation_time_problems(job, record.get("created_at"))

    def _creation_time_problems(self, job: Job, created_at: Any) -> list[str]:
        if not isinstance(created_at, datetime):
            return [f"created_at is {created_at!r}, not a date"]
        # MongoDB keeps whole milliseconds, cut off.
        tolerance = timedelta(seconds=self.settings.time_limits.clock_tolerance_s, milliseconds=1)
        sent, answered = (
            job.exchange.sent_at,
            job.exchange.sent_at + timedelta(seconds=job.exchange.elapsed_s),
        )
        problems = []
        if not sent - tolerance <= created_at <= answered + tolerance:
            problems.append(
                f"created_at is {created_at.isoformat()}, outside of the request's time from {sent.isoformat()} to "
                f"{answered.isoformat()}"
            )
        if job.created_at is not None and abs(created_at - job.created_at) >= timedelta(milliseconds=1):
            problems.append(f"created_at is {created_at.isoformat()}, but the answer says {job.created_at.isoformat()}")
        return problems

    def _analyzer_problems(self, job: Job, seen: Analyzer) -> list[str]:
        problems = [
            f"there are {len(found)} {what} instead of {wanted}"
            for what, found, wanted in (
                ("analyzers", seen.jobs, self.settings.effects_of_a_job.analyzer),
                ("analyzer pods", seen.pods, self.settings.effects_of_a_job.analyzer_pod),
            )
            if len(found) != wanted
        ]
        name = self.settings.naming.analyzer_of(job.job_id)
        for manifest in seen.jobs:
            if manifest["metadata"]["name"] != name:
                problems.append(f"the analyzer is named {manifest['metadata']['name']} instead of {name}")
            problems += self._container_problems("analyzer", job, manifest)
        for pod in seen.pods:
            phase = (pod.get("status") or {}).get("phase")
            if phase != "Running":
                problems.append(f"the analyzer pod is {phase} instead of Running")
            owners = [
                owner.get("uid") for owner in pod["metadata"].get("ownerReferences") or [] if owner.get("controller")
            ]
            if seen.jobs and owners != [seen.jobs[0]["metadata"]["uid"]]:
                problems.append("the analyzer pod is not owned by the analyzer")
            problems += self._container_problems("analyzer pod", job, pod)
        return problems

    def _container_problems(self, what: str, job: Job, manifest: Manifest) -> list[str]:
        naming = self.settings.naming
        images = [container.get("image") for container in containers_of(manifest)]
        problems = []
        if images != [naming.analyzer_image]:
            problems.append(
                f"the image of the {what} is {', '.join(map(str, images))} instead of {naming.analyzer_image}"
            )
        configuration = configuration_of(manifest, naming.analyzer_configuration_variable)
        return problems + differences(f"configuration of the {what}", job.payload, configuration)

    def _remains(self, records: list[Document], analyzer: Analyzer, queue: QueueState | None) -> list[str]:
        problems = [
            f"the record says {record.get('status')!r} instead of {self.settings.answers.cancelled_status!r}"
            for record in records
            if record.get("status") != self.settings.answers.cancelled_status
        ]
        if not records:
            problems.append("the record is gone; it should be kept")
        problems += [f"the analyzer {job['metadata']['name']} is still there" for job in analyzer.jobs]
        problems += [f"the analyzer pod {pod['metadata']['name']} is still there" for pod in analyzer.pods]
        if queue is not None:
            problems.append(f"the queue {queue.name} is still there, with {queue.consumers} consumers")
        return problems


def differences(path: str, wanted: Any, seen: Any) -> list[str]:
    """Where two JSON values differ, a line each; types count (1 is neither true nor "1", but 500 is 500.0)."""
    if isinstance(wanted, Mapping) and isinstance(seen, Mapping):
        return [
            line
            for key in sorted({*wanted, *seen})
            for line in (
                [f"{path}.{key} is missing"]
                if key not in seen
                else [f"{path}.{key} is {seen[key]!r} and was not asked for"]
                if key not in wanted
                else differences(f"{path}.{key}", wanted[key], seen[key])
            )
        ]
    return [] if _json_equal(wanted, seen) else [f"{path} is {seen!r} instead of {wanted!r}"]


def _json_equal(wanted: Any, seen: Any) -> bool:
    numbers = [isinstance(value, int | float) and not isinstance(value, bool) for value in (wanted, seen)]
    return bool(wanted == seen) if all(numbers) else type(wanted) is type(seen) and bool(wanted == seen)


def _consumer_problems(queue: QueueState | None) -> list[str]:
    if queue is None:
        return ["there is no such queue"]
    return [] if queue.consumers == 1 else [f"it has {queue.consumers} consumers instead of 1"]


def _message_problems(queue: QueueState | None, consumed: int | None) -> list[str]:
    if queue is not None and queue.ready:
        return [f"{queue.ready} messages wait, nobody takes them"]
    return ["the message was taken, but never acknowledged"] if consumed == 0 else []
