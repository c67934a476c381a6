"""The Job controller: makes a Job's pods, counts how they end, and says so in the Job's status."""

from collections.abc import Iterator
from dataclasses import dataclass

from sandbox.emulators.kubernetes.controllers.objects import (
    Key,
    controlled,
    controller_of,
    is_leaving,
    is_ready,
    pod_from,
    touched,
    warn,
)
from sandbox.emulators.kubernetes.defaults import TRACKING_FINALIZER
from sandbox.emulators.kubernetes.errors import ApiError
from sandbox.emulators.kubernetes.kinds import JOBS, PODS, Object
from sandbox.emulators.kubernetes.registry import Deletion, Registry, now
from sandbox.emulators.kubernetes.store import Change

_COMPONENT = "job-controller"
_ALIVE = ("Pending", "Running")


@dataclass(frozen=True)
class JobController:
    """Each pod of a Job carries a finalizer until its end has been counted, so that none is missed or counted twice."""

    registry: Registry

    def concerns(self, change: Change) -> Iterator[Key]:
        """A Job that changes, and the Job of a pod that does."""
        return touched(change, JOBS, PODS)

    def reconcile(self, key: Key) -> None:
        """Brings one Job's pods and status to what its spec asks for."""
        job = self.registry.store.find(JOBS, *key)
        if job is None:
            return
        status, conditions = dict(job["status"]), job["status"].get("conditions", [])
        finished = any(each["type"] in ("Complete", "Failed") for each in conditions)
        self._count_ended(job, status, counting=not finished)
        alive = [pod for pod in self._pods_of(job) if pod["status"]["phase"] in _ALIVE]
        active = [pod for pod in alive if not is_leaving(pod)]
        end = None
        if not finished and not is_leaving(job):
            status.setdefault("startTime", now())
            end = _end(job["spec"], status, active)
            active = self._with_wanted_number(job, active, 0 if end else _wanted(job["spec"], status, active))
        terminating = sum(is_leaving(pod) and pod["status"]["phase"] in _ALIVE for pod in self._pods_of(job))
        status |= {"active": len(active), "ready": sum(map(is_ready, active)), "terminating": terminating}
        if not active:
            del status["active"]
        if end and not active and not terminating:
            name, reason, message = end
            moment = {"lastProbeTime": now(), "lastTransitionTime": now()}
            condition = {"type": name, "status": "True", **moment, "reason": reason, "message": message}
            status["conditions"] = [*conditions, condition]
            if name == "Complete":
                status["completionTime"] = now()
            else:
                warn(self.registry, job, reason, message, _COMPONENT)
        self.registry.change(JOBS, job, lambda new: new.update(status=status))

    def _pods_of(self, job: Object) -> list[Object]:
        return controlled(self.registry.store, job["metadata"]["uid"])

    def _count_ended(self, job: Object, status: Object, *, counting: bool) -> None:
        for pod in self._pods_of(job):
            phase = pod["status"]["phase"]
            ended = is_leaving(pod) or phase not in _ALIVE
            if ended and TRACKING_FINALIZER in (pod["metadata"].get("finalizers") or []):
                outcome = "succeeded" if phase == "Succeeded" else "failed"
                if counting:
                    status[outcome] = status.get(outcome, 0) + 1
                self.registry.change(PODS, pod, release)

    def _with_wanted_number(self, job: Object, active: list[Object], wanted: int) -> list[Object]:
        for pod in active[wanted:]:
            metadata = pod["metadata"]
            self.registry.delete(PODS, metadata["namespace"], metadata["name"], Deletion("Background"))
        made = (self._make(job) for _ in range(wanted - len(active)))
        return [*active[:wanted], *(pod for pod in made if pod)]

    def _make(self, job: Object) -> Object | None:
        wish = pod_from(job["spec"]["template"], job, (TRACKING_FINALIZER,))
        try:
            return self.registry.create(PODS, job["metadata"]["namespace"], wish)
        except ApiError as error:
            warn(self.registry, job, "FailedCreate", f"Error creating: {error}", _COMPONENT)
            return None


@dataclass(frozen=True)
class OrphanReleaser:
    """Takes the Job's finalizer off pods whose Job is no more, so that they can go."""

    registry: Registry

    def concerns(self, change: Change) -> Iterator[str]:
        """Pods that carry the finalizer, by uid; those of a Job when it goes."""
        if change.kind is PODS and change.type != "DELETED":
            if TRACKING_FINALIZER in (change.item["metadata"].get("finalizers") or []):
                yield change.item["metadata"]["uid"]
        elif change.kind is JOBS and change.type == "DELETED":
            for _, dependent in self.registry.store.dependents(change.item["metadata"]["uid"]):
                yield dependent["metadata"]["uid"]

    def reconcile(self, uid: str) -> None:
        """Releases one pod unless its Job still counts it."""
        found = self.registry.store.with_uid(uid)
        if found is None or found[0] is not PODS:
            return
        owner = controller_of(found[1])
        if owner is None or self.registry.store.with_uid(owner["uid"]) is None:
            self.registry.change(PODS, found[1], release)


def release(pod: Object) -> None:
    """Takes the Job's finalizer off a pod, in place."""
    finalizers = pod["metadata"].get("finalizers") or []
    pod["metadata"]["finalizers"] = [each for each in finalizers if each != TRACKING_FINALIZER]


def _end(spec: Object, status: Object, active: list[Object]) -> tuple[str, str, str] | None:
    """With which condition a Job is to end, with reason and message; None while it goes on."""
    if status.get("failed", 0) > spec["backoffLimit"]:
        return "Failed", "BackoffLimitExceeded", "Job has reached the specified backoff limit"
    succeeded = status.get("succeeded", 0)
    if succeeded >= spec["completions"] if "completions" in spec else succeeded and not active:
        return "Complete", "CompletionsReached", "Reached expected number of succeeded pods"
    return None


def _wanted(spec: Object, status: Object, active: list[Object]) -> int:
    """How many pods are to be active."""
    succeeded, wanted = int(status.get("succeeded", 0)), int(spec["parallelism"])
    if "completions" in spec:
        return min(wanted, int(spec["completions"]) - succeeded)
    return len(active) if succeeded else wanted
