"""What a real API server checks beyond the schemas; each broken rule names its field."""

import re
from typing import Any

from sandbox.emulators.kubernetes import errors
from sandbox.emulators.kubernetes.errors import Causes
from sandbox.emulators.kubernetes.kinds import (
    DEPLOYMENTS,
    EVENTS,
    JOBS,
    PODS,
    REPLICA_SETS,
    SERVICES,
    Kind,
    Object,
    value_at,
)
from sandbox.emulators.kubernetes.names import check_key, check_label, check_name
from sandbox.emulators.kubernetes.selectors import selector_matches

_PULL_POLICIES = ("Always", "IfNotPresent", "Never")
_PROTOCOLS = ("TCP", "UDP", "SCTP")
_DNS_POLICIES = ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None")
_SERVICE_TYPES = ("ClusterIP", "ExternalName", "LoadBalancer", "NodePort")
_IMMUTABLE = "field is immutable"


def check(kind: Kind, item: Object) -> None:
    """Raises ApiError 422 with every broken rule."""
    causes, name = Causes(), item["metadata"].get("name", "")
    metadata, spec = item["metadata"], item.get("spec", {})
    if name:
        check_name(kind.name_rule, name, "metadata.name", causes)
    else:
        causes.required("metadata.name", "name or generateName is required")
    _metadata(metadata, "metadata", causes)
    if kind is PODS:
        _pod_spec(spec, "spec", causes)
        if spec.get("restartPolicy") not in ("Always", "OnFailure", "Never"):
            causes.unsupported("spec.restartPolicy", spec["restartPolicy"], ("Always", "OnFailure", "Never"))
    elif kind is JOBS:
        _job(spec, causes)
    elif kind in (DEPLOYMENTS, REPLICA_SETS):
        _replicated(kind, spec, causes)
    elif kind is SERVICES:
        _service(spec, causes)
    elif kind is EVENTS and (home := value_at(item, "involvedObject.namespace")) not in (
        None,
        "",
        metadata["namespace"],
    ):
        causes.invalid("involvedObject.namespace", home, "does not match event.namespace")
    if causes.found:
        raise errors.invalid(kind, name, causes.found)


def check_change(kind: Kind, old: Object, new: Object) -> None:
    """Raises ApiError 422 when a change touches what may not change once the object is there."""
    causes, name = Causes(), old["metadata"]["name"]
    before, after = old.get("spec", {}), new.get("spec", {})
    fixed = {
        JOBS: ("template", "selector", "completions", "completionMode", "manualSelector"),
        DEPLOYMENTS: ("selector",),
        REPLICA_SETS: ("selector",),
        SERVICES: ("clusterIP",) if before.get("type") == after.get("type") else (),
    }
    for field in fixed.get(kind, ()):
        if before.get(field) != after.get(field):
            causes.invalid(f"spec.{field}", after.get(field), _IMMUTABLE)
    gates = before.get("schedulingGates") or []
    if kind is PODS and any(gate not in gates for gate in after.get("schedulingGates") or []):
        causes.forbidden("spec.schedulingGates", "only deletion is allowed, but found new scheduling gates")
    if kind is PODS and _frozen_part(before) != _frozen_part(after):
        causes.forbidden(
            "spec",
            "pod updates may not change fields other than `spec.containers[*].image`,"
            "`spec.initContainers[*].image`,`spec.activeDeadlineSeconds`,`spec.tolerations` (only additions to "
            "existing tolerations),`spec.terminationGracePeriodSeconds` (allow it to be set to 1 if it was "
            "previously negative)",
        )
    kept = set(old["metadata"].get("finalizers") or [])
    added = set(new["metadata"].get("finalizers") or []) - kept
    if "deletionTimestamp" in old["metadata"] and added:
        causes.forbidden(
            "metadata.finalizers",
            f"no new finalizers can be added if the object is being deleted, found {sorted(added)}",
        )
    if causes.found:
        raise errors.invalid(kind, name, causes.found)


def _frozen_part(spec: Object) -> Object:
    free = ("activeDeadlineSeconds", "schedulingGates", "tolerations")
    rest = {key: value for key, value in spec.items() if key not in free}
    for each in ("containers", "initContainers"):
        rest[each] = [{**container, "image": ""} for container in spec.get(each, [])]
    return rest


def _metadata(metadata: Object, path: str, causes: Causes) -> None:
    for key, value in (metadata.get("labels") or {}).items():
        check_label(key, value, f"{path}.labels", causes)
    for key in metadata.get("annotations") or {}:
        check_key(key.lower(), f"{path}.annotations", causes)
    for index, owner in enumerate(metadata.get("ownerReferences") or []):
        for field in ("apiVersion", "kind", "name", "uid"):
            if not owner.get(field):
                causes.invalid(f"{path}.ownerReferences[{index}].{field}", "", "must not be empty")
    for finalizer in metadata.get("finalizers") or []:
        check_key(finalizer, f"{path}.finalizers", causes)


def _job(spec: Object, causes: Causes) -> None:
    for field in ("parallelism", "completions", "backoffLimit"):
        if spec.get(field, 0) < 0:
            causes.invalid(f"spec.{field}", spec[field], "must be greater than or equal to 0")
    template, selector = spec.get("template", {}), spec.get("selector", {})
    labels = template.get("metadata", {}).get("labels") or {}
    if not selector_matches(selector, labels):
        causes.invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")
    if not spec.get("manualSelector") and len(selector.get("matchLabels", {})) > 1:
        causes.invalid("spec.selector", selector, "`selector` not auto-generated")
    if spec.get("completionMode") not in ("NonIndexed", "Indexed"):
        causes.unsupported("spec.completionMode", spec.get("completionMode"), ("NonIndexed", "Indexed"))
    _template(template, causes)
    if template.get("spec", {}).get("restartPolicy") not in ("OnFailure", "Never"):
        causes.required("spec.template.spec.restartPolicy", 'valid values: "OnFailure", "Never"')


def _replicated(kind: Kind, spec: Object, causes: Causes) -> None:
    if spec.get("replicas", 0) < 0:
        causes.invalid("spec.replicas", spec["replicas"], "must be greater than or equal to 0")
    template, selector = spec.get("template", {}), spec.get("selector", {})
    labels = template.get("metadata", {}).get("labels") or {}
    if not selector.get("matchLabels") and not selector.get("matchExpressions"):
        causes.invalid("spec.selector", selector, f"empty selector is invalid for {kind.kind.lower()}")
    elif not selector_matches(selector, labels):
        causes.invalid("spec.template.metadata.labels", labels, "`selector` does not match template `labels`")
    _template(template, causes)
    policy = template.get("spec", {}).get("restartPolicy")
    if policy != "Always":
        causes.unsupported("spec.template.spec.restartPolicy", policy, ("Always",))


def _template(template: Object, causes: Causes) -> None:
    _metadata(template.get("metadata", {}), "spec.template", causes)
    _pod_spec(template.get("spec", {}), "spec.template.spec", causes)


def _pod_spec(spec: Object, path: str, causes: Causes) -> None:
    if not spec.get("containers"):
        causes.required(f"{path}.containers")
    if spec.get("dnsPolicy") not in _DNS_POLICIES:
        causes.unsupported(f"{path}.dnsPolicy", spec.get("dnsPolicy"), _DNS_POLICIES)
    seen: set[str] = set()
    for group in ("initContainers", "containers"):
        for index, container in enumerate(spec.get(group, [])):
            here = f"{path}.{group}[{index}]"
            if container["name"] in seen:
                causes.duplicate(f"{here}.name", container["name"])
            seen.add(container["name"])
            _container(container, here, causes)


def _container(container: Object, path: str, causes: Causes) -> None:
    if container["name"]:
        check_name("label", container["name"], f"{path}.name", causes)
    else:
        causes.required(f"{path}.name")
    image = container.get("image", "")
    if not image:
        causes.required(f"{path}.image")
    elif image != image.strip():
        causes.invalid(f"{path}.image", image, "must not have leading or trailing whitespace")
    if container["imagePullPolicy"] not in _PULL_POLICIES:
        causes.unsupported(f"{path}.imagePullPolicy", container["imagePullPolicy"], _PULL_POLICIES)
    for index, variable in enumerate(container.get("env", [])):
        if not variable["name"]:
            causes.required(f"{path}.env[{index}].name")
        elif not re.fullmatch(r"[ -<>-~]+", variable["name"]):
            causes.invalid(
                f"{path}.env[{index}].name",
                variable["name"],
                "a valid environment variable name must consist only of printable ASCII characters other than '='",
            )
        if variable.get("value") and variable.get("valueFrom"):
            causes.invalid(f"{path}.env[{index}].valueFrom", "", "may not be specified when `value` is not empty")
    for index, port in enumerate(container.get("ports", [])):
        _port(port, "containerPort", f"{path}.ports[{index}]", causes)


def _service(spec: Object, causes: Causes) -> None:
    if spec["type"] not in _SERVICE_TYPES:
        causes.unsupported("spec.type", spec["type"], _SERVICE_TYPES)
    ports = spec.get("ports", [])
    if not ports and spec["type"] != "ExternalName" and spec.get("clusterIP") != "None":
        causes.required("spec.ports")
    names: set[str] = set()
    for index, port in enumerate(ports):
        here = f"spec.ports[{index}]"
        _port(port, "port", here, causes)
        name = port.get("name", "")
        if not name and len(ports) > 1:
            causes.required(f"{here}.name")
        elif name and name in names:
            causes.duplicate(f"{here}.name", name)
        names.add(name)
    for key, value in spec.get("selector", {}).items():
        check_label(key, value, "spec.selector", causes)


def _port(port: dict[str, Any], field: str, path: str, causes: Causes) -> None:
    if not 1 <= port[field] <= 65535:
        causes.invalid(f"{path}.{field}", port[field], "must be between 1 and 65535, inclusive")
    if port["protocol"] not in _PROTOCOLS:
        causes.unsupported(f"{path}.protocol", port["protocol"], _PROTOCOLS)
    if port.get("name"):
        check_name("label", port["name"], f"{path}.name", causes)
