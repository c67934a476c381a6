"""Everything in the three stores that is of no kind of side effect: what a job has no business with.

The kinds of `side_effects` are what scenarios state. All else must not change at all, in an environment that the run
has to itself: documents in other collections, exchanges and bindings of the broker, objects of all other kinds.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from support.observers.kubernetes_api import OWN_QUOTA, Namespace
from support.observers.manifests import Manifest, name_problem
from support.observers.mongodb import Database
from support.observers.parts import Parts
from support.observers.rabbitmq import Broker
from support.profile.settings import Settings

Things = Mapping[tuple[str, str], str]
"""What there is: kind and name of each thing, with its content as far as that may not change."""

_SHOWN = 300  # characters of a content
_OF_KUBERNETES = ("managedFields", "resourceVersion", "generation")


class Surroundings:
    """Looks at all of the stores but what is counted as a side effect, or written by the suite itself.

    The suite stops and restarts parts of the product: what Kubernetes changes of their workloads then is left out.
    """

    def __init__(self, settings: Settings, database: Database, broker: Broker, namespace: Namespace) -> None:
        self._database, self._broker, self._namespace = database, broker, namespace
        self._counted = {settings.mongodb.tasks_collection, settings.mongodb.recordings_collection}
        self._left_alone = frozenset(settings.kubernetes.left_alone)
        self._parts = Parts.beside_analyzers(settings)

    def look(self) -> Things:
        """What there is now; raises EnvironmentBroken if a store cannot be asked."""
        return dict([*self._documents(), *self._declared(), *self._objects()])

    def _documents(self) -> Iterator[tuple[tuple[str, str], str]]:
        for name in sorted(set(self._database.collections()) - self._counted):
            if not name.startswith("system."):
                for document in self._database.collection(name).find({}):
                    yield (f"document of the collection {name}", str(document["_id"])), str(document)

    def _declared(self) -> Iterator[tuple[tuple[str, str], str]]:
        if self._broker.management is None:
            return
        declared = self._broker.management.definitions()
        for kind, what in (("exchanges", "exchange"), ("policies", "policy")):
            for one in declared.get(kind, ()):
                yield (what, str(one.get("name"))), _text(one)
        for one in declared.get("bindings", ()):
            name = f"{one.get('source')} -> {one.get('destination')} ({one.get('routing_key')})"
            yield ("binding", name), _text(one)

    def _objects(self) -> Iterator[tuple[tuple[str, str], str]]:
        for kind, path in self._namespace.other_kinds():
            if kind not in self._left_alone:
                for manifest in self._namespace.items(path, problem=name_problem):
                    name = manifest["metadata"]["name"]
                    is_left_alone = f"{kind}/{name}" in self._left_alone or self._parts.control(manifest)
                    if not is_left_alone and name != OWN_QUOTA:
                        lasting = _lasting(self._parts.without_scale(kind, manifest))
                        yield (f"object of Kubernetes ({kind})", name), _text(lasting)


def change_problems(before: Things, after: Things) -> list[str]:
    """What has come, gone or changed, a line each, with its content."""
    problems = []
    for kind, name in sorted(before.keys() | after.keys()):
        was, now = before.get((kind, name)), after.get((kind, name))
        if was is None:
            problems.append(f"there is a new {kind}, {name}: {now}"[:_SHOWN])
        elif now is None:
            problems.append(f"the {kind} {name} is gone")
        elif was != now:
            problems.append(f"the {kind} {name} has changed: {now}"[:_SHOWN])
    return problems


def _lasting(manifest: Manifest) -> dict[str, Any]:
    """An object without what changes by itself."""
    metadata = {name: value for name, value in manifest["metadata"].items() if name not in _OF_KUBERNETES}
    return {**{name: value for name, value in manifest.items() if name != "status"}, "metadata": metadata}


def _text(content: Any) -> str:
    return json.dumps(content, sort_keys=True, ensure_ascii=False, default=str)
