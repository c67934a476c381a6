"""Defects of changing the region of interest of a running job."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sandbox.defects.defect import Change, Defect, defect, defective, do_nothing, override
from sandbox.focus_server.composition import Parts
from sandbox.focus_server.ports import JobRecord
from sandbox.focus_server.region import BOUNDS, SAFETY, Region

AREA = "the region of interest"

Command = dict[str, Any]

_UNSAFE = "An analyzer is made to follow what it cannot, and the view breaks off."
_STOPPED = "An operator who follows something along the fibre is stopped without need."


def without_rules() -> list[Defect]:
    """For each rule about regions a server that does not check it."""
    return [
        Defect(
            f"without_region_{rule.__name__}",
            f"It is not checked of a region: {rule.__doc__}",
            _UNSAFE,
            lambda parts, part=part, others=tuple(one for one in rules if one is not rule): replace(
                parts, **{part: others}
            ),
        )
        for part, rules in (("region_rules", BOUNDS), ("region_safety_rules", SAFETY))
        for rule in rules
    ]


def limiting(**limits: float) -> Change:
    """Check regions against other limits."""

    def init(regions: Any, init: Any, *, limits: Any, _others: Any = limits, **more: Any) -> None:
        init(limits=replace(limits, **_others), **more)

    return override("regions", __init__=init)


def accepting(kind: type) -> Change:
    """Accept an end of a region that has a wrong type: it is read as the present one."""

    async def change(regions: Any, change: Any, job_id: str, command: Command) -> Command:
        current = regions.in_force(job_id).model_dump()
        asked = {end: current[end] if type(value) is kind else value for end, value in command["roi"].items()}
        return await change(job_id, {**command, "roi": asked})

    return override("regions", change=change)


def rejecting(when: Callable[[dict[str, int], dict[str, int]], bool], reason: str) -> Change:
    """Reject some changes of a region; `when` gets the present region and the requested one."""

    async def change(regions: Any, change: Any, job_id: str, command: Command) -> Command:
        current = regions.in_force(job_id).model_dump()
        if when(current, command["roi"]):
            return {"status": "refused", "roi": current, "detail": [{"loc": ["roi"], "msg": reason}]}
        return await change(job_id, command)

    return override("regions", change=change)


def rejecting_by_record(when: Callable[[JobRecord], bool], reason: str) -> Change:
    """Reject all changes of the regions of some jobs."""

    def defective_parts(parts: Parts) -> Parts:
        async def change(regions: Any, change: Any, job_id: str, command: Command) -> Command:
            record = await parts.tasks.find(job_id)
            if record is not None and when(record):
                current = regions.in_force(job_id).model_dump()
                return {"status": "refused", "roi": current, "detail": [{"loc": ["roi"], "msg": reason}]}
            return await change(job_id, command)

        return override("regions", change=change)(parts)

    return defective_parts


def _size(roi: dict[str, int]) -> int:
    return roi["end"] - roi["start"]


async def _record_one_sensor_less(tasks: Any, job_id: str, roi: Region) -> None:
    await tasks.set_roi(job_id, Region(start=roi.start, end=roi.end - 1))


@defect
def refused_region_recorded(parts: Parts) -> Parts:
    """A change that is rejected is made all the same.

    A change that is unsafe for the analyzer is made all the same.
    """

    async def change_region(regions: Any, change: Any, job_id: str, command: Command) -> Command:
        outcome = await change(job_id, command)
        if outcome["status"] == "refused":
            await parts.tasks.set_roi(job_id, Region(start=0, end=1))
        return outcome

    return override("regions", change=change_region)(parts)


@defective("regions", "change")
async def refused_region_said_to_be_in_force(regions: Any, change: Any, job_id: str, command: Command) -> Command:
    """A rejection says that the requested region is in force.

    The client draws a region that the job does not look at.
    """
    return {**await change(job_id, command), "roi": command["roi"]}


@defective("regions", "change")
async def region_refusal_that_names_everything(regions: Any, change: Any, job_id: str, command: Command) -> Command:
    """A rejection of a region names all that can be wrong with one.

    The operator does not learn which change would be safe.
    """
    outcome = await change(job_id, command)
    reasons = {"detail": "unsafe: the start, the end, the size, a shift or a jump"}
    return outcome | reasons if outcome["status"] == "refused" else outcome


@defective("regions", "change")
async def regions_measured_against_the_first(regions: Any, change: Any, job_id: str, command: Command) -> Command:
    """Each change of a region is compared with the region that the job began with.

    Following something along the fibre ends after two steps.
    """
    first = regions.in_force(job_id)
    outcome = await change(job_id, command)
    regions.begin(job_id, first)
    return outcome


@defect
def region_of_every_job(parts: Parts) -> Parts:
    """A change of one job's region changes those of all jobs.

    One operator moves a view, and those of all others move with it.
    """
    jobs: set[str] = set()

    def begin_region(regions: Any, begin: Any, job_id: str, region: Region) -> None:
        jobs.add(job_id)
        begin(job_id, region)

    def end_region(regions: Any, end: Any, job_id: str) -> None:
        jobs.discard(job_id)
        end(job_id)

    async def change_region(regions: Any, change: Any, job_id: str, command: Command) -> Command:
        outcome = await change(job_id, command)
        if outcome["status"] == "changed":
            for other in jobs:
                await parts.tasks.set_roi(other, Region(**outcome["roi"]))
        return outcome

    return override("regions", begin=begin_region, end=end_region, change=change_region)(parts)


@defective("regions", "change")
async def stranger_in_command_accepted(regions: Any, change: Any, job_id: str, command: Command) -> Command:
    """A command may have an unknown parameter.

    A mistyped parameter of a command is ignored without a word.
    """
    known = {end: value for end, value in command["roi"].items() if end in ("start", "end")}
    return await change(job_id, {"command": command["command"], "roi": known})


@defective("regions", "change")
async def command_never_carried_out(regions: Any, change: Any, job_id: str, command: Command) -> Command:
    """A command is taken, and never carried out.

    The view does not move, and nobody learns why.
    """
    await asyncio.Event().wait()
    return {}


DEFECTS: tuple[Defect, ...] = (
    *without_rules(),
    Defect(
        "size_by_49_percent",
        "A region that changes its size by half is rejected.",
        _STOPPED,
        limiting(roi_max_size_change=0.49),
    ),
    Defect(
        "size_by_51_percent",
        "A region may change its size by more than half.",
        _UNSAFE,
        limiting(roi_max_size_change=0.51),
    ),
    Defect(
        "shift_by_49_percent",
        "A region that moves by half its size is rejected.",
        _STOPPED,
        limiting(roi_max_shift=0.49),
    ),
    Defect(
        "shift_by_51_percent",
        "A region may move by more than half its size.",
        _UNSAFE,
        limiting(roi_max_shift=0.51),
    ),
    Defect(
        "region_without_the_last_sensor",
        "A region cannot include the last sensor.",
        _STOPPED,
        limiting(sensors=2221),
    ),
    Defect(
        "region_with_a_sensor_more",
        "A region may end one sensor after the fibre.",
        _UNSAFE,
        limiting(sensors=2223),
    ),
    Defect(
        "regions_cannot_move",
        "A region of interest may change its size but not its place.",
        "Nothing can be followed along the fibre.",
        rejecting(lambda current, asked: asked != current and _size(asked) == _size(current), "it cannot move"),
    ),
    Defect(
        "no_region_of_one_sensor",
        "A region of one sensor is rejected.",
        _STOPPED,
        rejecting(lambda current, asked: _size(asked) == 1, "it is none"),
    ),
    Defect(
        "no_region_from_zero",
        "A region that starts at zero is rejected.",
        _STOPPED,
        rejecting(lambda current, asked: asked["start"] == 0, "it is none"),
    ),
    Defect(
        "region_change_not_recorded",
        "A change of the region is confirmed, and not made.",
        "The view has not moved, and the operator believes that it has.",
        override("tasks", set_roi=do_nothing),
    ),
    Defect(
        "no_region_of_a_waterfall_view",
        "The region of a waterfall view cannot be changed.",
        _STOPPED,
        rejecting_by_record(lambda record: record.config["view_type"] == 2, "it is a waterfall view"),
    ),
    Defect(
        "no_region_of_a_playback",
        "The region of a playback cannot be changed.",
        _STOPPED,
        rejecting_by_record(lambda record: record.config["start_time"] is not None, "it is a playback"),
    ),
    Defect(
        "no_region_of_a_single_channel",
        "The region of a single channel cannot be set.",
        _STOPPED,
        rejecting_by_record(lambda record: record.config["view_type"] == 1, "it is a single channel"),
    ),
    Defect(
        "region_one_sensor_short",
        "A region loses its last sensor.",
        "The last sensor of the region is missing from the view.",
        override("tasks", set_roi=_record_one_sensor_less),
    ),
    refused_region_recorded,
    refused_region_said_to_be_in_force,
    region_refusal_that_names_everything,
    regions_measured_against_the_first,
    region_of_every_job,
    stranger_in_command_accepted,
    command_never_carried_out,
    Defect("region_in_words", "An end of a region may be a text.", _UNSAFE, accepting(str)),
    Defect("region_without_an_end", "A region may lack an end.", _UNSAFE, accepting(type(None))),
    Defect("region_by_a_query", "An end of a region may be a query.", _UNSAFE, accepting(dict)),
    Defect("region_in_decimals", "An end of a region may have decimals.", _UNSAFE, accepting(float)),
    Defect("region_in_truths", "An end of a region may be true.", _UNSAFE, accepting(bool)),
)
