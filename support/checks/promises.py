"""What a job promises behind its answer: a record, an analyzer and a served queue (contract, steps D, E and F).

Each promise is looked for in its own store until it is kept or its time limit passes.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from support.api.job import Job
from support.core.errors import ExpectationFailed
from support.core.eventually import eventually
from support.observers import deletion, obstacles
from support.observers.kubernetes import Analyzer
from support.observers.manifests import Manifest, configuration_of, containers_of, is_healthy
from support.observers.mongodb import Document
from support.observers.side_effects import KINDS, Look
from support.observers.sightings import SightingLog
from support.observers.stores import Stores
from support.profile.settings import Settings

# What the standard health service of gRPC says of a stream.
SERVED, NOT_SERVED = ("SERVING",), ("NOT_SERVING", "SERVICE_UNKNOWN", "unknown")

# For the last look at a stream, which is made when the time limit passes.
_SHORTEST_LOOK_S = 0.1
_NEVER_ACKNOWLEDGED = "the message was taken, but never acknowledged"


@dataclass(frozen=True)
class Held:
    """A promise that was seen to be kept; it must stay so for as long as its jobs are not cancelled."""

    job_ids: frozenset[str]
    look: Callable[[], list[str]]


@dataclass(frozen=True)
class Promises:
    """Checks of the jobs of one scenario; what held is remembered, to be looked at once more at its end."""

    settings: Settings
    stores: Stores
    sightings: SightingLog = field(default_factory=SightingLog)
    held: list[Held] = field(default_factory=list)
    unseen: dict[str, None] = field(default_factory=dict)
    """What could not be seen of a promise, and why, each once: for the report."""

    def expect_complete_record(self, job: Job) -> None:
        """Exactly one record, with the configuration field by field, status, user, and the moment of the request."""
        self._wait(
            f"the record of {job.job_id} to be complete",
            [job],
            lambda: self._record_problems(job, self.stores.records.of_job(job.job_id)),
            "effect_appears_s",
        )

    def expect_task_id_in_record(self, job: Job, task_id: str) -> None:
        """The record keeps the client's own id."""
        field = self.settings.naming.client_task_id

        def look() -> list[str]:
            told = [record.get(field) for record in self.stores.records.of_job(job.job_id)]
            return [f"{field} is {one!r}" for one in told if one != task_id] or ([] if told else ["there is no record"])

        self._wait(f"the record of {job.job_id} to carry the task id {task_id}", [job], look, "effect_appears_s")

    def expect_running_analyzer(self, job: Job) -> None:
        """Exactly one Job and one pod of it, running the right image with the configuration of the job."""
        analyzers = self.stores.analyzers
        try:
            self._wait(
                f"the analyzer of {job.job_id} to run with its configuration",
                [job],
                lambda: self._analyzer_problems(job, self._look.analyzer_of(job.job_id)),
                "analyzer_runs_s",
            )
        except ExpectationFailed as failure:
            raise obstacles.explained(failure, analyzers, [job.job_id]) from None

    def expect_served_queues(self, jobs: Sequence[Job]) -> None:
        """Each job's queue has exactly one consumer, and a message put into it is taken and acknowledged."""
        self.expect_consumers(jobs)
        for job in jobs:
            self.put_message(job, json.dumps({"probe": "acceptance", "job_id": job.job_id}).encode())
        self.expect_messages_taken(jobs)

    def put_message(self, job: Job, body: bytes) -> None:
        """Put one message into the job's queue.

        Raises:
            ExpectationFailed: there is no such queue.
        """
        name = self.settings.naming.work_queue_of(job.job_id)
        if not self.stores.broker.publish(name, body):
            raise ExpectationFailed(f"expected a queue that takes a message\n  - {name}: there is no such queue")

    def expect_messages_taken(self, jobs: Sequence[Job]) -> None:
        """What was put into each job's queue is taken and acknowledged; something was.

        Where the broker's statistics are off or do not come in time, a message counts as acknowledged that nobody holds
        unacknowledged; where the broker does not tell that either, its taking alone is seen. Both is noted in `unseen`.
        """
        names = [self.settings.naming.work_queue_of(job.job_id) for job in jobs]
        expected = "a message in each queue to be taken and acknowledged"
        self._wait(
            expected,
            jobs,
            lambda: [*self._consumer_problems(names), *self._message_problems(names)],
            "effect_appears_s",
        )
        self._await_statistics(expected, names)
        if (why := self.stores.blind_spots.acknowledgements) is not None:
            self.unseen[f"whether messages are acknowledged, by the broker's statistics: {why}"] = None

    def expect_consumers(self, jobs: Sequence[Job]) -> None:
        """Each job's queue has exactly one consumer; whether it takes anything is not tried."""
        names = [self.settings.naming.work_queue_of(job.job_id) for job in jobs]
        self._wait("one consumer on each queue", jobs, lambda: self._consumer_problems(names), "effect_appears_s")

    def expect_there(self, job: Job) -> None:
        """Record, analyzer and served queue are there at the first look: the answer comes after them (step G).

        Raises:
            ExpectationFailed: one of them is not; nothing is waited for.
        """
        settings = self.settings
        made = (kind for kind in KINDS if kind.setting != "analyzer_pod")  # Kubernetes takes its time for that.
        missing = [
            f"no {kind.name}"
            for kind in made
            if len(kind.of_job(self._look, settings.naming, job.job_id))
            < getattr(settings.effects_of_a_job, kind.setting)
        ]
        if missing:
            raise ExpectationFailed(
                f"expected all of {job.job_id} to be there when it was answered\n  - there was {', '.join(missing)}"
            )

    def expect_stream_served(self, job: Job) -> None:
        """The server at the address that the answer gave says that it serves the stream of this job (PZ-13570)."""
        self._expect_stream(job, job.job_id, SERVED)

    def expect_stream_gone(self, job: Job, job_id: str) -> None:
        """The server at the address that the answer about `job` gave serves no stream of the job `job_id`."""
        self._expect_stream(job, job_id, NOT_SERVED)

    def _expect_stream(self, job: Job, job_id: str, wanted: Collection[str]) -> None:
        from support.observers.stream import health_of  # Here: it loads gRPC, which most scenarios need not wait for.

        answer, limits = job.exchange.answer(), self.settings.time_limits
        service = self.settings.naming.stream_health.format(job_id=job_id)

        ends_at = time.monotonic() + limits.effect_appears_s

        def look() -> list[str]:
            address, stream = (answer["stream_url"], answer["stream_port"]), self.settings.trusted_stream()
            # What is answered after the limit is too late, also by a look that began before it.
            left_s = max(_SHORTEST_LOOK_S, ends_at - time.monotonic())
            seen = health_of(*address, service, left_s, stream)
            return [] if seen in wanted else [f"it is {seen}"]

        expected = f"the stream of {job_id} to be {' or '.join(wanted)} by its health service"
        self._wait(expected, [], look, "effect_appears_s")

    def expect_kept(self, jobs: Sequence[Job]) -> None:
        """All three of them, for each job."""
        for job in jobs:
            self.expect_complete_record(job)
            self.expect_running_analyzer(job)
        self.expect_served_queues(jobs)

    def broken_problems(self, but_of: Collection[str]) -> list[str]:
        """What is wrong now with promises that were kept before, but for those of jobs that need keep none any more."""
        return [
            f"no longer: {problem}" for one in self.held if one.job_ids.isdisjoint(but_of) for problem in one.look()
        ]

    def expect_healthy_pods(self, job: Job) -> None:
        """All pods run with their containers ready, or have done their work; there is one at least.

        All in the namespace of the analyzers where the run is alone, else those of the job.
        """
        self._wait("healthy pods", [], lambda: self._unhealthy_pods(job), "analyzer_runs_s")

    def expect_cancelled_jobs(self, job_ids: Collection[str]) -> None:
        """Analyzer, pod, queue and consumer of each job are gone; its record is kept and says that it was cancelled."""
        self._wait(
            f"nothing but a cancelled record to be left of {', '.join(sorted(job_ids))}",
            [],
            lambda: [problem for job_id in sorted(job_ids) for problem in self._remains_of(job_id)],
            "effect_disappears_s",
        )

    def expect_nothing_running(self, job_id: str) -> None:
        """Analyzer, pod, queue and consumer are gone; what became of the record does not matter."""
        self._wait(f"nothing to run of {job_id}", [], lambda: self._running_of(job_id), "effect_disappears_s")

    @property
    def _look(self) -> Look:
        return Look(self.stores, self.sightings)

    def _wait(self, expected: str, jobs: Sequence[Job], look: Callable[[], list[str]], setting: str) -> None:
        eventually(expected, look, lambda problems: problems, self.settings.time_limits.wait_policy(setting))
        if jobs:
            self.held.append(Held(frozenset(job.job_id for job in jobs), look))

    def _consumer_problems(self, names: Sequence[str]) -> list[str]:
        states = {name: self._look.queue(name) for name in names}
        return [
            f"{name}: there is no such queue" if state is None else f"{name}: {state.consumers} consumers instead of 1"
            for name, state in states.items()
            if state is None or state.consumers != 1
        ]

    def _message_problems(self, names: Sequence[str]) -> list[str]:
        problems = []
        for name in names:
            state = self._look.queue(name)
            if state is not None and state.ready:
                problems.append(f"{name}: {state.ready} messages wait, nobody takes them")
            elif self.stores.queues.consumed(name) == 0:
                problems.append(f"{name}: {_NEVER_ACKNOWLEDGED}")
        return problems

    def _await_statistics(self, expected: str, names: Sequence[str]) -> None:
        """Wait for the statistics of these queues: they alone tell an acknowledged message from a refused one."""
        queues = self.stores.queues
        seen: dict[str, int | None] = {}

        def look() -> list[str]:
            seen.update({name: queues.consumed(name) for name in names})
            return [
                f"{name}: {'its statistics have not come yet' if consumed is None else _NEVER_ACKNOWLEDGED}"
                for name, consumed in seen.items()
                if not consumed
            ]

        policy = self.settings.time_limits.wait_policy("effect_appears_s")
        if self.stores.blind_spots.acknowledgements is None:
            try:
                eventually(expected, look, lambda problems: problems, policy)
            except ExpectationFailed:
                if 0 in seen.values():
                    raise
                why = f"none of a queue came within {policy.setting} = {policy.limit_s:g} s"
                self.stores.blind_spots.acknowledgements = why

    def _unhealthy_pods(self, job: Job) -> list[str]:
        look = self._look
        listed = look.pods if self.settings.exclusive else look.analyzer_of(job.job_id).pods
        staying = look.staying
        pods = [pod for pod in listed if not deletion.is_bound_to_go(pod, staying)]
        return [
            f"the pod {pod['metadata']['name']} is {(pod.get('status') or {}).get('phase')} and not all of it ready"
            + _because(obstacles.of_pod(pod))
            for pod in pods
            if not is_healthy(pod)
        ] or ([] if pods else ["there is no pod"])

    def _remains_of(self, job_id: str) -> list[str]:
        records = self.stores.records.of_job(job_id)
        wanted = self.settings.answers.cancelled_status
        problems = [
            f"the record says {record.get('status')!r} instead of {wanted!r}"
            for record in records
            if record.get("status") != wanted
        ]
        if not records:
            problems.append(f"the record of {job_id} is gone; it should be kept")
        return problems + self._running_of(job_id)

    def _running_of(self, job_id: str) -> list[str]:
        look = self._look
        analyzer, queue = look.analyzer_of(job_id), look.queue(self.settings.naming.work_queue_of(job_id))
        problems = [f"the analyzer {job['metadata']['name']} is still there" for job in analyzer.jobs]
        problems += [f"the analyzer pod {pod['metadata']['name']} is still there" for pod in analyzer.pods]
        if queue is not None:
            problems.append(f"the queue {queue.name} is still there, with {queue.consumers} consumers")
        return problems

    def _record_problems(self, job: Job, records: list[Document]) -> list[str]:
        if len(records) != 1:
            return [f"there are {len(records)} records instead of 1"]
        naming, answers = self.settings.naming, self.settings.answers
        record = records[0]
        problems = differences("config", job.payload, record.get("config"))
        for name, wanted in (("status", answers.configured_status), ("user", naming.task_user)):
            if record.get(name) != wanted:
                problems.append(f"{name} is {record.get(name)!r} instead of {wanted!r}")
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
        # What is being deleted has stopped to be the analyzer, though it may go on for a while.
        jobs, pods = ([one for one in listed if not deletion.has_begun(one)] for listed in (seen.jobs, seen.pods))
        problems = [
            f"there are {len(found)} {what} instead of {wanted}"
            for what, found, wanted in (
                ("analyzers", jobs, self.settings.effects_of_a_job.analyzer),
                ("analyzer pods", pods, self.settings.effects_of_a_job.analyzer_pod),
            )
            if len(found) != wanted
        ]
        name = self.settings.naming.analyzer_of(job.job_id)
        for manifest in jobs:
            if manifest["metadata"]["name"] != name:
                problems.append(f"the analyzer is named {manifest['metadata']['name']} instead of {name}")
            problems += self._container_problems("analyzer", job, manifest)
        for pod in pods:
            phase, why = (pod.get("status") or {}).get("phase"), obstacles.of_pod(pod)
            if phase != "Running":
                problems.append(f"the analyzer pod is {phase} instead of Running{_because(why)}")
            elif why:
                problems.append(f"the analyzer pod is Running, but not all of it{_because(why)}")
            owners = [
                owner.get("uid") for owner in pod["metadata"].get("ownerReferences") or [] if owner.get("controller")
            ]
            if jobs and owners != [jobs[0]["metadata"]["uid"]]:
                problems.append("the analyzer pod is not owned by the analyzer")
            problems += self._container_problems("analyzer pod", job, pod)
        return problems

    def _container_problems(self, what: str, job: Job, manifest: Manifest) -> list[str]:
        naming = self.settings.naming
        labels = manifest["metadata"].get("labels") or {}
        images = [container.get("image") for container in containers_of(manifest)]
        problems = [
            f"the label {name} of the {what} is {labels.get(name)!r} instead of {wanted!r}"
            for name, wanted in naming.analyzer_labels.items()
            if labels.get(name) != wanted
        ]
        if images != [naming.analyzer_image]:
            problems.append(
                f"the image of the {what} is {', '.join(map(str, images))} instead of {naming.analyzer_image}"
            )
        configuration = configuration_of(manifest, naming.analyzer_configuration_variable)
        return problems + differences(f"configuration of the {what}", job.payload, configuration)


def differences(path: str, wanted: Any, seen: Any) -> list[str]:
    """Where two configurations differ, a line each.

    Types count: 1 is neither true nor "1" nor 1.0; only frequencies are plain numbers, for which 500 is 500.0.
    """
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
    same_type = type(wanted) is type(seen) or (".frequencyRange" in path and _is_number(wanted) and _is_number(seen))
    return [] if same_type and wanted == seen else [f"{path} is {seen!r} instead of {wanted!r}"]


def _because(reasons: Sequence[str]) -> str:
    return f": {'; '.join(reasons)}" if reasons else ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
