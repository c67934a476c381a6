"""Defects of creating and cancelling jobs that are not about one store: ids, order, rejections, clean-up."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sandbox.defects.defect import (
    MOMENT_S,
    Change,
    Defect,
    combine,
    defect,
    defective,
    do_nothing,
    later,
    override,
)
from sandbox.defects.sample_configuration import valid_configuration
from sandbox.focus_server.composition import Parts
from sandbox.focus_server.errors import IdTaken, InvalidConfiguration, UnknownJob, Violation
from sandbox.focus_server.ports import CANCELLED, JobRecord

AREA = "creating and cancelling a job"


def too_late(part: str, method: str) -> Change:
    """Return from a method of a part at once, and do its work when the answer has been sent."""

    async def begin(original: Any, *args: Any) -> None:
        later(MOMENT_S, getattr(original, method), *args)

    return override(part, **{method: begin})


def launching_after_rejections(delay_s: float) -> Change:
    """Launch an analyzer some time after each request."""

    def change(parts: Parts) -> Parts:
        async def create_job(service: Any, create: Any, payload: Any, **more: Any) -> JobRecord:
            later(delay_s, parts.analyzers.launch, parts.ids.new(), {})
            return await create(payload, **more)

        return override("service", create=create_job)(parts)

    return change


@defect
def ids_come_again(parts: Parts) -> Parts:
    """Jobs that are requested at once get the same id.

    Two operators share a job, and the first to close the view closes it for both.
    """
    made: list[str] = []

    def new(ids: Any) -> str:
        made.append(ids.new())
        return made[-1 - (len(made) + 1) % 2]

    def accepting_duplicates(method: str) -> Callable[..., Any]:
        async def do(original: Any, *args: Any) -> None:
            try:
                await getattr(original, method)(*args)
            except IdTaken:
                return

        return do

    return combine(
        override("ids", new=new),
        override("tasks", insert=accepting_duplicates("insert")),
        override("analyzers", launch=accepting_duplicates("launch")),
    )(parts)


@defect
def refused_request_launches_an_analyzer(parts: Parts) -> Parts:
    """A rejected request launches an analyzer.

    A mistyped parameter costs a pod that nobody knows of.
    """

    async def create_job(service: Any, create: Any, payload: Any, **more: Any) -> JobRecord:
        await parts.analyzers.launch(parts.ids.new(), {})
        return await create(payload, **more)

    return override("service", create=create_job)(parts)


@defect
def last_configuration_wins(parts: Parts) -> Parts:
    """Jobs that are requested at once all get the last configuration.

    Two operators open a view at the same moment, and one gets what the other requested.
    """
    last: list[Any] = []

    async def create_job(service: Any, create: Any, payload: Any, **more: Any) -> JobRecord:
        last.append(payload)
        await asyncio.sleep(0.05)
        return await create(last[-1], **more)

    return override("service", create=create_job)(parts)


@defective("service", "create")
async def error_though_created(service: Any, create: Any, payload: Any, **more: Any) -> JobRecord:
    """A job is created, and an error answered.

    The client tries again, and each try leaves a job running.
    """
    await create(payload, **more)
    raise RuntimeError("something else went wrong")


@defective("service", "create")
async def dies_of_a_request(service: Any, create: Any, payload: Any, **more: Any) -> JobRecord:
    """The server crashes at a request.

    One request ends the service for everybody.
    """
    os._exit(1)


@defective("validator", "validate")
def refusal_that_names_everything(validator: Any, payload: Any, now: Any) -> Any:
    """A rejection names every parameter, and shows a stack trace.

    The operator does not learn what to correct, and sees the inside of the server.
    """
    try:
        return validator.validate(payload, now)
    except InvalidConfiguration:
        fields = " ".join(payload)
        raise InvalidConfiguration([Violation((), f"Traceback: one of {fields} is wrong")]) from None


Reworded = Callable[[Violation], list[Violation]]


def reworded_rejections(violations_for: Reworded) -> Change:
    """Reject what is to be rejected, and name other reasons; gets each of the right ones."""

    def validate(validator: Any, payload: Any, now: Any) -> Any:
        try:
            return validator.validate(payload, now)
        except InvalidConfiguration as error:
            reworded = [one for violation in error.violations for one in violations_for(violation)]
            raise InvalidConfiguration(reworded) from None

    return override("validator", validate=validate)


def _with_every_name(violation: Violation) -> list[Violation]:
    return [replace(violation, msg=f"one of {', '.join(valid_configuration())} is wrong")]


def _of_the_other_end(violation: Violation) -> list[Violation]:
    *group, end = violation.loc
    if not group or end not in ("min", "max"):
        return [violation]
    other = "max" if end == "min" else "min"
    return [Violation((), f"{group[0]}.{other} is wrong")]


def _at_the_other_end(violation: Violation) -> list[Violation]:
    *group, end = violation.loc
    if not group or end not in ("min", "max"):
        return [violation]
    return [replace(violation, loc=(f"{group[0]}.{'max' if end == 'min' else 'min'}",), msg="is wrong")]


def _of_both_times(violation: Violation) -> list[Violation]:
    if "future" not in violation.msg:
        return [violation]
    return [replace(violation, loc=(time,)) for time in ("start_time", "end_time")]


@defective("service", "cancel")
async def cancel_does_not_find_a_running_job(service: Any, cancel: Any, job_id: str) -> JobRecord:
    """A running job is not found when it is to be cancelled.

    Nobody can end a job: each view that was ever opened goes on using the cluster.
    """
    raise UnknownJob(job_id)


@defect
def first_cancel_finds_nothing(parts: Parts) -> Parts:
    """A job is found only when it is cancelled for the second time.

    Clients that clean up once, as they should, leave everything running.
    """
    asked: set[str] = set()

    async def cancel_job(service: Any, cancel: Any, job_id: str) -> JobRecord:
        if job_id not in asked:
            asked.add(job_id)
            raise UnknownJob(job_id)
        return await cancel(job_id)

    return override("service", cancel=cancel_job)(parts)


@defective("service", "cancel")
async def fails_to_cancel_again(service: Any, cancel: Any, job_id: str) -> JobRecord:
    """Cancelling a job again is an internal error.

    A client that is not sure whether a job ended gets an error instead of an answer.
    """
    if (await service.find(job_id)).status == CANCELLED:
        raise RuntimeError("it was cancelled before")
    return await cancel(job_id)


@defect
def second_cancel_at_once_fails(parts: Parts) -> Parts:
    """Cancelling a job while it is being cancelled is an internal error.

    When two clients clean up after a fault, one of them is told that nothing was done.
    """
    under_way: set[str] = set()

    async def cancel_job(service: Any, cancel: Any, job_id: str) -> JobRecord:
        if job_id in under_way:
            raise RuntimeError("it is being cancelled")
        under_way.add(job_id)
        try:
            await asyncio.sleep(MOMENT_S / 2)  # The other one is to come meanwhile.
            return await cancel(job_id)
        finally:
            under_way.discard(job_id)

    return override("service", cancel=cancel_job)(parts)


@defective("service", "create")
async def made_for_nobody(service: Any, create: Any, payload: Any, **more: Any) -> JobRecord:
    """A job is created though its client went away while it was waited for.

    A client that gives up and asks again has two jobs, and does not know the id of one.
    """
    return await asyncio.shield(create(payload, **more))


@defective("service", "create")
async def half_made_for_nobody(service: Any, create: Any, payload: Any, **more: Any) -> JobRecord:
    """When a client goes away, the record and the analyzer of its job stay.

    Each connection that breaks leaves a record and a pod behind that nobody can use.
    """

    async def undo_the_rest(roll_back: Any) -> None:
        roll_back._undos = roll_back._undos[2:]
        del service.undo
        await service.undo(roll_back)

    creation = asyncio.ensure_future(create(payload, **more))
    try:
        return await asyncio.shield(creation)
    except asyncio.CancelledError:
        service.undo = undo_the_rest
        creation.cancel()
        await asyncio.wait({creation})
        raise


@defective("clock", "now")
def clock_an_hour_ahead(clock: Any) -> datetime:
    """The server's clock is an hour ahead, as after a change of the time zone.

    Every job is filed under a time that has not come, and times of the next hour are taken for the past.
    """
    return clock.now() + timedelta(hours=1)


@defective("clock", "now")
def clock_a_second_behind(clock: Any) -> datetime:
    """The server's clock is a second behind.

    What happened on the fibre is dated before it happened.
    """
    return clock.now() - timedelta(seconds=1)


_NOT_LEARNT = "The operator does not learn what to correct."

DEFECTS: tuple[Defect, ...] = (
    ids_come_again,
    clock_an_hour_ahead,
    clock_a_second_behind,
    Defect(
        "answered_before_the_work_is_done",
        "A job is answered while its analyzer and its queue are still to be made.",
        "A client that goes on at once finds nothing there, and a failure comes when nobody listens any more.",
        combine(too_late("analyzers", "launch"), too_late("queues", "open")),
    ),
    Defect(
        "record_after_the_answer",
        "A job is answered while its record is still to be made.",
        "A client that asks for its job at once learns that there is none.",
        too_late("tasks", "insert"),
    ),
    Defect(
        "analyzer_after_the_answer",
        "A job is answered while its analyzer is still to be made.",
        "A client is shown a view that nobody may ever compute.",
        too_late("analyzers", "launch"),
    ),
    Defect(
        "queue_after_the_answer",
        "A job is answered while its queue is still to be made.",
        "What is sent to the analyzer at once is lost.",
        too_late("queues", "open"),
    ),
    last_configuration_wins,
    error_though_created,
    dies_of_a_request,
    made_for_nobody,
    half_made_for_nobody,
    refused_request_launches_an_analyzer,
    Defect(
        "refused_request_launches_an_analyzer_later",
        "A rejected request launches an analyzer, a moment after it was answered.",
        "A mistyped parameter costs a pod, and nobody looks any more when it comes.",
        launching_after_rejections(delay_s=0.1),
    ),
    refusal_that_names_everything,
    Defect(
        "refusal_that_mentions_everything",
        "A rejection points at the parameter that is wrong, and its text names every parameter.",
        _NOT_LEARNT,
        reworded_rejections(_with_every_name),
    ),
    Defect(
        "refusal_of_the_other_end",
        "Where one end of a range is wrong, the rejection names the other one.",
        "The operator corrects what was right.",
        reworded_rejections(_of_the_other_end),
    ),
    Defect(
        "refusal_at_the_other_end",
        "Where one end of a range is wrong, the rejection points at the other one, as a path written in one.",
        "The operator corrects what was right.",
        reworded_rejections(_at_the_other_end),
    ),
    Defect(
        "refusal_of_both_times",
        "Where only the end of a playback lies in the future, the rejection points at its start, too.",
        "The operator corrects what was right.",
        reworded_rejections(_of_both_times),
    ),
    Defect(
        "nothing_undone",
        "What was begun of a job that fails half way is left.",
        "Each failed attempt leaves a record and a pod behind.",
        override("service", undo=do_nothing),
    ),
    cancel_does_not_find_a_running_job,
    first_cancel_finds_nothing,
    fails_to_cancel_again,
    second_cancel_at_once_fails,
)
