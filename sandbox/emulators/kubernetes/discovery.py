"""The discovery documents: from them a client learns the version, the groups and the resources of this server."""

import platform
from collections.abc import Mapping

from sandbox.emulators.kubernetes.kinds import ALL_KINDS, Kind, Object
from sandbox.emulators.kubernetes.schemas import VERSION


def documents() -> Mapping[str, Object]:
    """Each discovery document under its path, without a slash at the end."""
    groups = sorted({kind.group for kind in ALL_KINDS if kind.group})
    found: dict[str, Object] = {
        "/version": _version(),
        "/api": {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []},
        "/apis": {"kind": "APIGroupList", "apiVersion": "v1", "groups": [_group(name) for name in groups]},
        "/openapi/v3": {"paths": {}},
    }
    for name in groups:
        found[f"/apis/{name}"] = {"kind": "APIGroup", "apiVersion": "v1", **_group(name)}
    for group, version in sorted({(kind.group, kind.version) for kind in ALL_KINDS}):
        kinds = [kind for kind in ALL_KINDS if (kind.group, kind.version) == (group, version)]
        root = f"/apis/{group}/{version}" if group else f"/api/{version}"
        found[root] = {
            "kind": "APIResourceList",
            "apiVersion": "v1",
            "groupVersion": kinds[0].api_version,
            "resources": [row for kind in kinds for row in _resources(kind)],
        }
        found[f"/openapi/v3{root}"] = _openapi(root, kinds)
        found["/openapi/v3"]["paths"][root[1:]] = {"serverRelativeURL": f"/openapi/v3{root}"}
    return found


def _version() -> Object:
    major, minor, _ = VERSION.split(".")
    return {
        "major": major,
        "minor": minor,
        "gitVersion": f"v{VERSION}",
        "gitCommit": "",
        "gitTreeState": "",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "",
        "platform": f"{platform.system().lower()}/{platform.machine()}",
    }


def _group(name: str) -> Object:
    version = {"groupVersion": f"{name}/v1", "version": "v1"}
    return {"name": name, "versions": [version], "preferredVersion": version}


def _resources(kind: Kind) -> list[Object]:
    row: Object = {
        "name": kind.plural,
        "singularName": kind.kind.lower(),
        "namespaced": kind.namespaced,
        "kind": kind.kind,
        "verbs": ["create", "delete", "get", "list", "patch", "update", "watch"],
        "shortNames": list(kind.short_names),
        "categories": ["all"] if kind.in_all else [],
    }
    rows = [row]
    for subresource in kind.subresources:
        more: Object = {"verbs": ["get", "patch", "update"]}
        if subresource == "scale":
            more |= {"group": "autoscaling", "version": "v1", "kind": "Scale"}
        base = {"singularName": "", "namespaced": kind.namespaced, "kind": kind.kind}
        rows.append({"name": f"{kind.plural}/{subresource}", **base, **more})
    return rows


def _openapi(root: str, kinds: list[Kind]) -> Object:
    """Just enough for kubectl to see that unknown fields are checked here (`fieldValidation`)."""
    parameters = [{"name": "fieldValidation", "in": "query", "schema": {"type": "string"}}]
    paths: Object = {}
    for kind in kinds:
        place = "/namespaces/{namespace}" if kind.namespaced else ""
        identity = {"group": kind.group, "version": kind.version, "kind": kind.kind}
        operation = {"parameters": parameters, "responses": {}, "x-kubernetes-group-version-kind": identity}
        paths[f"{root}{place}/{kind.plural}/{{name}}"] = {"patch": operation}
    return {"openapi": "3.0.0", "info": {"title": "Kubernetes", "version": f"v{VERSION}"}, "paths": paths}
