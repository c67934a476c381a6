"""Everything in the three stores that is of no kind of side effect: what a job has no business with.

The kinds of `side_effects` are what scenarios state. All else must not change at all, in an environment that the run
has to itself: other collections and their documents, recordings that neither the suite nor a recorder has made,
exchanges and bindings of the broker, objects of all other kinds.
"""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterator, Mapping, Set
from dataclasses import dataclass
from typing import Any

from bson.objectid import ObjectId

from support.observers.kubernetes_api import OWN_QUOTA, Namespace
from support.observers.manifests import Manifest, name_problem
from support.observers.mongodb import RECORDING, Database, kind_of_document
from support.observers.parts import Parts
from support.observers.rabbitmq import Broker
from support.profile.settings import Settings

Things = Mapping[tuple[str, str], str]
"""What there is: kind and name of each thing, with its content as far as that may not change."""

_SHOWN = 300  # characters of a content
_COMPARED = 1000  # documents of a collection; of more, as a deployed system has recordings, only the number
_VALUES = ("data", "stringData")
_UNTOLD = secrets.token_bytes(16)
_OF_KUBERNETES = ("managedFields", "resourceVersion", "generation")


def object_kind(kind: str) -> str:
    """How an object of a kind of Kubernetes (`configmaps`) is called in messages."""
    return f"object of Kubernetes ({kind})"


@dataclass(frozen=True)
class LeftAlone:
    """The objects of Kubernetes that may change by themselves: whole kinds (`events`), and single ones."""

    names: frozenset[str]
    parts: Parts

    @classmethod
    def by(cls, settings: Settings) -> LeftAlone:
        """What the settings name, and what Kubernetes makes for the parts of the product."""
        return cls(frozenset(settings.kubernetes.left_alone), Parts.beside_analyzers(settings))

    def is_all_of(self, kind: str) -> bool:
        """Whether it is a whole kind (`events`)."""
        return kind in self.names

    def includes(self, kind: str, manifest: Manifest) -> bool:
        """Whether an object of a kind is one of them, or made by the suite itself."""
        name = manifest["metadata"]["name"]
        return f"{kind}/{name}" in self.names or self.parts.control(manifest) or name == OWN_QUOTA


class Surroundings:
    """Looks at all of the stores but what is counted as a side effect, or written by the suite itself.

    `own_documents` are those that the suite has put into the database: their identities. The suite stops and restarts
    parts of the product: what Kubernetes changes of their workloads then is left out.
    """

    def __init__(
        self,
        settings: Settings,
        database: Database,
        broker: Broker,
        namespace: Namespace,
        own_documents: Set[str] = frozenset(),
    ) -> None:
        self._database, self._broker, self._namespace = database, broker, namespace
        self._tasks = settings.mongodb.tasks_collection
        self._recordings = settings.mongodb.recordings_collection
        self._own_documents = own_documents
        self._left_alone = LeftAlone.by(settings)

    def look(self) -> Things:
        """What there is now; raises EnvironmentBroken if a store cannot be asked."""
        return dict([*self._collections(), *self._declared(), *self._objects()])

    def _collections(self) -> Iterator[tuple[tuple[str, str], str]]:
        for name in sorted(self._database.collections()):
            if name == self._tasks or name.startswith("system."):
                continue
            if name != self._recordings:  # The product may make that one when it first needs it.
                yield ("collection", name), ""
            yield from self._documents(name)

    def _documents(self, collection: str) -> Iterator[tuple[tuple[str, str], str]]:
        documents = self._database.collection(collection)
        found = documents.find({}, limit=_COMPARED + 1)
        if len(found) > _COMPARED:
            kind = kind_of_document(collection, self._recordings, None)
            own = [ObjectId(identity) for identity in self._own_documents]
            yield (kind, f"number of those in {collection}"), str(documents.count({"_id": {"$nin": own}}))
            return
        for document in found:
            identity = str(document["_id"])
            if identity not in self._own_documents:
                yield (kind_of_document(collection, self._recordings, document), identity), str(document)

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
            if not self._left_alone.is_all_of(kind):
                for manifest in self._namespace.items(path, problem=name_problem):
                    name = manifest["metadata"]["name"]
                    if not self._left_alone.includes(kind, manifest):
                        what, lasting = object_kind(kind), self._left_alone.parts.without_scale(kind, manifest)
                        yield (what, name), _of_object(what, lasting)


def change_problems(before: Things, after: Things, *, is_recorded: bool = False) -> list[str]:
    """What has come, gone or changed, a line each, with its content.

    Where it `is_recorded`, recordings may come, end and go.
    """
    problems = []
    for kind, name in sorted(before.keys() | after.keys()):
        was, now = before.get((kind, name)), after.get((kind, name))
        if is_recorded and kind == RECORDING:
            continue
        if was is None:
            problems.append(f"there is a new {kind}, {name}{f': {now}' if now else ''}"[:_SHOWN])
        elif now is None:
            problems.append(f"the {kind} {name} is gone{f': {was}' if was else ''}"[:_SHOWN])
        elif was != now:
            problems.append(f"the {kind} {name} has changed: {now}"[:_SHOWN])
    return problems


def shown(kind: str, content: Mapping[str, Any]) -> str:
    """The content of something of a kind, in so many characters as a message may have."""
    return (_of_object(kind, dict(content)) if "metadata" in content else str(dict(content)))[:_SHOWN]


def _of_object(kind: str, manifest: Manifest) -> str:
    """An object without what changes by itself; of a Secret's values it can be told only whether they are the same."""
    left_out: tuple[str, ...] = _OF_KUBERNETES
    if kind == object_kind("secrets"):
        manifest = {**manifest, **{name: _disguised(manifest[name]) for name in _VALUES if manifest.get(name)}}
        left_out = (*left_out, "annotations")  # kubectl keeps the values there, too
    metadata = {name: value for name, value in manifest["metadata"].items() if name not in left_out}
    return _text({**{name: value for name, value in manifest.items() if name != "status"}, "metadata": metadata})


def _disguised(values: Mapping[str, Any]) -> dict[str, str]:
    def of(value: Any) -> str:
        return hashlib.blake2b(str(value).encode(), key=_UNTOLD, digest_size=4).hexdigest()

    return {name: f"<a value, {of(value)}>" for name, value in values.items()}


def _text(content: Any) -> str:
    return json.dumps(content, sort_keys=True, ensure_ascii=False, default=str)
