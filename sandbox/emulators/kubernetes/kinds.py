"""The kinds of objects that are served: their group, names, sub-resources and what is special about each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Object = dict[str, Any]
"""A Kubernetes object as plain JSON."""

_METADATA = {"metadata.name": "metadata.name", "metadata.namespace": "metadata.namespace"}


@dataclass(frozen=True, eq=False)
class Kind:
    """One row of the table; compared by identity, so it can stand in keys cheaply.

    `fields` maps each field selector to the path it reads. `name_rule` is a rule of `names`.
    """

    group: str
    version: str
    kind: str
    plural: str
    short_names: tuple[str, ...] = ()
    namespaced: bool = True
    subresources: tuple[str, ...] = ("status",)
    name_rule: str = "subdomain"
    fields: Mapping[str, str] = field(default_factory=lambda: _METADATA)
    counts_generations: bool = False
    deletion_returns_object: bool = False
    default_propagation: str = "Background"
    in_all: bool = True

    @property
    def api_version(self) -> str:
        """`apiVersion` of its objects."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def resource(self) -> str:
        """Its name in messages, as `jobs.batch`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def has_status(self) -> bool:
        """Whether `status` is written through a sub-resource only."""
        return "status" in self.subresources


_NAMESPACE_FIELDS = {"metadata.name": "metadata.name", "status.phase": "status.phase"}
_POD_FIELDS = {**_METADATA, "spec.nodeName": "spec.nodeName", "status.phase": "status.phase"}
_JOB_FIELDS = {**_METADATA, "status.successful": "status.succeeded"}
_ABOUT = {f"involvedObject.{name}": f"involvedObject.{name}" for name in ("kind", "namespace", "name", "uid")}
_EVENT_FIELDS = {**_METADATA, **_ABOUT, "reason": "reason", "type": "type"}
_SCALABLE = ("status", "scale")

NAMESPACES = Kind(
    "",
    "v1",
    "Namespace",
    "namespaces",
    ("ns",),
    namespaced=False,
    name_rule="label",
    fields=_NAMESPACE_FIELDS,
    in_all=False,
)
PODS = Kind("", "v1", "Pod", "pods", ("po",), fields=_POD_FIELDS, counts_generations=True, deletion_returns_object=True)
SERVICES = Kind("", "v1", "Service", "services", ("svc",), name_rule="label1035", deletion_returns_object=True)
EVENTS = Kind("", "v1", "Event", "events", ("ev",), subresources=(), fields=_EVENT_FIELDS, in_all=False)
# A Job that is deleted without a policy leaves its pods behind, as the real one does for batch/v1.
JOBS = Kind("batch", "v1", "Job", "jobs", fields=_JOB_FIELDS, counts_generations=True, default_propagation="Orphan")
DEPLOYMENTS = Kind(
    "apps", "v1", "Deployment", "deployments", ("deploy",), subresources=_SCALABLE, counts_generations=True
)
STATEFUL_SETS = Kind(
    "apps", "v1", "StatefulSet", "statefulsets", ("sts",), subresources=_SCALABLE, counts_generations=True
)
REPLICA_SETS = Kind("apps", "v1", "ReplicaSet", "replicasets", ("rs",), subresources=_SCALABLE, counts_generations=True)
CONFIG_MAPS = Kind("", "v1", "ConfigMap", "configmaps", ("cm",), subresources=(), in_all=False)
SECRETS = Kind("", "v1", "Secret", "secrets", subresources=(), in_all=False)
SERVICE_ACCOUNTS = Kind("", "v1", "ServiceAccount", "serviceaccounts", ("sa",), subresources=(), in_all=False)
VOLUME_CLAIMS = Kind("", "v1", "PersistentVolumeClaim", "persistentvolumeclaims", ("pvc",), in_all=False)
QUOTAS = Kind("", "v1", "ResourceQuota", "resourcequotas", ("quota",), in_all=False, deletion_returns_object=True)

ALL_KINDS = (
    NAMESPACES,
    PODS,
    SERVICES,
    EVENTS,
    CONFIG_MAPS,
    SECRETS,
    SERVICE_ACCOUNTS,
    VOLUME_CLAIMS,
    QUOTAS,
    JOBS,
    DEPLOYMENTS,
    STATEFUL_SETS,
    REPLICA_SETS,
)

FINISHED = ("Succeeded", "Failed")
"""The phases of a pod whose containers have ended for good."""


def kind_called(api_version: str, kind: str) -> Kind | None:
    """The row for an object's own `apiVersion` and `kind`, or None for a kind that is not served."""
    return next((row for row in ALL_KINDS if row.kind == kind and row.api_version == api_version), None)


def kind_at(group: str, version: str, plural: str) -> Kind | None:
    """The row for a resource's place in the URL, or None."""
    return next((row for row in ALL_KINDS if (row.group, row.version, row.plural) == (group, version, plural)), None)


def value_at(item: Object, path: str) -> Any:
    """What stands at a dotted path, or None."""
    value: Any = item
    for part in path.split("."):
        if not isinstance(value, dict):
            return None
        value = value.get(part)
    return value
