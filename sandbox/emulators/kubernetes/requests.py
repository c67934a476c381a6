"""Parsing of requests: the resource that the path names, the options in the query, the body."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sandbox.emulators.kubernetes import errors
from sandbox.emulators.kubernetes.kinds import Kind, Object, kind_at
from sandbox.emulators.kubernetes.registry import Deletion
from sandbox.emulators.kubernetes.schemas import Schemas

JSON = "application/json"
_POLICIES = ("Orphan", "Background", "Foreground")


@dataclass(frozen=True)
class ResourcePath:
    """The resource at a path; empty parts are not given there."""

    kind: Kind
    namespace: str = ""
    name: str = ""
    subresource: str = ""


def target_of(path: str) -> ResourcePath | None:
    """The resource that a path such as `/apis/batch/v1/namespaces/n/jobs/j/status` names, or None."""
    match path.strip("/").split("/"):
        case ["api", "v1", *rest]:
            group, version = "", "v1"
        case ["apis", group, version, *rest]:
            pass
        case _:
            return None
    namespace = ""
    if len(rest) > 2 and rest[0] == "namespaces" and kind_at(group, version, rest[2]):
        namespace, rest = rest[1], rest[2:]
    if not 1 <= len(rest) <= 3 or not all(rest):
        return None
    kind = kind_at(group, version, rest[0])
    name, subresource = [*rest[1:], "", ""][:2]
    if kind is None or (subresource and subresource not in kind.subresources):
        return None
    if kind.namespaced is not bool(namespace) and (name or not kind.namespaced):
        return None
    return ResourcePath(kind, namespace, name, subresource)


def parsed(body: bytes, content_type: str) -> Any:
    """The body as JSON values. No content type stands for JSON. ApiError 400 or 415."""
    if content_type not in (JSON, "application/octet-stream"):
        raise errors.unsupported_media_type((JSON,))
    try:
        return json.loads(body, parse_constant=_no_number)
    except ValueError as error:
        raise errors.bad_request(f"couldn't get version/kind; json parse error: {error}") from error


def _no_number(text: str) -> None:
    raise ValueError(f"invalid character {text[0]!r} looking for beginning of value: {text} is no JSON")


def decoded(schemas: Schemas, target: ResourcePath, data: Any, validation: str) -> tuple[Object, list[str]]:
    """An object of the target's kind, and warnings about fields that nobody knows.

    `validation` is `Ignore`, `Warn` or `Strict` (unknown fields are then refused). ApiError 400 when the
    body is something else than the path says, 422 when a required field is missing.
    """
    kind = target.kind
    if validation not in ("", "Ignore", "Warn", "Strict"):
        raise errors.bad_request(f'fieldValidation: Unsupported value: "{validation}"')
    if not isinstance(data, dict):
        raise errors.undecodable(kind, f"json: cannot unmarshal {type(data).__name__} into Go value")
    said = data.get("apiVersion") or kind.api_version
    if said != kind.api_version:
        raise errors.bad_request(
            f"the API version in the data ({said}) does not match the expected API version ({kind.api_version})"
        )
    if (data.get("kind") or kind.kind) != kind.kind:
        raise errors.undecodable(kind, f"the data is of kind {data['kind']}")
    item, unknown = schemas.shape(kind, {"metadata": {}, **data})
    if unknown and validation == "Strict":
        fields = ", ".join(f'unknown field "{name}"' for name in unknown)
        raise errors.undecodable(kind, f"strict decoding error: {fields}")
    metadata = item.setdefault("metadata", {})
    if metadata.get("namespace", target.namespace) != target.namespace:
        raise errors.bad_request(
            "the namespace of the provided object does not match the namespace sent on the request"
        )
    if target.name and metadata.setdefault("name", target.name) != target.name:
        raise errors.bad_request(
            f"the name of the object ({metadata['name']}) does not match the name on the URL ({target.name})"
        )
    return item, [] if validation == "Ignore" else [f'unknown field "{name}"' for name in unknown]


def deletion_asked(query: Mapping[str, str], body: bytes, content_type: str) -> Deletion:
    """Options of a delete: a body wins, query parameters count without one. ApiError 400 or 422."""
    options: dict[str, Any] = parsed(body, content_type) if body else dict(query)
    if not isinstance(options, dict) or options.get("kind", "DeleteOptions") != "DeleteOptions":
        raise errors.bad_request("the body of a delete must be a DeleteOptions object")
    if options.get("dryRun"):
        raise errors.bad_request("dryRun is not supported here")
    policy, grace = options.get("propagationPolicy"), options.get("gracePeriodSeconds")
    if policy is not None and policy not in _POLICIES:
        why = f'propagationPolicy: Unsupported value: "{policy}": supported: {_POLICIES}'
        raise errors.ApiError(422, "Invalid", f'DeleteOptions.meta.k8s.io "" is invalid: {why}', {})
    try:
        grace = None if grace is None else int(grace)
    except (TypeError, ValueError) as error:
        raise errors.bad_request(f"gracePeriodSeconds is no number: {grace}") from error
    conditions = options.get("preconditions") or {}
    return Deletion(policy, grace, conditions.get("uid"), conditions.get("resourceVersion"))


def number_asked(query: Mapping[str, str], name: str) -> int | None:
    """A query parameter as a number, or None when it is not given; ApiError 400 when it is no number."""
    text = query.get(name, "")
    if not text:
        return None
    if not text.isdigit():
        raise errors.bad_request(f'{name}: Invalid value: "{text}": must be a number and not negative')
    return int(text)
