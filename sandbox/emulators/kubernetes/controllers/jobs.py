"""The Job controller: makes a Job's pods, counts how they end, and says so in the Job's status."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sandbox.emulators.kubernetes.controllers.events import note
from sandbox.emulators.kubernetes.controllers.owners import controlled, controller_of, is_leaving, is_ready, pod_from
from sandbox.emulators.kubernetes.defaults import TRACKING_FINALIZER
from sandbox.emulators.kubernetes.errors import ApiError
from sandbox.emulators.kubernetes.kinds import JOBS, PODS, Object
from sandbox.emulators.kubernetes.registry import Deletion, Registry, now
from sandbox.emulators.kubernetes.store import Change

_COMPONENT = "job-controller"
_Key = tuple[str, str]


class JobController:
    """Each pod of a Job carries a finalizer until its end has been counted, so that none is missed or counted twice."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._store = registry.store

    def concerns(self, change: Change) -> Iterator[_Key]:
        """A Job that changes, and the Job of a pod that does."""
        metadata = change.item["metadata"]
        if change.kind is JOBS:
            yield metadata["namespace"], metadata["name"]
        elif change.kind is PODS:
            owner = controller_of(change.item)
            if owner is not None and owner["kind"] == JOBS.kind:
                yield metadata["namespace"], owner["name"]

    def reconcile(self, key: _Key) -> float | None:
        """Brings one Job's pods and status to what its spec asks for."""
        job = self._store.find(JOBS, *key)
        if job is None:
            return None
        status = {**job["status"], "conditions": [*job["status"].get("conditions", [])]}
        pods = controlled(self._store, job["metadata"]["uid"])
        finished = _has(status, "Complete") or _has(status, "Failed")
        self._count_ended(job, status, pods, counting=not finished and not job["spec"]["suspend"])
        pods = controlled(self._store, job["metadata"]["uid"])
        active = [pod for pod in pods if not is_leaving(pod) and pod["status"]["phase"] in ("Pending", "Running")]
        again = None
        if not finished and not is_leaving(job):
            again, active = self._proceed(job, status, active)
        _set_count(status, "active", len(active))
        status["ready"] = sum(map(is_ready, active))
        status["terminating"] = sum(
            is_leaving(pod) and pod["status"]["phase"] in ("Pending", "Running")
            for pod in controlled(self._store, job["metadata"]["uid"])
        )
        if not finished and not active and not status["terminating"]:
            self._end(job, status)
        if not status["conditions"]:
            del status["conditions"]
        job = self._registry.change(JOBS, job, lambda new: new.update(status=status))
        return self._expire(job) if finished else again

    def _count_ended(self, job: Object, status: Object, pods: list[Object], *, counting: bool) -> None:
        for pod in pods:
            if TRACKING_FINALIZER not in (pod["metadata"].get("finalizers") or []):
                continue
            phase = pod["status"]["phase"]
            outcome = "succeeded" if phase == "Succeeded" else "failed"
            if outcome == "failed" and phase != "Failed" and not is_leaving(pod):
                continue
            if counting:
                _set_count(status, outcome, status.get(outcome, 0) + 1)
            self._registry.change(PODS, pod, release)

    def _proceed(self, job: Object, status: Object, active: list[Object]) -> tuple[float | None, list[Object]]:
        """Starts or stops pods; gives back the seconds to the Job's deadline, and the pods then active."""
        spec, succeeded = job["spec"], status.get("succeeded", 0)
        if spec["suspend"]:
            if not _has(status, "Suspended"):
                _add(status, "Suspended", "JobSuspended", "Job suspended")
                status.pop("startTime", None)
                note(self._registry, job, "Suspended", "Job suspended", _COMPONENT)
            return None, self._stop(job, active)
        if _has(status, "Suspended"):
            _add(status, "Suspended", "JobResumed", "Job resumed", "False")
        status.setdefault("startTime", now())
        left = _left(status["startTime"], spec.get("activeDeadlineSeconds"))
        if left is not None and left <= 0:
            _add(status, "FailureTarget", "DeadlineExceeded", "Job was active longer than specified deadline")
        elif status.get("failed", 0) > spec["backoffLimit"]:
            message = "Job has reached the specified backoff limit"
            _add(status, "FailureTarget", "BackoffLimitExceeded", message)
        elif succeeded >= spec["completions"] if "completions" in spec else succeeded and not active:
            _add(status, "SuccessCriteriaMet", "CompletionsReached", "Reached expected number of succeeded pods")
        if _has(status, "FailureTarget") or _has(status, "SuccessCriteriaMet"):
            return None, self._stop(job, active)
        wanted = spec["parallelism"]
        if "completions" in spec:
            wanted = min(wanted, spec["completions"] - succeeded)
        elif succeeded:
            wanted = len(active)
        surplus, kept = active[wanted:], active[:wanted]
        self._stop(job, surplus)
        missing = wanted - len(kept)
        return left, [*kept, *(pod for pod in (self._make(job) for _ in range(missing)) if pod)]

    def _make(self, job: Object) -> Object | None:
        wish = pod_from(job["spec"]["template"], job, (TRACKING_FINALIZER,))
        try:
            pod = self._registry.create(PODS, job["metadata"]["namespace"], wish)
        except ApiError as error:
            note(self._registry, job, "FailedCreate", f"Error creating: {error}", _COMPONENT, warning=True)
            return None
        note(self._registry, job, "SuccessfulCreate", f"Created pod: {pod['metadata']['name']}", _COMPONENT)
        return pod

    def _stop(self, job: Object, pods: list[Object]) -> list[Object]:
        for pod in pods:
            name = pod["metadata"]["name"]
            self._registry.delete(PODS, pod["metadata"]["namespace"], name, Deletion("Background"))
            note(self._registry, job, "SuccessfulDelete", f"Deleted pod: {name}", _COMPONENT)
        return []

    def _end(self, job: Object, status: Object) -> None:
        if _has(status, "SuccessCriteriaMet"):
            status["completionTime"] = now()
            _add(status, "Complete", "CompletionsReached", "Reached expected number of succeeded pods")
            note(self._registry, job, "Completed", "Job completed", _COMPONENT)
        elif why := _has(status, "FailureTarget"):
            _add(status, "Failed", why["reason"], why["message"])
            note(self._registry, job, why["reason"], why["message"], _COMPONENT, warning=True)

    def _expire(self, job: Object) -> float | None:
        end = _has(job["status"], "Complete") or _has(job["status"], "Failed")
        if end is None or is_leaving(job):
            return None
        left = _left(end["lastTransitionTime"], job["spec"].get("ttlSecondsAfterFinished"))
        if left is not None and left <= 0:
            metadata = job["metadata"]
            self._registry.delete(JOBS, metadata["namespace"], metadata["name"], Deletion("Foreground"))
            return None
        return left


class OrphanReleaser:
    """Takes the Job's finalizer off pods whose Job is no more, so that they can go."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._store = registry.store

    def concerns(self, change: Change) -> Iterator[str]:
        """Pods that carry the finalizer, by uid; those of a Job when it goes."""
        if change.kind is PODS and change.type != "DELETED":
            if TRACKING_FINALIZER in (change.item["metadata"].get("finalizers") or []):
                yield change.item["metadata"]["uid"]
        elif change.kind is JOBS and change.type == "DELETED":
            for _, dependent in self._store.dependents(change.item["metadata"]["uid"]):
                yield dependent["metadata"]["uid"]

    def reconcile(self, uid: str) -> None:
        """Releases one pod unless its Job still counts it."""
        found = self._store.with_uid(uid)
        if found is None or found[0] is not PODS:
            return
        owner = controller_of(found[1])
        if owner is None or self._store.with_uid(owner["uid"]) is None:
            self._registry.change(PODS, found[1], release)


def release(pod: Object) -> None:
    """Takes the Job's finalizer off a pod, in place."""
    finalizers = pod["metadata"].get("finalizers") or []
    pod["metadata"]["finalizers"] = [each for each in finalizers if each != TRACKING_FINALIZER]


def _has(status: Object, name: str) -> Object | None:
    conditions = status.get("conditions", [])
    return next((each for each in conditions if each["type"] == name and each["status"] == "True"), None)


def _add(status: Object, name: str, reason: str, message: str, value: str = "True") -> None:
    if value == "True" and _has(status, name):
        return
    others = [each for each in status["conditions"] if each["type"] != name]
    moment = {"lastProbeTime": now(), "lastTransitionTime": now()}
    status["conditions"] = [*others, {"type": name, "status": value, **moment, "reason": reason, "message": message}]


def _set_count(status: Object, name: str, count: int) -> None:
    status[name] = count
    if not count:
        del status[name]


def _left(begin: str, seconds: int | None) -> float | None:
    if seconds is None:
        return None
    start = datetime.fromisoformat(begin)
    return seconds - (datetime.now(start.tzinfo) - start).total_seconds()
