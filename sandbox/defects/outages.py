"""Defects that show while a store cannot be used, and after that."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from sandbox.defects.registry import Changed, defect, derived, register
from sandbox.focus_server.composition import Parts
from sandbox.focus_server.errors import DependencyUnavailable, UnknownJob

AREA = "what happens while a store fails"

Answer = Callable[[DependencyUnavailable], Any]


def taking_failures(parts: Parts, part: str, method: str, answer: Answer) -> Parts:
    """A server in which a method of a part, where its store fails, gives or raises something else."""

    async def do(usual: Any, *args: Any) -> Any:
        try:
            return await getattr(usual, method)(*args)
        except DependencyUnavailable as error:
            return answer(error)

    return replace(parts, **{part: Changed(getattr(parts, part), **{method: do})})


def _as_a_defect(error: DependencyUnavailable) -> Any:
    raise RuntimeError from error


def _as_without_effect(error: DependencyUnavailable) -> Any:
    error.no_effect = True
    raise error


for name, words, harm, part, method, answer in (
    (
        "database_outage_as_a_defect",
        "A database that cannot be reached is told as a defect of the server.",
        "Operations look for a fault in the wrong place.",
        *("tasks", "insert", _as_a_defect),
    ),
    (
        "archive_outage_as_nothing_recorded",
        "While the database cannot be reached it is said that nothing was recorded.",
        "Whoever looks for last night's event believes that there is no recording of it.",
        *("recordings", "any_between", lambda error: False),
    ),
    (
        "accepted_without_a_queue",
        "A job is accepted though the broker cannot be reached.",
        "The view opens and stays empty, and nobody is told why.",
        *("queues", "open", lambda error: None),
    ),
    (
        "accepted_without_an_analyzer",
        "A job is accepted though Kubernetes cannot be reached.",
        "The view opens and stays empty, and nobody is told why.",
        *("analyzers", "launch", lambda error: None),
    ),
    (
        "lost_answer_as_no_analyzer",
        "An analyzer whose launch was not confirmed is taken for not launched.",
        "After each such failure a pod runs for nobody.",
        *("analyzers", "launch", _as_without_effect),
    ),
    (
        "lost_answer_as_no_record",
        "A record that was not confirmed is taken for not written.",
        "Jobs are listed that never were.",
        *("tasks", "insert", _as_without_effect),
    ),
    (
        "cancelled_without_the_broker",
        "Cancelling is confirmed though the broker cannot be reached.",
        "The queue of a job that is said to be over goes on being fed.",
        *("queues", "close", lambda error: None),
    ),
    (
        "cancelled_without_kubernetes",
        "Cancelling is confirmed though Kubernetes cannot be reached.",
        "The pod of a job that is said to be over goes on costing memory.",
        *("analyzers", "stop", lambda error: None),
    ),
    (
        "region_changed_without_a_record",
        "A change of the region of interest is confirmed though it cannot be recorded.",
        "Whoever opens the view anew sees another part of the fibre than was looked at.",
        *("tasks", "set_roi", lambda error: None),
    ),
):
    register(name, words, harm, change=partial(taking_failures, part=part, method=method, answer=answer))


@defect
def never_undone_later(parts: Parts) -> Parts:
    """What cannot be undone at once, because its store fails, too, is never undone.

    Each outage leaves records and pods behind that nobody looks for.
    """

    async def undo(service: Any, usual: Any, roll_back: Any) -> None:
        await roll_back.run()

    return replace(parts, service=derived(parts.service, _undo=undo))


def giving_up(parts: Parts, part: str, method: str) -> Parts:
    """A server that does not ask a store again that has failed once."""
    failed: list[DependencyUnavailable] = []

    async def do(usual: Any, *args: Any) -> Any:
        if failed:
            raise failed[0]
        try:
            return await getattr(usual, method)(*args)
        except DependencyUnavailable as error:
            failed.append(error)
            raise

    return replace(parts, **{part: Changed(getattr(parts, part), **{method: do})})


for name, store, part, method in (
    ("database_given_up", "A database", "tasks", "insert"),
    ("broker_given_up", "A broker", "queues", "open"),
    ("orchestrator_given_up", "A Kubernetes", "analyzers", "launch"),
):
    register(
        name,
        f"{store} that could not be reached once is not asked again.",
        "After each outage somebody has to restart the server.",
        change=partial(giving_up, part=part, method=method),
    )


@defect
def consumers_not_restored(parts: Parts) -> Parts:
    """Jobs that run do not get their consumers back when the broker is.

    Views that were open during an outage take no commands any more, until they are opened anew.
    """

    async def restore(*_: Any) -> None:
        return None

    parts.queues._restore = restore  # type: ignore[attr-defined]
    return parts


def patient(parts: Parts, part: str) -> Parts:
    """A server that waits for a store for twice as long."""
    found = getattr(parts, part)
    getattr(found, "_database", found)._limit_s = 6.0
    return parts


for name, store, part in (
    ("silent_database_waited_for", "A database", "tasks"),
    ("silent_broker_waited_for", "A broker", "queues"),
    ("silent_orchestrator_waited_for", "A Kubernetes", "analyzers"),
):
    register(
        name,
        f"{store} that does not answer is waited for longer than is promised.",
        "Operators wait in front of an empty view, and ask again.",
        change=partial(patient, part=part),
    )


@defect
def half_made_job_found(parts: Parts) -> Parts:
    """A job that is still being made can be looked up and cancelled.

    Who cancels it is told that it is over, and it is finished all the same.
    """

    async def find(service: Any, usual: Any, job_id: str) -> Any:
        found = await parts.tasks.find(job_id)
        if found is None:
            raise UnknownJob(job_id)
        return found

    return replace(parts, service=derived(parts.service, find=find))


@defect
def queue_not_undone(parts: Parts) -> Parts:
    """Of a job that fails half way the queue is left.

    Each outage leaves queues behind that fill up, as nobody takes anything from them.
    """
    opened: set[str] = set()

    async def open_(queues: Any, job_id: str) -> None:
        await queues.open(job_id)
        opened.add(job_id)

    async def close(queues: Any, job_id: str) -> None:
        if job_id in opened:
            await queues.close(job_id)

    return replace(parts, queues=Changed(parts.queues, open=open_, close=close))


@defect
def made_for_nobody(parts: Parts) -> Parts:
    """A job is made though its client went away while it was waited for.

    Who gives up and asks again has two jobs, and of one nobody knows the id.
    """

    async def create(service: Any, usual: Any, payload: Any, **more: Any) -> Any:
        return await asyncio.shield(usual(payload, **more))

    return replace(parts, service=derived(parts.service, create=create))
