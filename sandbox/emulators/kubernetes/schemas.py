"""Validation of an object's shape by Kubernetes' own JSON schemas, from the package kubernetes-validate.

Only the package's data is used: its `validate` reads 1.5 MB at each call (10 to 24 ms); here the validators
are kept (below 1 ms).
"""

import json
import threading
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from sandbox.emulators.kubernetes import errors
from sandbox.emulators.kubernetes.errors import Causes
from sandbox.emulators.kubernetes.kinds import ALL_KINDS, Kind, Object

VERSION = "1.34.0"
"""The Kubernetes version that is served."""
_MAPS = ("annotations", "labels", "limits", "matchLabels", "nodeSelector", "requests")


class Schemas:
    """The schemas of one Kubernetes version; they are read when they are needed first, or by `load`."""

    def __init__(self, version: str = VERSION) -> None:
        self._folder = f"v{version}-local-strict"
        self._lock = threading.Lock()
        self._validators: dict[Kind, Any] = {}
        self._definitions: dict[str, Any] = {}

    def load(self) -> None:
        """Reads everything now (some 0.3 s, most of it the import of jsonschema); safe in any thread."""
        with self._lock:
            if not self._validators:
                self._read()

    def _read(self) -> None:
        # Imported here: the server answers its first requests before it needs to check anything.
        from jsonschema import Draft202012Validator  # type: ignore[import-untyped]
        from referencing import Registry, Resource

        spec = find_spec("kubernetes_validate")
        if spec is None or not spec.submodule_search_locations:
            raise RuntimeError("package kubernetes-validate is not installed: pip install kubernetes-validate")
        folder = Path(spec.submodule_search_locations[0], "kubernetes-json-schema", self._folder)
        definitions = json.loads((folder / "_definitions.json").read_bytes())
        self._definitions = definitions["$defs"]
        registry: Any = Resource.from_contents(definitions) @ Registry()
        for kind in ALL_KINDS:
            group = kind.group.partition(".")[0]
            name = "-".join(filter(None, (kind.kind.lower(), group, kind.version))) + ".json"
            schema = json.loads((folder / name).read_bytes())
            self._validators[kind] = Draft202012Validator(schema, registry=registry)

    def shape(self, kind: Kind, item: Object) -> tuple[Object, list[str]]:
        """A copy without nulls, empty maps and lists, and unknown fields; and the paths of the unknown ones.

        Raises ApiError 400 for a value of the wrong type, 422 for a required field that is missing.
        """
        self.load()
        item = _without_nothing(item)
        causes, unknown = Causes(), []
        for error in list(self._validators[kind].iter_errors(item)):
            path = list(error.absolute_path)
            if error.validator == "additionalProperties":
                for name in set(error.instance) - set(error.schema["properties"]):
                    unknown.append(field_path([*path, name]))
                    del error.instance[name]
            elif error.validator == "required":
                for name in set(error.validator_value) - set(error.instance):
                    causes.required(field_path([*path, name]))
            elif error.validator == "enum":
                causes.unsupported(field_path(path), error.instance, error.validator_value)
            else:
                raise errors.undecodable(kind, f"json: cannot unmarshal {field_path(path)}: {error.message}")
        if causes.found:
            raise errors.invalid(kind, item.get("metadata", {}).get("name", ""), sorted_causes(causes))
        return item, sorted(unknown)

    def of_kind(self, kind: Kind) -> dict[str, Any]:
        """The schema of a kind, for those who follow it field by field with `field`."""
        self.load()
        schema: dict[str, Any] = self._validators[kind].schema
        return schema

    def field(self, schema: dict[str, Any], name: str) -> dict[str, Any]:
        """The schema of a field (or map entry) of an object; empty when the schema says nothing."""
        found = schema.get("properties", {}).get(name) or schema.get("additionalProperties") or {}
        return self.resolved(found) if isinstance(found, dict) else {}

    def resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        """A schema with its `$ref` followed; what stands beside the reference stays."""
        reference = schema.get("$ref")
        if reference is None:
            return schema
        return {**self._definitions[reference.rpartition("/")[2]], **schema}


def sorted_causes(causes: Causes) -> list[dict[str, str]]:
    """In one order, which does not depend on the order of checking."""
    return sorted(causes.found, key=lambda cause: cause["field"])


def field_path(path: list[str | int]) -> str:
    """`spec.containers[0].name` from its parts."""
    text = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return text.lstrip(".")


def _without_nothing(value: Any) -> Any:
    """Leaves out what the real one neither stores nor shows: an object is the same with it and without."""
    if isinstance(value, dict):
        each = ((key, _without_nothing(item)) for key, item in value.items() if item is not None and item != [])
        return {key: item for key, item in each if item != {} or key not in _MAPS}
    if isinstance(value, list):
        # A null among items is an item without fields, as the real decoder has it.
        return [{} if each is None else _without_nothing(each) for each in value]
    return value
