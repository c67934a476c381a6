"""The kinds of side effect that a job has, and what it means to count them.

A new kind is one entry in `KINDS`: its name in the features, how all of them are found, how those of a job are, how
one is told from another, and how it is shown as evidence. Counting is by difference where the run has the environment
to itself, so that nothing can hide under a wrong name; in a shared environment it is by identity: only what carries
the id of one of the scenario's own jobs is counted. What is being deleted is in a snapshot, but is not counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from support.observers import deletion
from support.profile.settings import EffectsOfAJob, Naming, object_name_of

if TYPE_CHECKING:  # The steps need this module before the environment is there; the drivers are loaded meanwhile.
    from support.observers.stores import Stores

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
class OneLook:
    """The stores at one look: what more than one kind is found by is asked for once."""

    stores: Stores

    @cached_property
    def queue_names(self) -> list[str] | None:
        """Names of all queues; None where they cannot be listed."""
        queues = self.stores.queues
        return queues.names() if queues.sees_unnamed else None

    @cached_property
    def jobs(self) -> list[Document]:
        """All Jobs of Kubernetes. They are to be listed after what they may own: see `deletion.is_bound_to_go`."""
        return self.stores.analyzers.jobs()

    @cached_property
    def staying(self) -> frozenset[str]:
        """The uids of the Jobs whose pods stay."""
        return deletion.owners_that_stay(self.jobs)

    def goes(self, manifest: Document) -> bool:
        """Whether an object of Kubernetes is being deleted."""
        owned = bool(manifest["metadata"].get("ownerReferences"))
        return deletion.is_bound_to_go(manifest, self.staying if owned else frozenset())


@dataclass(frozen=True)
class Kind:
    """A kind of side effect. `setting` is its name in the profile's `effects_of_a_job`.

    `all` gives None where the environment has no way to list them all; then only those of known jobs count. `goes` says
    whether one is being deleted; what is not of Kubernetes is there or is not.
    """

    name: str
    setting: str
    all: Callable[[OneLook], list[Document] | None]
    of_job: Callable[[Stores, Naming, str], list[Document]]
    identify: Callable[[Document, Naming], Effect]
    shown_as: Literal["json", "yaml"]
    goes: Callable[[OneLook, Document], bool] = lambda look, document: False


Snapshot = Mapping[str, frozenset[Effect]]
"""What there is of each kind at one moment."""


def _identify_record(record: Document, naming: Naming) -> Effect:
    told = record.get("task_id")  # It may be anything, and need not be text.
    return Effect(identity=str(record["_id"]), job_id=None if told is None else str(told), name=str(told))


def _identify_object(manifest: Document, naming: Naming) -> Effect:
    metadata = manifest["metadata"]
    labels = metadata.get("labels") or {}
    return Effect(identity=metadata["uid"], job_id=labels.get(naming.job_id_label), name=metadata["name"])


def _identify_service(manifest: Document, naming: Naming) -> Effect:
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


def _services_of(stores: Stores, naming: Naming, job_id: str) -> list[Document]:
    name = naming.stream_service_of(job_id)
    return [
        service
        for service in stores.analyzers.services()
        if service["metadata"]["name"] == name or _identify_object(service, naming).job_id == job_id
    ]


def _all_queues(look: OneLook) -> list[Document] | None:
    return None if look.queue_names is None else [{"name": name} for name in look.queue_names]


def _queue_of(stores: Stores, naming: Naming, job_id: str) -> list[Document]:
    state = stores.queues.state_of(naming.work_queue_of(job_id))
    return [] if state is None else [state._asdict()]


def _all_consumers(look: OneLook) -> list[Document] | None:
    if look.queue_names is None:
        return None
    return [consumer for name in look.queue_names for consumer in _consumers(look.stores, name)]


def _consumers(stores: Stores, queue: str) -> list[Document]:
    """They are told apart by number, since an exact count is all that the broker gives."""
    state = stores.queues.state_of(queue)
    return [] if state is None else [{"queue": queue, "number": n} for n in range(1, state.consumers + 1)]


KINDS: tuple[Kind, ...] = (
    Kind(
        "task record",
        "task_record",
        lambda look: look.stores.records.all(),
        lambda stores, naming, job_id: stores.records.of_job(job_id),
        _identify_record,
        "json",
    ),
    Kind(
        "analyzer",
        "analyzer",
        lambda look: look.jobs,
        lambda stores, naming, job_id: stores.analyzers.of_job(job_id).jobs,
        _identify_object,
        "yaml",
        OneLook.goes,
    ),
    Kind(
        "analyzer pod",
        "analyzer_pod",
        lambda look: look.stores.analyzers.pods(),
        lambda stores, naming, job_id: stores.analyzers.of_job(job_id).pods,
        _identify_object,
        "yaml",
        OneLook.goes,
    ),
    Kind("work queue", "work_queue", _all_queues, _queue_of, _identify_queue, "json"),
    Kind(
        "queue consumer",
        "queue_consumer",
        _all_consumers,
        lambda stores, naming, job_id: _consumers(stores, naming.work_queue_of(job_id)),
        _identify_consumer,
        "json",
    ),
    Kind(
        "stream service",
        "stream_service",
        lambda look: look.stores.analyzers.services(),
        _services_of,
        _identify_service,
        "yaml",
        OneLook.goes,
    ),
)


def take_snapshot(stores: Stores, naming: Naming, own_jobs: Collection[str], *, exclusive: bool) -> Snapshot:
    """Count what there is: everything when the environment is ours alone, else what belongs to our own jobs."""
    found, look = {}, OneLook(stores)
    for kind in sorted(KINDS, key=lambda kind: kind.setting == "analyzer"):  # Jobs last, after what they may own.
        everything = kind.all(look) if exclusive else None
        if everything is None:
            everything = [document for job_id in own_jobs for document in kind.of_job(stores, naming, job_id)]
        found[kind] = everything
    return {
        kind.name: frozenset(
            kind.identify(document, naming)._replace(goes=kind.goes(look, document)) for document in found[kind]
        )
        for kind in KINDS
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
    id serves nobody.
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
        strangers = {effect for effect in added if effect.job_id not in known}
        if strangers:
            problems.append(
                f"{kind}: carries no id of a job that was answered ({_list(own_jobs) or 'there is none'})"
                f"{_named('found', strangers)}"
            )
    return problems


def surplus_problems(
    before: Snapshot, seen: Snapshot, stated: Mapping[str, int], own_jobs: Collection[str]
) -> list[str]:
    """What of the difference is too much, or belongs to nobody: waiting does not mend that."""
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
