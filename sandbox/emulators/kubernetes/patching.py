"""Applies the three kinds of patch: JSON patch (RFC 6902), merge patch (RFC 7386), strategic merge patch."""

from __future__ import annotations

import copy
from typing import Any

from sandbox.emulators.kubernetes.errors import ApiError, bad_request, unsupported_media_type
from sandbox.emulators.kubernetes.kinds import Kind, Object
from sandbox.emulators.kubernetes.schemas import Schemas

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_MERGE_PATCH = "application/strategic-merge-patch+json"


def patched(schemas: Schemas, kind: Kind, item: Object, patch: Any, content_type: str) -> Object:
    """The object with the patch applied; `item` itself is left alone.

    Raises ApiError 415 for another content type, 400 for a patch of the wrong form, 422 for a JSON patch
    that does not fit the object.
    """
    item = copy.deepcopy(item)
    if content_type not in (JSON_PATCH, MERGE_PATCH, STRATEGIC_MERGE_PATCH):
        raise unsupported_media_type((JSON_PATCH, MERGE_PATCH, STRATEGIC_MERGE_PATCH))
    if content_type == JSON_PATCH and isinstance(patch, list):
        for operation in patch:
            item = _operate(item, operation)
    elif content_type == JSON_PATCH or not isinstance(patch, dict):
        raise bad_request(f"error decoding patch: {content_type} cannot be a JSON {type(patch).__name__}")
    elif content_type == MERGE_PATCH:
        item = _merged(item, patch)
    else:
        item = _Strategic(schemas).merge(item, patch, schemas.of_kind(kind))
    if not isinstance(item, dict):
        raise bad_request("the patched object is no object")
    return item


def _merged(target: Any, patch: Any) -> Any:
    if not isinstance(patch, dict):
        return patch
    result = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            result.pop(key, None)
        else:
            result[key] = _merged(result.get(key), value)
    return result


class _Strategic:
    """Merges as the schema says: lists with a merge key item by item, other lists as a whole."""

    def __init__(self, schemas: Schemas) -> None:
        self._schemas = schemas

    def merge(self, target: Any, patch: dict[str, Any], schema: dict[str, Any]) -> dict[str, Any]:
        patch = dict(patch)
        directive = patch.pop("$patch", "merge")
        if directive == "delete":
            return {}
        result = dict(target) if isinstance(target, dict) and directive == "merge" else {}
        if (keep := patch.pop("$retainKeys", None)) is not None:
            result = {key: value for key, value in result.items() if key in keep}
        for key, value in patch.items():
            if key.startswith("$deleteFromPrimitiveList/"):
                name = key.partition("/")[2]
                result[name] = [each for each in result.get(name, []) if each not in value]
            elif key.startswith("$"):
                continue  # $setElementOrder: the order of a list, which carries no meaning here
            elif value is None:
                result.pop(key, None)
            else:
                result[key] = self._value(result.get(key), value, self._schemas.field(schema, key))
        return result

    def _value(self, target: Any, patch: Any, schema: dict[str, Any]) -> Any:
        if isinstance(patch, dict):
            return self.merge(target, patch, schema)
        if isinstance(patch, list) and "merge" in schema.get("x-kubernetes-patch-strategy", ""):
            return self._list(target or [], patch, schema)
        return patch

    def _list(self, target: list[Any], patch: list[Any], schema: dict[str, Any]) -> list[Any]:
        key = schema.get("x-kubernetes-patch-merge-key")
        if key is None:
            return [*target, *(each for each in patch if each not in target)]
        items = self._schemas.resolved(schema.get("items", {}))
        if {"$patch": "replace"} in patch:
            return [each for each in patch if "$patch" not in each]
        result = list(target)
        for change in patch:
            if not isinstance(change, dict) or key not in change:
                raise bad_request(f"map does not contain declared merge key: {key}")
            at = next((i for i, each in enumerate(result) if each.get(key) == change[key]), None)
            if change.get("$patch") == "delete":
                result = [each for each in result if each.get(key) != change[key]]
            elif at is None:
                result.append(self.merge({}, change, items))
            else:
                result[at] = self.merge(result[at], change, items)
        return result


def _operate(document: Any, operation: Any) -> Any:
    try:
        verb, path = operation["op"], _pointer(operation["path"])
        if verb in ("move", "copy"):
            value = copy.deepcopy(_at(document, _pointer(operation["from"])))
            if verb == "move":
                document = _removed(document, _pointer(operation["from"]))
            return _added(document, path, value)
        if verb == "add":
            return _added(document, path, operation["value"])
        if verb == "remove":
            return _removed(document, path)
        if verb == "replace":
            _at(document, path)
            return _added(_removed(document, path), path, operation["value"])
        if verb == "test":
            if _at(document, path) != operation["value"]:
                raise _does_not_fit(f"testing path {operation['path']} failed")
            return document
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise _does_not_fit(f"{operation}: {error!r}") from error
    raise bad_request(f"error decoding patch: unknown operation {verb!r}")


def _does_not_fit(why: str) -> ApiError:
    return ApiError(422, "Invalid", f"the server rejected our request due to an error in our request: {why}")


def _pointer(text: str) -> list[str]:
    if text and not text.startswith("/"):
        raise ValueError(f"JSON pointer must start with '/': {text}")
    return [part.replace("~1", "/").replace("~0", "~") for part in text.split("/")[1:]]


def _at(document: Any, path: list[str]) -> Any:
    for part in path:
        document = document[int(part)] if isinstance(document, list) else document[part]
    return document


def _added(document: Any, path: list[str], value: Any) -> Any:
    if not path:
        return value
    parent = _at(document, path[:-1])
    if isinstance(parent, list):
        index = len(parent) if path[-1] == "-" else int(path[-1])
        if not 0 <= index <= len(parent):
            raise IndexError(f"index {index} is outside of the list")
        parent.insert(index, value)
    else:
        parent[path[-1]] = value
    return document


def _removed(document: Any, path: list[str]) -> Any:
    if not path:
        return {}
    parent = _at(document, path[:-1])
    del parent[int(path[-1]) if isinstance(parent, list) else path[-1]]
    return document
