"""Validation of objects beyond the schemas, as far as it matters here; each broken rule names its field."""

from sandbox.emulators.kubernetes import errors
from sandbox.emulators.kubernetes.errors import Causes
from sandbox.emulators.kubernetes.kinds import (
    DEPLOYMENTS,
    JOBS,
    PODS,
    REPLICA_SETS,
    SERVICES,
    STATEFUL_SETS,
    Kind,
    Object,
)
from sandbox.emulators.kubernetes.names import check_key, check_label, check_name
from sandbox.emulators.kubernetes.selectors import selector_matches

_IMMUTABLE = "field is immutable"
_FREE_IN_SETS = {
    *("replicas", "ordinals", "template", "updateStrategy", "revisionHistoryLimit"),
    *("persistentVolumeClaimRetentionPolicy", "minReadySeconds"),
}
_FIXED_IN_SETS = (
    "updates to statefulset spec for fields other than 'replicas', 'ordinals', 'template', 'updateStrategy', "
    "'revisionHistoryLimit', 'persistentVolumeClaimRetentionPolicy' and 'minReadySeconds' are forbidden"
)


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
    elif kind in (DEPLOYMENTS, STATEFUL_SETS, REPLICA_SETS):
        _replicated(kind, spec, causes)
    elif kind is SERVICES:
        _service(spec, causes)
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
    }
    for field in fixed.get(kind, ()):
        if before.get(field) != after.get(field):
            causes.invalid(f"spec.{field}", after.get(field), _IMMUTABLE)
    if kind is STATEFUL_SETS and any(before.get(each) != after.get(each) for each in {*before, *after} - _FREE_IN_SETS):
        causes.forbidden("spec", _FIXED_IN_SETS)
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
    if not container.get("image"):
        causes.required(f"{path}.image")


def _service(spec: Object, causes: Causes) -> None:
    if not spec.get("ports") and spec["type"] != "ExternalName":
        causes.required("spec.ports")
    for key, value in spec.get("selector", {}).items():
        check_label(key, value, "spec.selector", causes)
