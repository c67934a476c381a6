"""What is wrong with the effects of a job (contract, steps D, E and F): functions of what was seen in the stores."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from support.api.job import Job
from support.observers import deletion, obstacles
from support.observers.kubernetes import Analyzer
from support.observers.manifests import Manifest, configuration_of, containers_of, is_healthy
from support.observers.mongodb import Document
from support.observers.rabbitmq import QueueState
from support.profile.settings import Naming, Settings

NEVER_ACKNOWLEDGED = "the message was taken, but never acknowledged"

QueueStates = Mapping[str, QueueState | None]
"""Queues by name; None stands for one that is not there."""


def record_problems(job: Job, records: Sequence[Document], settings: Settings) -> list[str]:
    """What is wrong with the records of a job: number, configuration, status, user, and the time of creation."""
    if len(records) != 1:
        return [f"there are {len(records)} records instead of 1"]
    (record,) = records
    return content_problems(job.payload, record, settings) + creation_time_problems(
        job, record.get("created_at"), settings.time_limits.clock_tolerance_s
    )


def content_problems(payload: Mapping[str, Any], record: Document, settings: Settings) -> list[str]:
    """What is wrong with the configuration, status and user in a record of a job that was asked for so."""
    problems = differences("config", payload, record.get("config"))
    for name, wanted in (("status", settings.answers.configured_status), ("user", settings.naming.task_user)):
        if record.get(name) != wanted:
            problems.append(f"{name} is {record.get(name)!r} instead of {wanted!r}")
    return problems


def creation_time_problems(job: Job, created_at: Any, tolerance_s: float) -> list[str]:
    """What is wrong with the time of creation in a record: it lies within the request, and is that of the answer."""
    if not isinstance(created_at, datetime):
        return [f"created_at is {created_at!r}, not a date"]
    # MongoDB keeps whole milliseconds, cut off.
    tolerance = timedelta(seconds=tolerance_s, milliseconds=1)
    sent = job.exchange.sent_at
    answered = sent + timedelta(seconds=job.exchange.elapsed_s)
    problems = []
    if not sent - tolerance <= created_at <= answered + tolerance:
        problems.append(
            f"created_at is {created_at.isoformat()}, outside of the request's time from {sent.isoformat()} to "
            f"{answered.isoformat()}"
        )
    if job.created_at is not None and abs(created_at - job.created_at) >= timedelta(milliseconds=1):
        problems.append(f"created_at is {created_at.isoformat()}, but the answer says {job.created_at.isoformat()}")
    return problems


def analyzer_problems(job: Job, seen: Analyzer, settings: Settings) -> list[str]:
    """What is wrong with the analyzer of a job: number, names, labels, image, configuration, owner, and phase."""
    # What is being deleted is the analyzer no longer, though it may go on for a while.
    jobs, pods = ([one for one in listed if not deletion.has_begun(one)] for listed in (seen.jobs, seen.pods))
    problems = [
        f"there are {len(found)} {what} instead of {wanted}"
        for what, found, wanted in (
            ("analyzers", jobs, settings.effects_of_a_job.analyzer),
            ("analyzer pods", pods, settings.effects_of_a_job.analyzer_pod),
        )
        if len(found) != wanted
    ]
    name = settings.naming.analyzer_of(job.job_id)
    for manifest in jobs:
        if manifest["metadata"]["name"] != name:
            problems.append(f"the analyzer is named {manifest['metadata']['name']} instead of {name}")
        problems += container_problems("analyzer", job, manifest, settings.naming)
    for pod in pods:
        phase, why = (pod.get("status") or {}).get("phase"), obstacles.of_pod(pod)
        if phase != "Running":
            problems.append(f"the analyzer pod is {phase} instead of Running{_because(why)}")
        elif why:
            problems.append(f"the analyzer pod is Running, but not all of it{_because(why)}")
        owners = [one.get("uid") for one in pod["metadata"].get("ownerReferences") or [] if one.get("controller")]
        if jobs and owners != [jobs[0]["metadata"]["uid"]]:
            problems.append("the analyzer pod is not owned by the analyzer")
        problems += container_problems("analyzer pod", job, pod, settings.naming)
    return problems


def container_problems(what: str, job: Job, manifest: Manifest, naming: Naming) -> list[str]:
    """What is wrong with the labels, the image and the configuration of a Job or pod."""
    labels = manifest["metadata"].get("labels") or {}
    images = [container.get("image") for container in containers_of(manifest)]
    problems = [
        f"the label {name} of the {what} is {labels.get(name)!r} instead of {wanted!r}"
        for name, wanted in naming.analyzer_labels.items()
        if labels.get(name) != wanted
    ]
    if images != [naming.analyzer_image]:
        problems.append(f"the image of the {what} is {', '.join(map(str, images))} instead of {naming.analyzer_image}")
    configuration = configuration_of(manifest, naming.analyzer_configuration_variable)
    return problems + differences(f"configuration of the {what}", job.payload, configuration)


def pod_health_problems(pods: Sequence[Manifest]) -> list[str]:
    """Which pods neither run with all containers ready nor have done their work; or that there is none."""
    return [
        f"the pod {pod['metadata']['name']} is {(pod.get('status') or {}).get('phase')} and not all of it ready"
        + _because(obstacles.of_pod(pod))
        for pod in pods
        if not is_healthy(pod)
    ] or ([] if pods else ["there is no pod"])


def consumer_problems(states: QueueStates) -> list[str]:
    """Which queues are not there, or have no consumer or several."""
    return [
        f"{name}: there is no such queue" if state is None else f"{name}: {state.consumers} consumers instead of 1"
        for name, state in states.items()
        if state is None or state.consumers != 1
    ]


def message_problems(states: QueueStates, consumed: Callable[[str], int | None]) -> list[str]:
    """Which queues have messages that nobody takes, or that were never acknowledged as far as `consumed` tells."""
    problems = []
    for name, state in states.items():
        if state is not None and state.ready:
            problems.append(f"{name}: {state.ready} messages wait, nobody takes them")
        elif consumed(name) == 0:
            problems.append(f"{name}: {NEVER_ACKNOWLEDGED}")
    return problems


def cancelled_record_problems(job_id: str, records: Sequence[Document], wanted: str) -> list[str]:
    """What is wrong with the record of a cancelled job: it is there, and has the status `wanted`."""
    return [
        f"the record says {record.get('status')!r} instead of {wanted!r}"
        for record in records
        if record.get("status") != wanted
    ] or ([] if records else [f"the record of {job_id} is gone; it should be kept"])


def running_problems(analyzer: Analyzer, queue: QueueState | None) -> list[str]:
    """What of a job is still there that should be gone."""
    problems = [f"the analyzer {job['metadata']['name']} is still there" for job in analyzer.jobs]
    problems += [f"the analyzer pod {pod['metadata']['name']} is still there" for pod in analyzer.pods]
    if queue is not None:
        problems.append(f"the queue {queue.name} is still there, with {queue.consumers} consumers")
    return problems


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


def _because(reasons: Iterable[str]) -> str:
    told = "; ".join(reasons)
    return f": {told}" if told else ""


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
