"""Why an analyzer does not run, as Kubernetes tells it: conditions, states of containers, warnings.

The answer promised an analyzer, whatever the cause; the reasons are for the person who has to act on the failure.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

from support.core.errors import EnvironmentBroken, ExpectationFailed
from support.observers import deletion
from support.observers.kubernetes import Analyzers
from support.observers.manifests import Manifest, is_healthy

_SHOWN_JOBS = 3
_SHOWN_WARNINGS = 3
_SHOWN_CHARACTERS = 400

# Conditions that keep a pod from running, each with the status that says so. "Ready" and its like only sum up.
_POD_CONDITIONS = {"PodScheduled": "False", "DisruptionTarget": "True"}
_JOB_CONDITIONS = {"Failed": "True", "FailureTarget": "True", "Suspended": "True"}


def of_pod(pod: Manifest) -> list[str]:
    """What keeps a pod from running, or has ended it; empty where its status tells nothing."""
    status = pod.get("status") or {}
    found = list(_conditions(status, _POD_CONDITIONS))
    if status.get("reason") or status.get("message"):
        found.append(_phrase(status))  # Evicted, DeadlineExceeded, NodeLost
    containers = [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]
    return found + [f"container {one.get('name')} {told}" for one in containers if (told := _told_of(one))]


def of_job(job: Manifest) -> list[str]:
    """What keeps a Job from having pods that run; empty where its status tells nothing."""
    return list(_conditions(job.get("status") or {}, _JOB_CONDITIONS))


def of_analyzers(analyzers: Analyzers, job_ids: Iterable[str]) -> list[str]:
    """What Kubernetes says about Jobs without a pod and pods that are not healthy, of these jobs; a line each."""
    return [line for job_id in list(job_ids)[:_SHOWN_JOBS] for line in _of_analyzer(analyzers, job_id)]


def explained(failure: ExpectationFailed, analyzers: Analyzers, job_ids: Collection[str]) -> ExpectationFailed:
    """The failure, and what Kubernetes says about those analyzers of these jobs that do not run."""
    lines = [f"  - {line}" for line in of_analyzers(analyzers, job_ids)]
    header = "what Kubernetes says about analyzers that do not run:"
    return ExpectationFailed("\n".join([str(failure), header, *lines])) if lines else failure


def _of_analyzer(analyzers: Analyzers, job_id: str) -> Iterator[str]:
    try:
        seen = analyzers.of_job(job_id)
    except EnvironmentBroken as error:
        yield f"why the analyzer of {job_id} does not run could not be looked at: {_shortened(str(error))}"
        return
    for job in seen.jobs:
        if not seen.pods:
            about = f"the analyzer {job['metadata']['name']} has no pod"
            yield f"{about}: {_reasons(analyzers, job, of_job(job))}"
    for pod in seen.pods:
        if state := _state_of(pod):
            about = f"the analyzer pod {pod['metadata']['name']} is {state}"
            yield f"{about}: {_reasons(analyzers, pod, of_pod(pod))}"


def _state_of(pod: Manifest) -> str:
    """In which state a pod is that does not run as it should; empty for one that does."""
    if deletion.has_begun(pod):
        return "being deleted"
    phase = (pod.get("status") or {}).get("phase")
    return "" if is_healthy(pod) else "Running, but not ready" if phase == "Running" else str(phase)


def _reasons(analyzers: Analyzers, manifest: Manifest, known: list[str]) -> str:
    """What is known of an object, and of each kind of warning about it the newest that says something else."""
    try:
        events = analyzers.warnings_about(manifest["metadata"]["uid"])
    except EnvironmentBroken as error:
        return "; ".join([*known, f"its events could not be looked at ({_shortened(str(error))})"])
    newest = {event.get("reason"): event for event in sorted(events, key=_last_seen)}
    told = [_phrase(event) for event in newest.values() if not _is_in(known, event)]
    return "; ".join([*known, *told[-_SHOWN_WARNINGS:]]) or "Kubernetes gives no reason"


def _is_in(known: Iterable[str], event: Manifest) -> bool:
    message = " ".join(str(event.get("message") or "").split())
    return bool(message) and any(_shortened(message) in one for one in known)


def _last_seen(event: Manifest) -> str:
    times = (event.get("lastTimestamp"), event.get("eventTime"), event["metadata"].get("creationTimestamp"))
    return next((str(one) for one in times if one), "")


def _conditions(status: Mapping[str, Any], wanted: Mapping[str, str]) -> Iterator[str]:
    for condition in status.get("conditions") or []:
        if wanted.get(condition.get("type")) == condition.get("status"):
            yield f"{condition['type']} is {condition['status']} ({_phrase(condition)})"


def _told_of(container: Mapping[str, Any]) -> str:
    state, last = container.get("state") or {}, (container.get("lastState") or {}).get("terminated")
    if waiting := state.get("waiting"):
        ended = f", and has ended before: {_end(last)}" if last else ""
        return f"waits: {_phrase(waiting)}{ended}"
    if (terminated := state.get("terminated")) and terminated.get("exitCode") != 0:
        return f"has ended: {_end(terminated)}"
    return ""


def _end(terminated: Mapping[str, Any]) -> str:
    return f"{_phrase(terminated)}, exit code {terminated.get('exitCode')}"


def _phrase(told: Mapping[str, Any]) -> str:
    """Reason and message of a condition, a state or an event."""
    return _shortened(": ".join(str(told[name]) for name in ("reason", "message") if told.get(name)) or "no reason")


def _shortened(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN_CHARACTERS else f"{line[:_SHOWN_CHARACTERS]} …"
