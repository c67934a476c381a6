"""The kinds of side effect that a job has, and what it means to count them.

A new kind is one entry in `KINDS`: its name in the features, how all of them are found, and how those of a job are.
Counting is by difference where the run has the environment to itself, so that nothing can hide under a wrong name;
in a shared environment it is by identity: only what carries the id of one of the scenario's own jobs is counted.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from support.settings import EffectsOfAJob, Naming

if TYPE_CHECKING:  # The steps need this module before the environment is there; the drivers are loaded meanwhile.
    from support.stores import Stores


class Effect(NamedTuple):
    """One thing in a store: what makes it itself, the job it belongs to if it says so, and how it is called."""

    identity: str
    job_id: str | None
    name: str


@dataclass(frozen=True)
class Kind:
    """A kind of side effect. `setting` is its name in the profile's `effects_of_a_job`.

    `everything` gives None where the environment has no way to list them all; then only those of known jobs count.
    """

    name: str
    setting: str
    everything: Callable[[Stores, Naming], list[Effect] | None]
    of_jobs: Callable[[Stores, Naming, Collection[str]], list[Effect]]


Census = Mapping[str, frozenset[Effect]]
"""What there is of each kind at one moment."""


def _all_records(stores: Stores, naming: Naming) -> list[Effect]:
    return [
        Effect(identity=str(record["_id"]), job_id=record.get("task_id"), name=str(record.get("task_id")))
        for record in stores.records.all()
    ]


def _records_of(stores: Stores, naming: Naming, job_ids: Collection[str]) -> list[Effect]:
    return [
        Effect(identity=str(record["_id"]), job_id=job_id, name=job_id)
        for job_id in job_ids
        for record in stores.records.of_job(job_id)
    ]


def _objects(stores: Stores, manifests: Iterable[dict[str, Any]]) -> list[Effect]:
    return [
        Effect(
            identity=manifest["metadata"]["uid"],
            job_id=stores.analyzers.job_id_of(manifest),
            name=manifest["metadata"]["name"],
        )
        for manifest in manifests
    ]


def _services(stores: Stores, naming: Naming, job_ids: Collection[str] | None = None) -> list[Effect]:
    known = {naming.stream_service_of(job_id): job_id for job_id in job_ids or ()}
    found = _objects(stores, stores.analyzers.services())
    return [
        effect._replace(job_id=effect.job_id or known.get(effect.name))
        for effect in found
        if job_ids is None or effect.job_id in job_ids or effect.name in known
    ]


def _all_queues(stores: Stores, naming: Naming) -> list[Effect] | None:
    if not stores.queues.sees_unnamed:
        return None
    pattern = re.escape(naming.work_queue).replace(r"\{job_id\}", "(.+)").replace(r"\{object_name\}", "(.+)")
    return [
        Effect(
            identity=name,
            job_id=match.group(1) if (match := re.fullmatch(pattern, name)) else None,
            name=name,
        )
        for name in stores.queues.names()
    ]


def _queues_of(stores: Stores, naming: Naming, job_ids: Collection[str]) -> list[Effect]:
    names = {naming.work_queue_of(job_id): job_id for job_id in job_ids}
    return [
        Effect(identity=name, job_id=job_id, name=name)
        for name, job_id in names.items()
        if stores.queues.state_of(name) is not None
    ]


def _all_consumers(stores: Stores, naming: Naming) -> list[Effect] | None:
    queues = _all_queues(stores, naming)
    return None if queues is None else _consumers_of(stores, queues)


def _consumers_of(stores: Stores, queues: Iterable[Effect]) -> list[Effect]:
    """One effect a consumer: they are told apart by number, since an exact count is all that the broker gives."""
    return [
        Effect(identity=f"{queue.name}#{number}", job_id=queue.job_id, name=f"consumer {number} of {queue.name}")
        for queue in queues
        if (state := stores.queues.state_of(queue.name)) is not None
        for number in range(1, state.consumers + 1)
    ]


KINDS: tuple[Kind, ...] = (
    Kind("task record", "task_record", _all_records, _records_of),
    Kind(
        "analyzer",
        "analyzer",
        lambda stores, naming: _objects(stores, stores.analyzers.jobs()),
        lambda stores, naming, ids: [e for i in ids for e in _objects(stores, stores.analyzers.of_job(i).jobs)],
    ),
    Kind(
        "analyzer pod",
        "analyzer_pod",
        lambda stores, naming: _objects(stores, stores.analyzers.pods()),
        lambda stores, naming, ids: [e for i in ids for e in _objects(stores, stores.analyzers.of_job(i).pods)],
    ),
    Kind("work queue", "work_queue", _all_queues, _queues_of),
    Kind(
        "queue consumer",
        "queue_consumer",
        _all_consumers,
        lambda stores, naming, ids: _consumers_of(stores, _queues_of(stores, naming, ids)),
    ),
    Kind("stream service", "stream_service", _services, _services),
)


def take_census(stores: Stores, naming: Naming, own_jobs: Collection[str], *, exclusive: bool) -> Census:
    """Count what there is: everything when the environment is ours alone, else what belongs to our own jobs."""
    census = {}
    for kind in KINDS:
        everything = kind.everything(stores, naming) if exclusive else None
        census[kind.name] = frozenset(kind.of_jobs(stores, naming, own_jobs) if everything is None else everything)
    return census


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


def unexplained(before: Census, after: Census, stated: Mapping[str, int], own_jobs: Collection[str]) -> list[str]:
    """What of the difference is not as stated, a line each; empty when all is.

    An effect must also carry the id of a job that the server told us of (`own_jobs`): the right effect under a wrong
    id serves nobody.
    """
    problems = []
    for kind, change in stated.items():
        added, removed = after[kind] - before[kind], before[kind] - after[kind]
        if len(added) - len(removed) != change or (added and removed):
            problems.append(
                f"{kind}: {len(added) - len(removed):+d} instead of {change:+d}{_named('new', added)}"
                f"{_named('gone', removed)}"
            )
        strangers = {effect for effect in added if effect.job_id not in own_jobs}
        if strangers:
            problems.append(
                f"{kind}: carries no id of a job that was answered ({_list(own_jobs) or 'there is none'})"
                f"{_named('found', strangers)}"
            )
    return problems


def _named(label: str, effects: Collection[Effect]) -> str:
    return f"; {label}: {_list(effect.name for effect in effects)}" if effects else ""


def _list(names: Iterable[str]) -> str:
    ordered = sorted(names)
    return ", ".join(ordered[:5]) + (f" and {len(ordered) - 5} more" if len(ordered) > 5 else "")
