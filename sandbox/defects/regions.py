"""Defects of changing the region of interest of a running job."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from sandbox.defects.registry import Changed, defect, derived, register
from sandbox.focus_server.composition import Parts
from sandbox.focus_server.identity import consumer_tag
from sandbox.focus_server.region import BOUNDS, SAFETY, Region

AREA = "the region of interest"

CRASHES = "An analyzer is made to follow what it cannot, and the view breaks off."
STAYS = "An operator who follows something along the fibre is stopped without need."

for part, rules in (("region_rules", BOUNDS), ("region_safety_rules", SAFETY)):
    for rule in rules:
        kept = tuple(one for one in rules if one is not rule)
        register(
            f"without_region_{rule.__name__}",
            f"It is not checked of a region: {rule.__doc__}",
            CRASHES,
            change=lambda parts, part=part, kept=kept: replace(parts, **{part: kept}),
        )


def limited(parts: Parts, **figures: float) -> Parts:
    """A server with other limits for regions."""

    def init(regions: Any, usual: Any, *, limits: Any, **more: Any) -> None:
        usual(limits=replace(limits, **figures), **more)

    return replace(parts, regions=derived(parts.regions, __init__=init))


for name, words, harm, figures in (
    ("size_by_49_percent", "A region that changes its size by half is refused.", STAYS, {"roi_max_size_change": 0.49}),
    ("size_by_51_percent", "A region may change its size by more than half.", CRASHES, {"roi_max_size_change": 0.51}),
    ("shift_by_49_percent", "A region that moves by half its size is refused.", STAYS, {"roi_max_shift": 0.49}),
    ("shift_by_51_percent", "A region may move by more than half its size.", CRASHES, {"roi_max_shift": 0.51}),
    ("region_without_the_last_sensor", "A region cannot hold the last sensor.", STAYS, {"sensors": 2221}),
    ("region_with_a_sensor_more", "A region may end one sensor beyond the fibre.", CRASHES, {"sensors": 2223}),
):
    register(name, words, harm, change=partial(limited, **figures))


def changing(parts: Parts, change: Callable[..., Any]) -> Parts:
    """A server that carries out a command otherwise."""
    return replace(parts, regions=derived(parts.regions, change=change))


@defect
def region_change_not_recorded(parts: Parts) -> Parts:
    """A change of the region is confirmed, and not done.

    The operator is told that the view has moved, and it has not.
    """

    async def set_roi(tasks: Any, job_id: str, roi: Region) -> None:
        return None

    return replace(parts, tasks=Changed(parts.tasks, set_roi=set_roi))


@defect
def region_one_sensor_short(parts: Parts) -> Parts:
    """A region is taken without its last sensor.

    The last sensor of the region is missing from the view.
    """

    async def set_roi(tasks: Any, job_id: str, roi: Region) -> None:
        await tasks.set_roi(job_id, Region(start=roi.start, end=roi.end - 1))

    return replace(parts, tasks=Changed(parts.tasks, set_roi=set_roi))


@defect
def refused_region_recorded(parts: Parts) -> Parts:
    """A change that is refused is done all the same.

    A change that is unsafe for the analyzer is made all the same.
    """

    async def change(regions: Any, usual: Any, job_id: str, command: dict[str, Any]) -> dict[str, Any]:
        outcome = await usual(job_id, command)
        if outcome["status"] == "refused":
            await regions._tasks.set_roi(job_id, Region(start=0, end=1))
        return outcome

    return changing(parts, change)


@defect
def refused_region_said_to_be_in_force(parts: Parts) -> Parts:
    """A refusal says that the region is in force that was asked for.

    The client draws a region that the job does not look at.
    """

    async def change(regions: Any, usual: Any, job_id: str, command: dict[str, Any]) -> dict[str, Any]:
        return {**await usual(job_id, command), "roi": command["roi"]}

    return changing(parts, change)


@defect
def regions_measured_against_the_first(parts: Parts) -> Parts:
    """Each change of a region is measured against the one that the job began with.

    Following something along the fibre ends after two steps.
    """

    async def change(regions: Any, usual: Any, job_id: str, command: dict[str, Any]) -> dict[str, Any]:
        first = regions._in_force[job_id]
        outcome = await usual(job_id, command)
        regions._in_force[job_id] = first
        return outcome

    return changing(parts, change)


@defect
def region_of_every_job(parts: Parts) -> Parts:
    """A change of one job's region changes those of all jobs.

    One operator moves a view, and those of all others move with it.
    """

    async def change(regions: Any, usual: Any, job_id: str, command: dict[str, Any]) -> dict[str, Any]:
        outcome = await usual(job_id, command)
        if outcome["status"] == "changed":
            for other in regions._in_force:
                await regions._tasks.set_roi(other, Region(**outcome["roi"]))
        return outcome

    return changing(parts, change)


@defect
def stranger_in_command_accepted(parts: Parts) -> Parts:
    """A command may hold what no command has.

    A mistyped parameter of a command is passed over in silence.
    """

    async def change(regions: Any, usual: Any, job_id: str, command: dict[str, Any]) -> dict[str, Any]:
        known = {end: value for end, value in command["roi"].items() if end in ("start", "end")}
        return await usual(job_id, {"command": command["command"], "roi": known})

    return changing(parts, change)


@defect
def command_never_carried_out(parts: Parts) -> Parts:
    """A command is taken, and nothing comes of it.

    The view does not move, and nobody is told why.
    """

    async def change(regions: Any, usual: Any, job_id: str, command: dict[str, Any]) -> dict[str, Any]:
        await asyncio.Event().wait()
        return {}

    return changing(parts, change)


@defect
def command_not_acknowledged(parts: Parts) -> Parts:
    """A command is carried out and answered, and never acknowledged.

    The broker sends the command again and again, and keeps it for ever.
    """

    async def open_(queues: Any, job_id: str) -> None:
        await queues.open(job_id)
        consumer = queues._consumers[job_id]

        async def ack(message: Any) -> None:
            return None

        await consumer._queue.cancel(consumer_tag(job_id))
        await consumer._queue.consume(
            lambda message: consumer._take(consumer._channel, Changed(message, ack=ack)),
            consumer_tag=consumer_tag(job_id),
        )

    return replace(parts, queues=Changed(parts.queues, open=open_))


def accepting(kind: type) -> Callable[..., Any]:
    """Take an end of a region that is of a wrong type for the one that it has."""

    async def change(regions: Any, usual: Any, job_id: str, command: dict[str, Any]) -> dict[str, Any]:
        current = regions._in_force[job_id].model_dump()
        asked = {end: current[end] if type(value) is kind else value for end, value in command["roi"].items()}
        return await usual(job_id, {**command, "roi": asked})

    return change


register(
    "region_in_words", "An end of a region may be a text.", CRASHES, change=partial(changing, change=accepting(str))
)
register(
    "region_without_an_end",
    "A region may lack an end.",
    CRASHES,
    change=partial(changing, change=accepting(type(None))),
)
register(
    "region_by_a_query", "An end of a region may be a query.", CRASHES, change=partial(changing, change=accepting(dict))
)
register(
    "region_in_decimals",
    "An end of a region may have decimals.",
    CRASHES,
    change=partial(changing, change=accepting(float)),
)
register(
    "region_in_truths", "An end of a region may be true.", CRASHES, change=partial(changing, change=accepting(bool))
)


@defect
def consumer_stops_at_no_json(parts: Parts) -> Parts:
    """The consumer of a job stops at a message that is no JSON.

    One message that nobody understands blocks the queue of a job.
    """

    async def open_(queues: Any, job_id: str) -> None:
        await queues.open(job_id)
        consumer = queues._consumers[job_id]

        async def take(message: Any) -> None:
            json.loads(message.body)
            await consumer._take(consumer._channel, message)

        await consumer._queue.cancel(consumer_tag(job_id))
        await consumer._queue.consume(take, consumer_tag=consumer_tag(job_id))

    return replace(parts, queues=Changed(parts.queues, open=open_))
