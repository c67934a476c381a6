"""The kinds of side effect that a job has, and what it means to count them.

A new kind is one entry in `KINDS`: its name in the features, how all of them are found, how those of a job are found,
and how one is told from another. Where the run has the environment to itself, the difference between two looks is
counted, so that nothing can hide under a wrong name. In a shared environment only what carries the id of one of the
scenario's own jobs is counted. What is being deleted is in a snapshot, but is not counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any, NamedTuple

from support.observers import deletion
from support.observers.kubernetes import Analyzer
from support.observers.manifests import Manifest, running_since
from support.observers.rabbitmq import QueueState
from support.observers.sightings import SightingLog
from support.observers.stores import Stores
from support.profile.settings import EffectsOfAJob, Naming, object_name_of

Document = dict[str, Any]


class Effect(NamedTuple):
    """One thing in a store: what makes it itself, the job it belongs to if it says so, and how it is called.

    One that `goes` is being deleted, and is not counted.
    """

    identity: str
    job_id: str | None
    name: str
    goes: bool = False


@dataclass(frozen=True)
class Look:
    """One look at the stores: what is seen is entered into the log, and lists of everything are asked for once."""

    stores: Stores
    sightings: SightingLog

    @cached_property
    def queue_names(self) -> list[str] | None:
        """Names of all queues; None where they cannot be listed."""
        queues = self.stores.queues
        return queues.names() if queues.sees_unnamed else None

    @cached_property
    def jobs(self) -> tuple[Manifest, ...]:
        """All Jobs of Kubernetes. They are to be listed after what they may own: see `deletion.is_bound_to_go`."""
        seen = self.stores.analyzers.jobs()
        return self._entered(seen.items, seen.seen_at)

    @cached_property
    def pods(self) -> tuple[Manifest, ...]:
        """All pods of Kubernetes."""
        seen = self.stores.analyzers.pods()
        return self._entered(seen.items, seen.seen_at)

    def analyzer_of(self, job_id: str) -> Analyzer:
        """What a job has on Kubernetes."""
        analyzer = self.stores.analyzers.of_job(job_id)
        self._entered((*analyzer.jobs, *analyzer.pods), analyzer.seen_at)
        return analyzer

    def queue(self, name: str) -> QueueState | None:
        """The queue of that name; None when there is none."""
        state = self.stores.queues.state_of(name)
        if state is not None and state.consumers:
            self.sightings.enter("served queue", [name], state.seen_at)
        return state

    def _entered(self, manifests: tuple[Manifest, ...], seen_at: datetime) -> tuple[Manifest, ...]:
        self.sightings.enter("object", (one["metadata"]["uid"] for one in manifests), seen_at)
        running = (one["metadata"]["uid"] for one in manifests if running_since(one) is not None)
        self.sightings.enter("running pod", running, seen_at)
        return manifests

    @cached_property
    def staying(self) -> frozenset[str]:
        """The uids of the Jobs whose pods stay."""
        return deletion.owners_that_stay(self.jobs)

    def goes(self, manifest: Manifest) -> bool:
        """Whether an object of Kubernetes is being deleted."""
        owned = bool(manifest["metadata"].get("ownerReferences"))
        return deletion.is_bound_to_go(manifest, self.staying if owned else frozenset())


@dataclass(frozen=True)
class EffectKind:
    """A kind of side effect.

    `all` gives None where the environment has no way to list them all; then only those of known jobs count. What is in
    Kubernetes may be there and be deleted already; anything else is there or is not.
    """

    name: str
    all: Callable[[Look], Sequence[Document] | None]
    of_job: Callable[[Look, Naming, str], Sequence[Document]]
    identify: Callable[[Document, Naming], Effect]
    in_kubernetes: bool = False

    @property
    def setting(self) -> str:
        """Its name in the profile's `effects_of_a_job`."""
        return self.name.replace(" ", "_")


Snapshot = Mapping[str, frozenset[Effect]]
"""What there is of each kind at one moment."""


def _identify_record(record: Document, naming: Naming) -> Effect:
    told = record.get("task_id")  # It may be anything, and need not be text.
    return Effect(identity=str(record["_id"]), job_id=None if told is None else str(told), name=str(told))


def _identify_object(manifest: Manifest, naming: Naming) -> Effect:
    metadata = manifest["metadata"]
    labels = metadata.get("labels") or {}
    return Effect(identity=metadata["uid"], job_id=labels.get(naming.job_id_label), name=metadata["name"])


def _identify_service(manifest: Manifest, naming: Naming) -> Effect:
    """A Service may carry its job in its name alone, and there as an object name."""
    effect = _identify_object(manifest, naming)
    return effect._replace(job_id=effect.job_id or _found_in_name(effect.name, naming.stream_service))


def _identify_queue(queue: Document, naming: Naming) -> Effect:
    return Effect(identity=queue["name"], job_id=_found_in_name(queue["name"], naming.work_queue), name=queue["name"])


def _identify_consumer(consumer: Document, naming: Naming) -> Effect:
    queue, number = consumer["queue"], consumer["number"]
    job_id = _found_in_name(queue, naming.work_queue)
    return Effect(identity=f"{queue}#{number}", job_id=job_id, name=f"consumer {number} of {queue}")


def _found_in_name(name: str, pattern: str) -> str | None:
    """What stands for the job in a name that was made by a pattern of the profile."""
    expression = re.sub(r"\\\{(job_id|object_name)\\\}", "(.+)", re.escape(pattern))
    match = re.fullmatch(expression, name)
    return match.group(1) if match else None


def _services_of(look: Look, naming: Naming, job_id: str) -> list[Document]:
    name = naming.stream_service_of(job_id)
    return [
        service
        for service in look.stores.analyzers.services().items
        if service["metadata"]["name"] == name or _identify_object(service, naming).job_id == job_id
    ]


def _all_queues(look: Look) -> list[Document] | None:
    return None if look.queue_names is None else [{"name": name} for name in look.queue_names]


def _queue_of(look: Look, naming: Naming, job_id: str) -> list[Document]:
    state = look.queue(naming.work_queue_of(job_id))
    return [] if state is None else [{"name": state.name, "ready": state.ready, "consumers": state.consumers}]


def _all_consumers(look: Look) -> list[Document] | None:
    if look.queue_names is None:
        return None
    return [consumer for name in look.queue_names for consumer in _consumers(look, name)]


def _consumers(look: Look, queue: str) -> list[Document]:
    """They are told apart by number, since an exact count is all that the broker gives."""
    state = look.queue(queue)
    return [] if state is None else [{"queue": queue, "number": n} for n in range(1, state.consumers + 1)]


KINDS: tuple[EffectKind, ...] = (
    EffectKind(
        "task record",
        lambda look: look.stores.records.all(),
        lambda look, naming, job_id: look.stores.records.of_job(job_id),
        _identify_record,
    ),
    EffectKind(
        "analyzer",
        lambda look: look.jobs,
        lambda look, naming, job_id: look.analyzer_of(job_id).jobs,
        _identify_object,
        in_kubernetes=True,
    ),
    EffectKind(
        "analyzer pod",
        lambda look: look.pods,
        lambda look, naming, job_id: look.analyzer_of(job_id).pods,
        _identify_object,
        in_kubernetes=True,
    ),
    EffectKind("work queue", _all_queues, _queue_of, _identify_queue),
    EffectKind(
        "queue consumer",
        _all_consumers,
        lambda look, naming, job_id: _consumers(look, naming.work_queue_of(job_id)),
        _identify_consumer,
    ),
    EffectKind(
        "stream service",
        lambda look: look.stores.analyzers.services().items,
        _services_of,
        _identify_service,
        in_kubernetes=True,
    ),
)


def take_snapshot(
    stores: Stores,
    naming: Naming,
    own_jobs: Collection[str],
    sightings: SightingLog | None = None,
    *,
    exclusive: bool,
    kinds: Collection[EffectKind] | None = None,
) -> Snapshot:
    """What there is: everything when the environment is the run's alone, else what belongs to the scenario's jobs.

    Of all `KINDS`, or of these alone.
    """
    kinds = KINDS if kinds is None else kinds
    found: dict[EffectKind, Sequence[Document]] = {}
    look = Look(stores, sightings or SightingLog())
    for kind in sorted(kinds, key=lambda kind: kind.name == "analyzer"):  # Jobs last, after what they may own.
        everything = kind.all(look) if exclusive else None
        if everything is None:
            everything = [document for job_id in own_jobs for document in kind.of_job(look, naming, job_id)]
        found[kind] = everything
    return {
        kind.name: frozenset(
            kind.identify(document, naming)._replace(goes=kind.in_kubernetes and look.goes(document))
            for document in found[kind]
        )
        for kind in kinds
    }


def deletion_problems(snapshot: Snapshot) -> list[str]:
    """What is being deleted and has not gone yet, a line each."""
    return sorted(
        f"the {kind} {effect.name} is still there, although it is being deleted"
        for kind, effects in snapshot.items()
        for effect in effects
        if effect.goes
    )


def no_effects() -> dict[str, int]:
    """The changes of a scenario that states none."""
    return dict.fromkeys((kind.name for kind in KINDS), 0)


def effects_of(jobs: int, each: EffectsOfAJob) -> dict[str, int]:
    """The changes that this many accepted jobs make."""
    return {kind.name: jobs * getattr(each, kind.setting) for kind in KINDS}


def stated_in(rows: Iterable[tuple[str, str]]) -> dict[str, int]:
    """Read a table of side effects: a kind and its change, `+1`.

    Raises:
        ValueError: there is no such kind, or the change is no whole number with a sign.
    """
    stated = {}
    for kind, change in rows:
        if kind not in no_effects():
            raise ValueError(f"there is no side effect '{kind}'; there are: {', '.join(no_effects())}")
        if not re.fullmatch(r"[+-]\d+|0", change):
            raise ValueError(f"the change of '{kind}' is '{change}'; write +1, -1 or 0")
        stated[kind] = int(change)
    return stated


def unstated_problems(
    before: Snapshot, after: Snapshot, stated: Mapping[str, int], own_jobs: Collection[str]
) -> list[str]:
    """What of the difference is not as stated, a line each; empty when all is.

    An effect must also carry the id of a job that the server told us of (`own_jobs`): the right effect under a wrong
    id is of no use to that job.
    """
    problems = []
    known = {*own_jobs, *map(object_name_of, own_jobs)}
    for kind, change in stated.items():
        was, now = _counted(before, kind), _counted(after, kind)
        added, removed = now - was, was - now
        if len(added) - len(removed) != change or (added and removed):
            problems.append(
                f"{kind}: {len(added) - len(removed):+d} instead of {change:+d}{_named('new', added)}"
                f"{_named('gone', removed)}"
            )
            continue
        if unowned := {effect for effect in added if effect.job_id not in known}:
            problems.append(
                f"{kind}: carries no id of a job that was answered ({_list(own_jobs) or 'there is none'})"
                f"{_named('found', unowned)}"
            )
    return problems


def surplus_problems(
    before: Snapshot, seen: Snapshot, stated: Mapping[str, int], own_jobs: Collection[str]
) -> list[str]:
    """What of the difference is too much, or belongs to no job: waiting does not change that."""
    return [
        problem
        for kind, change in stated.items()
        if len(new_of(kind, before, seen)) > max(change, 0)
        for problem in unstated_problems(before, seen, {kind: change}, own_jobs)
    ]


def _counted(snapshot: Snapshot, kind: str) -> frozenset[Effect]:
    return frozenset(effect for effect in snapshot[kind] if not effect.goes)


def new_of(kind: str, before: Snapshot, seen: Snapshot) -> frozenset[Effect]:
    """What of a kind was not there before, and stays."""
    return _counted(seen, kind) - _counted(before, kind)


def _named(label: str, effects: Collection[Effect]) -> str:
    return f"; {label}: {_list(effect.name for effect in effects)}" if effects else ""


def _list(names: Iterable[str]) -> str:
    ordered = sorted(names)
    return ", ".join(ordered[:5]) + (f" and {len(ordered) - 5} more" if len(ordered) > 5 else "")
