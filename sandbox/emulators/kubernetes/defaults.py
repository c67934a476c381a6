"""The default values that an API server adds to an object when it is stored."""

from typing import Any

from sandbox.emulators.kubernetes.kinds import (
    DEPLOYMENTS,
    EVENTS,
    JOBS,
    NAMESPACES,
    PODS,
    QUOTAS,
    REPLICA_SETS,
    SERVICES,
    STATEFUL_SETS,
    VOLUME_CLAIMS,
    Kind,
    Object,
)

TRACKING_FINALIZER = "batch.kubernetes.io/job-tracking"
CONTROLLER_UID = "batch.kubernetes.io/controller-uid"
JOB_NAME = "batch.kubernetes.io/job-name"


def fill(kind: Kind, item: Object) -> None:
    """Sets the defaults of a kind in place; what is given is kept."""
    spec = item.setdefault("spec", {}) if kind.has_status else {}
    if kind is PODS:
        _pod_spec(spec)
        _set(spec, serviceAccountName="default")
    elif kind is JOBS:
        if "completions" not in spec and "parallelism" not in spec:
            spec["completions"] = 1
        _set(spec, parallelism=1, backoffLimit=6, completionMode="NonIndexed", suspend=False, manualSelector=False)
    elif kind is DEPLOYMENTS:
        _set(spec, replicas=1, strategy={"type": "RollingUpdate"})
    elif kind is STATEFUL_SETS:
        _set(spec, replicas=1, serviceName="", podManagementPolicy="OrderedReady", revisionHistoryLimit=10)
        _set(spec, updateStrategy={"type": "RollingUpdate", "rollingUpdate": {"partition": 0}})
    elif kind is REPLICA_SETS:
        _set(spec, replicas=1)
    elif kind is SERVICES:
        _set(spec, type="ClusterIP")
        for port in spec.get("ports", []):
            _set(port, protocol="TCP", targetPort=port.get("port"))
    elif kind is NAMESPACES:
        _set(spec, finalizers=["kubernetes"])
        labels = item["metadata"].setdefault("labels", {})
        labels["kubernetes.io/metadata.name"] = item["metadata"]["name"]
    elif kind is EVENTS:
        _set(item, type="Normal", source={}, reportingComponent="", reportingInstance="")
    if isinstance(spec.get("template"), dict):
        _pod_spec(spec["template"].setdefault("spec", {}))
        spec["template"].setdefault("metadata", {})


def first_status(kind: Kind, spec: Object) -> Object:
    """The status that an object is born with."""
    if kind is QUOTAS:
        return {"hard": dict(spec.get("hard", {}))}
    if kind is NAMESPACES:
        return {"phase": "Active"}
    if kind in (PODS, VOLUME_CLAIMS):
        return {"phase": "Pending"}
    if kind is STATEFUL_SETS:
        return {"replicas": 0, "availableReplicas": 0}
    return {"loadBalancer": {}} if kind is SERVICES else {}


def fill_status(kind: Kind, status: Object) -> None:
    """Sets in place what a status is never without, also when somebody has written an empty one."""
    if kind in (PODS, NAMESPACES):
        _set(status, phase="Pending" if kind is PODS else "Active")
    if kind is STATEFUL_SETS:
        _set(status, replicas=0, availableReplicas=0)
    for state in status.get("containerStatuses", []):
        _set(state, state={})


def select_own_pods(job: Object) -> None:
    """Gives a new Job its selector, and its pod template the labels that the selector selects by."""
    spec, name, uid = job["spec"], job["metadata"]["name"], job["metadata"]["uid"]
    template = spec["template"]
    if not spec.get("manualSelector"):
        labels = template["metadata"].setdefault("labels", {})
        for key, value in ((CONTROLLER_UID, uid), (JOB_NAME, name), ("controller-uid", uid), ("job-name", name)):
            labels.setdefault(key, value)
        spec.setdefault("selector", {}).setdefault("matchLabels", {}).setdefault(CONTROLLER_UID, uid)
    if not job["metadata"].get("labels"):
        job["metadata"]["labels"] = dict(template["metadata"].get("labels", {}))


def _set(where: dict[str, Any], **values: Any) -> None:
    for key, value in values.items():
        where.setdefault(key, value)


def _pod_spec(spec: dict[str, Any]) -> None:
    _set(spec, restartPolicy="Always", dnsPolicy="ClusterFirst", schedulerName="default-scheduler")
    _set(spec, securityContext={}, terminationGracePeriodSeconds=30)
    for container in [*spec.get("initContainers", []), *spec.get("containers", [])]:
        image = str(container.get("image", ""))
        always = "@" not in image and image.rpartition("/")[2].partition(":")[2] in ("", "latest")
        _set(container, imagePullPolicy="Always" if always else "IfNotPresent", resources={})
