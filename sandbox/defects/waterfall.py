"""Defects of the rows of a job: given twice, left out, of something else, or ended at the wrong time."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sandbox.defects.defect import Change, Defect, Overridden, combine, defect, override
from sandbox.focus_server.calculation import Calculation
from sandbox.focus_server.composition import Parts
from sandbox.focus_server.configuration import Configuration
from sandbox.focus_server.errors import UnknownJob
from sandbox.focus_server.ports import CONFIGURED, JobRecord
from sandbox.focus_server.region import Region
from sandbox.focus_server.waterfall import OVER, Rows

AREA = "the rows of a view"

Made = list[dict[str, Any]]


def changing(change: Callable[[Made], Made]) -> Change:
    """Change rows when they are made."""

    async def rows(waterfall: Any, rows: Any, job_id: str, asked: str) -> Rows:
        found = await rows(job_id, asked)
        return Rows(change(found.given), found.over)

    return override("waterfall", rows=rows)


def each(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Made], Made]:
    """Change every row."""
    return lambda rows: [{**row, **change(row)} for row in rows]


def each_sensor(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Made], Made]:
    """Change every sensor of every row."""
    return each(lambda row: {"sensors": [{**sensor, **change(sensor)} for sensor in row["sensors"]]})


def with_parts(**changes: Callable[[Any], Any]) -> Change:
    """Give the waterfall other parts to work with, each made of the one that it should have."""

    def init(waterfall: Any, init: Any, **parts: Any) -> None:
        init(**{name: changes[name](part) if name in changes else part for name, part in parts.items()})

    return override("waterfall", __init__=init)


def reading_count(name: str, summary: str, read: Callable[[str], int | None]) -> Defect:
    """A number of rows is accepted that is not one: `read` says what it is taken for."""

    async def rows(waterfall: Any, rows: Any, job_id: str, asked: str) -> Rows:
        return await rows(job_id, str(read(asked) or asked))

    impact = "A client with a fault in it gets something that it never asked for."
    return Defect(name, summary, impact, override("waterfall", rows=rows))


def saying(change: Callable[[Rows, bool], Rows]) -> Change:
    """Say something else about whether rows will come; `change` gets whether the job was asked about before, too."""

    def defective_parts(parts: Parts) -> Parts:
        asked_before: set[str] = set()

        async def rows(waterfall: Any, rows: Any, job_id: str, asked: str) -> Rows:
            found = change(await rows(job_id, asked), job_id in asked_before)
            asked_before.add(job_id)
            return found

        return override("waterfall", rows=rows)(parts)

    return defective_parts


def recorded(change: Callable[..., list[tuple[datetime, datetime]]]) -> Change:
    """Play back other recordings."""

    async def between(recordings: Any, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        return change(await recordings.between(start, end), start, end)

    return with_parts(recordings=lambda recordings: Overridden(recordings, between=between))


def running(is_running: Callable[..., Any]) -> Callable[[Any], Any]:
    """Analyzers that are taken for running."""

    async def state(analyzers: Any, job_id: str) -> str:
        return "runs" if await is_running(analyzers, job_id) else "has ended"

    return lambda analyzers: Overridden(analyzers, state=state)


def knowing(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Jobs that are taken for others."""

    async def find(jobs: Any, job_id: str) -> Any:
        return change(await jobs.find(job_id))

    return lambda jobs: Overridden(jobs, find=find)


def _moved(seconds: float) -> Callable[[Made], Made]:
    return each(lambda row: {name: row[name] + seconds for name in ("start_timestamp", "end_timestamp")})


def _of_other_sensors(row: dict[str, Any]) -> dict[str, Any]:
    turned = [sensor["intensity"] for sensor in reversed(row["sensors"])]
    return {"sensors": [{**s, "intensity": seen} for s, seen in zip(row["sensors"], turned, strict=True)]}


def _brighter_one_by_one(rows: Made) -> Made:
    def brighter(row: dict[str, Any], by: int) -> dict[str, Any]:
        return each_sensor(lambda s: {"intensity": [x + by for x in s["intensity"]]})([row])[0]

    return [brighter(row, number) for number, row in enumerate(rows)]


def _give_last_again(playback: Any, mark_given: Any, job_id: str, rows: list[int]) -> list[int]:
    mark_given(job_id, rows[:-1])
    return rows


def _leave_one_out(playback: Any, mark_given: Any, job_id: str, rows: list[int]) -> list[int]:
    # Only at first: whoever reads them one at a time would wait twice as long for all, and may give up before.
    if rows and rows[-1] < _FIRST_ROWS:
        mark_given(job_id, [rows[-1] + 1])
    return rows


def _at_another_time(seconds: float) -> Change:
    def live(playback: Any, live: Any, job_id: str, times: Any, now: datetime, count: int) -> list[int]:
        return live(job_id, times, now + timedelta(seconds=seconds), count)

    return override("playback", live=live)


def _live_an_hour_early() -> Change:
    hour = timedelta(hours=1)

    def rows(calculation: Any, rows: Any, config: Any, start: datetime) -> Any:
        return rows(config, start - hour if config.window is None else start)

    def live(playback: Any, live: Any, job_id: str, times: Any, now: datetime, count: int) -> list[int]:
        return live(job_id, replace(times, start=times.start + hour), now, count)

    return combine(override("row_calculation", rows=rows), override("playback", live=live))


def _at_a_fixed_rate(calculation: Any, rows: Any, config: Any, start: datetime) -> Any:
    return replace(rows(config, start), hop=64)


def _all_rows_live(playback: Any, live: Any, job_id: str, times: Any, now: datetime, count: int) -> list[int]:
    return live(job_id, times, now, 1000)


def _all_rows_recorded(playback: Any, recorded: Any, job_id: str, spans: Any, count: int) -> list[int]:
    return recorded(job_id, spans, 1000)


def _begin_again(playback: Any, recorded: Any, job_id: str, spans: Any, count: int) -> list[int]:
    rows = recorded(job_id, spans, count)
    if not rows:
        playback.forget(job_id)
    return rows


async def _yes(*_: Any) -> bool:
    return True


async def _exists(analyzers: Any, job_id: str) -> bool:
    return await analyzers.find(job_id) is not None


async def _has_not_ended(analyzers: Any, job_id: str) -> bool:
    return await analyzers.state(job_id) != "has ended"


async def _has_not_completed(analyzers: Any, job_id: str) -> bool:
    job = await analyzers.find(job_id)
    return job is not None and all(one["type"] != "Complete" for one in job["status"].get("conditions") or [])


@defect
def rows_that_differ_each_time(parts: Parts) -> Parts:
    """The same time shows something else each time.

    Two people look at the same moment and see two different things.
    """
    chance = random.Random(1)
    return changing(each_sensor(lambda s: {"intensity": [x + chance.random() for x in s["intensity"]]}))(parts)


@defect
def over_said_once(parts: Parts) -> Parts:
    """The end of a playback is announced only once.

    A client that missed the one answer waits for ever.
    """
    over: set[str] = set()

    async def rows(waterfall: Any, rows: Any, job_id: str, asked: str) -> Rows:
        found = await rows(job_id, asked)
        if job_id in over:
            return Rows([])
        if found.over:
            over.add(job_id)
        return found

    return override("waterfall", rows=rows)(parts)


@defect
def rows_for_all_who_ask_at_once(parts: Parts) -> Parts:
    """Readers who ask at once get the same rows.

    Two clients that share a view draw the same rows twice, and both miss others.
    """
    under_way: dict[str, asyncio.Future[Rows]] = {}

    async def rows(waterfall: Any, rows: Any, job_id: str, asked: str) -> Rows:
        if job_id not in under_way:
            under_way[job_id] = asyncio.ensure_future(rows(job_id, asked))
            under_way[job_id].add_done_callback(lambda _: under_way.pop(job_id))
        return await under_way[job_id]

    return override("waterfall", rows=rows)(parts)


def _looking_at(record: JobRecord, first: Callable[..., int], last: Callable[..., int]) -> JobRecord:
    """The job with the ends of its region made of those in force and those that it began with."""
    if record.roi is None:
        return record
    begun = Region.configured(Configuration.model_validate(record.config))
    return replace(record, roi=Region(start=first(record.roi.start, begun.start), end=last(record.roi.end, begun.end)))


def _not_at_the_first_sensor(record: JobRecord) -> JobRecord:
    roi = record.roi
    return record if roi is None or roi.start > 0 else replace(record, roi=Region(start=1, end=roi.end))


async def _rows_of_unknown_jobs(waterfall: Any, rows: Any, job_id: str, asked: str) -> Rows:
    try:
        return await rows(job_id, asked)
    except UnknownJob:
        return Rows([])


_FIRST_ROWS = 40
_MISSING = "What happened at that time or place is not seen."
_MISPLACED = "An event is located at the wrong time or place."
_UNREADABLE = "Clients cannot draw the rows."
_NEVER_MEASURED = "What was never measured is shown as if it had been."
_OLD_PLACE = "The operator moves the view and sees the old place, labelled with the new one."
_FROZEN = "A view seems to be alive, and nobody computes it any more."
_SECOND = timedelta(seconds=1)
_MILLISECOND = timedelta(milliseconds=1)

DEFECTS: tuple[Defect, ...] = (
    Defect("rows_backwards", "The newest row comes first.", _MISPLACED, changing(lambda rows: rows[::-1])),
    Defect(
        "one_row_more",
        "One row more is given than was asked for.",
        _UNREADABLE,
        changing(lambda rows: rows + rows[-1:]),
    ),
    Defect(
        "rows_of_the_next_sensors",
        "Each row is of the next sensors.",
        _MISPLACED,
        changing(each_sensor(lambda s: {"id": s["id"] + 1})),
    ),
    Defect(
        "rows_lack_a_sensor",
        "Each row lacks its last sensor.",
        _MISSING,
        changing(each(lambda r: {"sensors": r["sensors"][:-1]})),
    ),
    Defect(
        "a_disabled_channel",
        "One channel of the fibre gives no rows.",
        _MISSING,
        changing(each(lambda r: {"sensors": [one for one in r["sensors"] if one["id"] != 1234]})),
    ),
    Defect(
        "rows_with_a_sensor_twice",
        "A sensor is twice in a row.",
        _UNREADABLE,
        changing(each(lambda r: {"sensors": r["sensors"] * 2})),
    ),
    Defect(
        "sensors_backwards",
        "The sensors of a row descend.",
        _MISPLACED,
        changing(each(lambda r: {"sensors": r["sensors"][::-1]})),
    ),
    Defect(
        "intensities_of_other_sensors",
        "Of several sensors each shows what another one has seen.",
        "An event is located at the wrong place of the fibre.",
        changing(each(_of_other_sensors)),
    ),
    Defect(
        "frequencies_backwards",
        "The intensities of each sensor are in the wrong order: the highest frequency comes first.",
        "A low hum is shown as a high one.",
        changing(each_sensor(lambda s: {"intensity": s["intensity"][::-1]})),
    ),
    Defect(
        "rows_lack_a_frequency",
        "Each sensor lacks its last frequency.",
        _MISSING,
        changing(each_sensor(lambda s: {"intensity": s["intensity"][:-1]})),
    ),
    Defect(
        "negative_intensities",
        "Intensities are below 0.",
        _UNREADABLE,
        changing(each_sensor(lambda s: {"intensity": [-1.0 - x for x in s["intensity"]]})),
    ),
    Defect(
        "dark_rows",
        "Every intensity is 0.",
        _MISSING,
        changing(each_sensor(lambda s: {"intensity": [0.0] * len(s["intensity"])})),
    ),
    Defect(
        "holes_in_rows",
        "An intensity is missing.",
        _UNREADABLE,
        changing(each_sensor(lambda s: {"intensity": [None, *s["intensity"][1:]]})),
    ),
    Defect(
        "rows_too_long",
        "A row is twice as long.",
        _MISPLACED,
        changing(each(lambda r: {"end_timestamp": 2 * r["end_timestamp"] - r["start_timestamp"]})),
    ),
    Defect("rows_a_second_late", "Rows are dated one second later.", _MISPLACED, changing(_moved(1))),
    Defect(
        "times_as_text",
        "Times of rows are text.",
        _UNREADABLE,
        changing(each(lambda r: {"start_timestamp": str(r["start_timestamp"])})),
    ),
    Defect(
        "half_of_the_rows",
        "Half of the rows that were asked for are given, the others lost.",
        _MISSING,
        changing(lambda rows: rows[::2]),
    ),
    rows_that_differ_each_time,
    rows_for_all_who_ask_at_once,
    Defect(
        "rows_by_their_place_in_the_answer",
        "What a row shows depends on how many came before it in the same answer.",
        "What is seen depends on how often a client asks.",
        changing(_brighter_one_by_one),
    ),
    Defect(
        "a_row_twice",
        "The last row of an answer is given once more.",
        _MISPLACED,
        override("playback", mark_given=_give_last_again),
    ),
    Defect(
        "a_row_left_out",
        "Between two of the first answers a row is left out.",
        _MISSING,
        override("playback", mark_given=_leave_one_out),
    ),
    Defect(
        "all_rows_for_ever",
        "The same rows are given again and again.",
        "The view stands still.",
        override("playback", mark_given=lambda playback, mark_given, job_id, rows: rows),
    ),
    Defect(
        "rows_too_early",
        "Rows are given before their time has passed.",
        "The operator is shown what has not happened yet.",
        _at_another_time(seconds=10),
    ),
    Defect(
        "rows_come_late",
        "Rows come more than two seconds after their time.",
        "What happens on the fibre is seen when it is over.",
        _at_another_time(seconds=-2.2),
    ),
    Defect(
        "live_rows_an_hour_early",
        "The rows of a live job are dated one hour earlier.",
        "An event of now is filed under the hour before.",
        _live_an_hour_early(),
    ),
    Defect(
        "row_count_ignored",
        "All existing rows are given, however many were requested.",
        "A client that asks for little is flooded.",
        override("playback", live=_all_rows_live, recorded=_all_rows_recorded),
    ),
    Defect(
        "playback_from_its_beginning_again",
        "A playback that is over begins again.",
        "A playback never ends, and its clients never stop.",
        override("playback", recorded=_begin_again),
    ),
    Defect(
        "rows_at_a_fixed_rate",
        "Rows come at one rate, whatever the FFT length.",
        _MISPLACED,
        override("row_calculation", rows=_at_a_fixed_rate),
    ),
    Defect(
        "rows_of_as_many_frequencies",
        "Rows have as many frequencies whatever the FFT length.",
        "A longer FFT shows no more than a short one.",
        changing(each_sensor(lambda s: {"intensity": s["intensity"][:3]})),
    ),
    Defect(
        "rows_without_overlap",
        "Rows follow each other as if their windows did not overlap.",
        "Events between two windows are lost, and the picture runs at half its speed.",
        lambda parts: with_parts(calculation=lambda _: Calculation(replace(parts.limits, overlap=0.0)))(parts),
    ),
    Defect(
        "never_over",
        "It is never said that no more rows will come.",
        "Clients of a playback wait for ever.",
        saying(lambda found, asked_before: Rows(found.given)),
    ),
    Defect(
        "over_too_early",
        "After the first rows it is said that no more will come.",
        "The view of a job that runs is closed.",
        saying(lambda found, asked_before: OVER if asked_before else found),
    ),
    Defect(
        "over_before_it_begins",
        "As long as there are no rows yet it is said that none will come.",
        "The view of a new job is closed before it shows anything.",
        saying(lambda found, asked_before: found if found.given else OVER),
    ),
    over_said_once,
    Defect(
        "rows_of_nothing",
        "A playback has rows of what was never recorded.",
        _NEVER_MEASURED,
        recorded(lambda found, start, end: [(start, end)]),
    ),
    Defect(
        "rows_across_the_edge",
        "A playback has rows from before and after the recording.",
        _NEVER_MEASURED,
        recorded(lambda found, start, end: [(since - _SECOND, until + _SECOND) for since, until in found]),
    ),
    Defect(
        "last_row_lost",
        "The row that ends with the recording is left out.",
        _MISSING,
        recorded(lambda found, start, end: [(since, min(until, end) - _MILLISECOND) for since, until in found]),
    ),
    Defect(
        "first_row_lost",
        "The row that begins with the recording is left out.",
        _MISSING,
        recorded(lambda found, start, end: [(max(since, start) + _MILLISECOND, until) for since, until in found]),
    ),
    Defect(
        "first_recording_only",
        "A playback ends with the first recording.",
        _MISSING,
        recorded(lambda found, start, end: found[:1]),
    ),
    Defect(
        "second_recording_only",
        "A playback has the last recording only.",
        _MISSING,
        recorded(lambda found, start, end: found[-1:]),
    ),
    Defect(
        "exit_not_noticed",
        "Rows are given though the analyzer has exited.",
        _FROZEN,
        with_parts(analyzers=running(_yes)),
    ),
    Defect(
        "end_not_noticed",
        "Rows are given as long as the analyzer was not deleted.",
        _FROZEN,
        with_parts(analyzers=running(_exists)),
    ),
    Defect(
        "failure_not_noticed",
        "Rows are given though the analyzer has failed.",
        _FROZEN,
        with_parts(analyzers=running(_has_not_completed)),
    ),
    Defect(
        "waiting_not_noticed",
        "Rows are given though the analyzer does not run yet.",
        _NEVER_MEASURED,
        with_parts(analyzers=running(_has_not_ended)),
    ),
    Defect(
        "cancelling_not_noticed",
        "Rows are given though the job was cancelled.",
        _FROZEN,
        with_parts(analyzers=running(_yes), jobs=knowing(lambda record: replace(record, status=CONFIGURED))),
    ),
    Defect(
        "rows_of_the_first_region",
        "Rows stay those of the region that the job began with.",
        _OLD_PLACE,
        with_parts(jobs=knowing(lambda record: replace(record, roi=None))),
    ),
    Defect(
        "rows_of_no_more_sensors",
        "When a region expands, its rows do not.",
        _OLD_PLACE,
        with_parts(jobs=knowing(lambda record: _looking_at(record, max, min))),
    ),
    Defect(
        "rows_of_no_fewer_sensors",
        "When a region shrinks, its rows do not.",
        _OLD_PLACE,
        with_parts(jobs=knowing(lambda record: _looking_at(record, min, max))),
    ),
    Defect(
        "rows_without_the_first_sensor",
        "When a region is moved to the first sensor of the fibre, its rows lack that.",
        _MISSING,
        with_parts(jobs=knowing(_not_at_the_first_sensor)),
    ),
    *(
        Defect(
            f"rows_up_to_{most}",
            summary,
            "Clients that keep to the promised number are rejected, or flooded.",
            with_parts(limits=lambda limits, most=most: replace(limits, waterfall_rows_max=most)),
        )
        for most, summary in (
            (999, "As many rows as can be asked for are rejected."),
            (1001, "A row more can be asked for."),
        )
    ),
    Defect(
        "rows_of_an_unknown_job",
        "A job that does not exist has no rows yet.",
        "A client with a wrong id waits for rows that will never come.",
        override("waterfall", rows=_rows_of_unknown_jobs),
    ),
    reading_count("no_rows_asked_for", "No rows at all can be asked for.", {"0": 1}.get),
    reading_count(
        "negative_row_count",
        "The sign of a negative number of rows is ignored.",
        lambda asked: 1 if asked[:1] == "-" else None,
    ),
    reading_count("row_count_in_words", "A number of rows in words is understood.", {"ten": 10}.get),
    reading_count("row_count_with_exponent", "A number of rows with an exponent is understood.", {"1e2": 100}.get),
    reading_count("row_count_with_a_sign", "A number of rows with a plus is understood.", {"+5": 5}.get),
    reading_count("row_count_with_zeros", "A number of rows with leading zeros is understood.", {"007": 7}.get),
    reading_count("row_count_of_any_script", "A number of rows in another script is understood.", {"٣": 3}.get),
    reading_count("row_count_with_decimals", "A number of rows is rounded.", {"1.5": 1}.get),
)
