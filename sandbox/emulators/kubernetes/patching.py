"""The two kinds of patch that are served: merge patch (RFC 7386) and strategic merge patch."""

import copy
from typing import Any

from sandbox.emulators.kubernetes.errors import bad_request, unsupported_media_type
from sandbox.emulators.kubernetes.kinds import Kind, Object
from sandbox.emulators.kubernetes.schemas import Schemas

MERGE_PATCH = "application/merge-patch+json"
STRATEGIC_MERGE_PATCH = "application/strategic-merge-patch+json"


def patched(schemas: Schemas, kind: Kind, item: Object, patch: Any, content_type: str) -> Object:
    """The object with the patch applied; `item` itself is left alone.

    Raises ApiError 415 for another content type, 400 for a patch that is no object.
    """
    if content_type not in (MERGE_PATCH, STRATEGIC_MERGE_PATCH):
        raise unsupported_media_type((MERGE_PATCH, STRATEGIC_MERGE_PATCH))
    if not isinstance(patch, dict):
        raise bad_request(f"error decoding patch: {content_type} cannot be a JSON {type(patch).__name__}")
    item = copy.deepcopy(item)
    if content_type == MERGE_PATCH:
        merged: Object = _merged(item, patch)
        return merged
    return _Strategic(schemas).merge(item, patch, schemas.of_kind(kind))


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
        result = dict(target) if isinstance(target, dict) else {}
        for key, value in patch.items():
            if key == "$retainKeys":
                result = {name: each for name, each in result.items() if name in value}
            elif key.startswith("$setElementOrder/"):
                continue  # the order of a list, which carries no meaning here
            elif key.startswith("$"):
                raise bad_request(f"the directive {key} is not supported here")
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
