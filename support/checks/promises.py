"""What a job promises behind its answer: a record, an analyzer and a served queue (contract, steps D, E and F).

Each promise is looked for in its own store until it is fulfilled or its time limit passes. What is wrong with what was
seen is decided in `job_effects`.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, field

from support.api.job import Job
from support.checks import job_effects
from support.core.errors import ExpectationFailed, require
from support.core.eventually import eventually
from support.observers import deletion, obstacles
from support.observers.side_effects import KINDS, Look
from support.observers.sightings import SightingLog
from support.observers.stores import Stores
from support.profile.settings import Settings

# What the standard health service of gRPC says of a stream.
SERVED, NOT_SERVED = ("SERVING",), ("NOT_SERVING", "SERVICE_UNKNOWN", "unknown")

# For the last look at a stream, which is made when the time limit passes.
_SHORTEST_LOOK_S = 0.1


@dataclass(frozen=True)
class FulfilledPromise:
    """A promise that was seen to be fulfilled; it must stay so for as long as its jobs are not cancelled."""

    job_ids: frozenset[str]
    look: Callable[[], list[str]]


@dataclass(frozen=True)
class Promises:
    """Checks of the jobs of one scenario. What was `fulfilled` is looked at once more at its end.

    Every `expect_…` raises ExpectationFailed when its time limit has passed and something is still wrong.
    """

    settings: Settings
    stores: Stores
    sightings: SightingLog = field(default_factory=SightingLog)
    fulfilled: list[FulfilledPromise] = field(default_factory=list)
    unseen: dict[str, None] = field(default_factory=dict)
    """What could not be seen of a promise, and why, each once: for the report."""

    def expect_complete_record(self, job: Job) -> None:
        """Raise ExpectationFailed unless there is exactly one record, and it is that of this job in every field."""
        self._wait(
            f"the record of {job.job_id} to be complete",
            [job],
            lambda: job_effects.record_problems(job, self.stores.records.of_job(job.job_id), self.settings),
            "effect_appears_s",
        )

    def expect_task_id_in_record(self, job: Job, task_id: str) -> None:
        """Raise ExpectationFailed unless the record has the client's own id."""
        name = self.settings.naming.client_task_id

        def look() -> list[str]:
            told = [record.get(name) for record in self.stores.records.of_job(job.job_id)]
            return [f"{name} is {one!r}" for one in told if one != task_id] or ([] if told else ["there is no record"])

        self._wait(f"the record of {job.job_id} to carry the task id {task_id}", [job], look, "effect_appears_s")

    def expect_running_analyzer(self, job: Job) -> None:
        """Raise ExpectationFailed unless one Job and its one pod run the right image with the job's configuration."""
        try:
            self._wait(
                f"the analyzer of {job.job_id} to run with its configuration",
                [job],
                lambda: job_effects.analyzer_problems(job, self._look.analyzer_of(job.job_id), self.settings),
                "analyzer_runs_s",
            )
        except ExpectationFailed as failure:
            raise obstacles.explained(failure, self.stores.analyzers, [job.job_id]) from None

    def expect_served_queues(self, jobs: Sequence[Job]) -> None:
        """Raise ExpectationFailed unless each queue has one consumer, which takes and acknowledges a message."""
        self.expect_consumers(jobs)
        for job in jobs:
            self.put_message(job, json.dumps({"probe": "acceptance", "job_id": job.job_id}).encode())
        self.expect_messages_taken(jobs)

    def put_message(self, job: Job, body: bytes) -> None:
        """Put one message into the job's queue; raise ExpectationFailed if there is no such queue."""
        (name,) = self._queues_of([job])
        there = self.stores.broker.publish(name, body)
        require("a queue that takes a message", [] if there else [f"{name}: there is no such queue"])

    def expect_messages_taken(self, jobs: Sequence[Job]) -> None:
        """Raise ExpectationFailed unless all messages in each queue are taken and acknowledged, one at least.

        Where the broker's statistics are off or do not come in time, a message counts as acknowledged when no
        consumer holds it unacknowledged; where the broker does not tell that either, only its taking can be seen. Both
        cases are noted in `unseen`.
        """
        names = self._queues_of(jobs)
        expected = "a message in each queue to be taken and acknowledged"

        def look() -> list[str]:
            states = {name: self._look.queue(name) for name in names}
            untaken = job_effects.message_problems(states, self.stores.queues.consumed)
            return job_effects.consumer_problems(states) + untaken

        self._wait(expected, jobs, look, "effect_appears_s")
        self._await_statistics(expected, names)
        if (why := self.stores.blind_spots.acknowledgements) is not None:
            self.unseen[f"whether messages are acknowledged, by the broker's statistics: {why}"] = None

    def expect_consumers(self, jobs: Sequence[Job]) -> None:
        """Raise ExpectationFailed unless each queue has exactly one consumer; no message is tried."""
        names = self._queues_of(jobs)
        self._wait(
            "one consumer on each queue",
            jobs,
            lambda: job_effects.consumer_problems({name: self._look.queue(name) for name in names}),
            "effect_appears_s",
        )

    def expect_there(self, job: Job) -> None:
        """Raise ExpectationFailed unless the first look finds all of a job: the answer comes after it (step G)."""
        settings, look = self.settings, self._look
        made = (kind for kind in KINDS if kind.setting != "analyzer_pod")  # Kubernetes takes its time for that.
        missing = [
            f"no {kind.name}"
            for kind in made
            if len(kind.of_job(look, settings.naming, job.job_id)) < getattr(settings.effects_of_a_job, kind.setting)
        ]
        problems = [f"there was {', '.join(missing)}"] if missing else []
        require(f"all of {job.job_id} to be there when it was answered", problems)

    def expect_stream_served(self, job: Job, job_id: str) -> None:
        """Raise ExpectationFailed unless the server that the answer about `job` named serves `job_id` (PZ-13570)."""
        self._expect_stream(job, job_id, SERVED)

    def expect_stream_gone(self, job: Job, job_id: str) -> None:
        """Raise ExpectationFailed unless the server that the answer about `job` named serves no stream of `job_id`."""
        self._expect_stream(job, job_id, NOT_SERVED)

    def _expect_stream(self, job: Job, job_id: str, wanted: Collection[str]) -> None:
        from support.observers.stream import health_of  # Here: it loads gRPC, which most scenarios need not wait for.

        answer, service = job.exchange.answer(), self.settings.naming.stream_health.format(job_id=job_id)
        ends_at = time.monotonic() + self.settings.time_limits.effect_appears_s

        def look() -> list[str]:
            address, stream = (answer["stream_url"], answer["stream_port"]), self.settings.trusted_stream()
            # What is answered after the limit is too late, also by a look that began before it.
            left_s = max(_SHORTEST_LOOK_S, ends_at - time.monotonic())
            seen = health_of(*address, service, left_s, stream)
            return [] if seen in wanted else [f"it is {seen}"]

        expected = f"the stream of {job_id} to be {' or '.join(wanted)} by its health service"
        self._wait(expected, [], look, "effect_appears_s")

    def expect_fulfilled(self, jobs: Sequence[Job]) -> None:
        """Raise ExpectationFailed unless each job has its record, its running analyzer and its served queue."""
        for job in jobs:
            self.expect_complete_record(job)
            self.expect_running_analyzer(job)
        self.expect_served_queues(jobs)

    def broken_problems(self, but_of: Collection[str]) -> list[str]:
        """What is wrong now with promises that were fulfilled before, except those of these jobs."""
        return [
            f"no longer: {problem}"
            for promise in self.fulfilled
            if promise.job_ids.isdisjoint(but_of)
            for problem in promise.look()
        ]

    def expect_healthy_pods(self, job: Job) -> None:
        """Raise ExpectationFailed unless there are pods, and all run with their containers ready or have succeeded.

        All in the namespace of the analyzers where the run is alone, else those of the job.
        """

        def look() -> list[str]:
            now = self._look
            listed = now.pods if self.settings.exclusive else now.analyzer_of(job.job_id).pods
            staying = [pod for pod in listed if not deletion.is_bound_to_go(pod, now.staying)]
            return job_effects.pod_health_problems(staying)

        self._wait("healthy pods", [], look, "analyzer_runs_s")

    def expect_cancelled_jobs(self, job_ids: Collection[str]) -> None:
        """Raise ExpectationFailed unless nothing but a record that says so is left of each of these cancelled jobs."""
        self._wait(
            f"nothing but a cancelled record to be left of {', '.join(sorted(job_ids))}",
            [],
            lambda: [problem for job_id in sorted(job_ids) for problem in self._remains_of(job_id)],
            "effect_disappears_s",
        )

    def expect_nothing_running(self, job_id: str) -> None:
        """Raise ExpectationFailed unless analyzer, pod and queue of a job are gone; its record does not matter."""
        self._wait(f"nothing to run of {job_id}", [], lambda: self._running_of(job_id), "effect_disappears_s")

    @property
    def _look(self) -> Look:
        return Look(self.stores, self.sightings)

    def _queues_of(self, jobs: Iterable[Job]) -> list[str]:
        return [self.settings.naming.work_queue_of(job.job_id) for job in jobs]

    def _wait(self, expected: str, jobs: Sequence[Job], look: Callable[[], list[str]], setting: str) -> None:
        eventually(expected, look, lambda problems: problems, self.settings.time_limits.wait_policy(setting))
        if jobs:
            self.fulfilled.append(FulfilledPromise(frozenset(job.job_id for job in jobs), look))

    def _await_statistics(self, expected: str, names: Sequence[str]) -> None:
        """Wait for the statistics of these queues: they alone tell an acknowledged message from a refused one."""
        seen: dict[str, int | None] = {}

        def look() -> list[str]:
            seen.update({name: self.stores.queues.consumed(name) for name in names})
            return [
                f"{name}: {'its statistics have not come yet' if consumed is None else job_effects.NEVER_ACKNOWLEDGED}"
                for name, consumed in seen.items()
                if not consumed
            ]

        policy, blind_spots = self.settings.time_limits.wait_policy("effect_appears_s"), self.stores.blind_spots
        if blind_spots.acknowledgements is None:
            try:
                eventually(expected, look, lambda problems: problems, policy)
            except ExpectationFailed:
                if 0 in seen.values():
                    raise
                blind_spots.acknowledgements = f"none of a queue came within {policy.setting} = {policy.limit_s:g} s"

    def _remains_of(self, job_id: str) -> list[str]:
        records, wanted = self.stores.records.of_job(job_id), self.settings.answers.cancelled_status
        return job_effects.cancelled_record_problems(job_id, records, wanted) + self._running_of(job_id)

    def _running_of(self, job_id: str) -> list[str]:
        look = self._look
        queue = self.settings.naming.work_queue_of(job_id)
        return job_effects.running_problems(look.analyzer_of(job_id), look.queue(queue))
