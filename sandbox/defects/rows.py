"""Defects of the rows of a job: given twice, left out, of something else, or ended at the wrong time."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sandbox.defects.registry import Changed, defect, derived, register
from sandbox.focus_server.calculation import Calculation
from sandbox.focus_server.composition import Parts
from sandbox.focus_server.errors import BadRowCount, UnknownJob
from sandbox.focus_server.identity import object_name
from sandbox.focus_server.ports import CONFIGURED
from sandbox.focus_server.waterfall import OVER, Playback, Rows

AREA = "the rows of a view"

Made = list[dict[str, Any]]


def making(parts: Parts, change: Callable[[Made], Made]) -> Parts:
    """A server whose rows are changed when they are made."""
    return replace(parts, waterfall=derived(parts.waterfall, _made=lambda w, usual, *what: change(usual(*what))))


def each(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Made], Made]:
    """Change every row."""
    return lambda rows: [{**row, **change(row)} for row in rows]


def each_sensor(change: Callable[[dict[str, Any]], dict[str, Any]]) -> Callable[[Made], Made]:
    """Change every sensor of every row."""
    return each(lambda row: {"sensors": [{**sensor, **change(sensor)} for sensor in row["sensors"]]})


def moved(seconds: float) -> Callable[[Made], Made]:
    """Rows of another time."""
    return each(lambda row: {name: row[name] + seconds for name in ("start_timestamp", "end_timestamp")})


MISSING = "What happened at that time or place is not seen."
MISPLACED = "An event is located at the wrong time or place."
UNREADABLE = "Clients cannot draw the rows."

for name, words, harm, change in (
    ("rows_backwards", "The newest row comes first.", MISPLACED, lambda rows: rows[::-1]),
    ("one_row_more", "One row more is given than was asked for.", UNREADABLE, lambda rows: rows + rows[-1:]),
    (
        "rows_of_the_next_sensors",
        "Each row is of the next sensors.",
        MISPLACED,
        each_sensor(lambda s: {"id": s["id"] + 1}),
    ),
    ("rows_lack_a_sensor", "Each row lacks its last sensor.", MISSING, each(lambda r: {"sensors": r["sensors"][:-1]})),
    (
        "rows_with_a_sensor_twice",
        "A sensor is twice in a row.",
        UNREADABLE,
        each(lambda r: {"sensors": r["sensors"] * 2}),
    ),
    ("sensors_backwards", "The sensors of a row descend.", MISPLACED, each(lambda r: {"sensors": r["sensors"][::-1]})),
    (
        "rows_lack_a_frequency",
        "Each sensor lacks its last frequency.",
        MISSING,
        each_sensor(lambda s: {"intensity": s["intensity"][:-1]}),
    ),
    (
        "negative_intensities",
        "Intensities are below 0.",
        UNREADABLE,
        each_sensor(lambda s: {"intensity": [-1.0 - x for x in s["intensity"]]}),
    ),
    ("dark_rows", "Every intensity is 0.", MISSING, each_sensor(lambda s: {"intensity": [0.0] * len(s["intensity"])})),
    (
        "holes_in_rows",
        "An intensity is missing.",
        UNREADABLE,
        each_sensor(lambda s: {"intensity": [None, *s["intensity"][1:]]}),
    ),
    (
        "rows_too_long",
        "A row is twice as long.",
        MISPLACED,
        each(lambda r: {"end_timestamp": 2 * r["end_timestamp"] - r["start_timestamp"]}),
    ),
    ("rows_a_second_late", "Rows are dated one second later.", MISPLACED, moved(1)),
    (
        "times_as_text",
        "Times of rows are text.",
        UNREADABLE,
        each(lambda r: {"start_timestamp": str(r["start_timestamp"])}),
    ),
    (
        "half_of_the_rows",
        "Of the rows that were asked for half are given, the others lost.",
        MISSING,
        lambda rows: rows[::2],
    ),
):
    register(name, words, harm, change=partial(making, change=change))


@defect
def rows_that_differ_each_time(parts: Parts) -> Parts:
    """The same time shows something else each time.

    Two people look at the same moment and see two different things.
    """
    chance = random.Random(1)
    return making(parts, each_sensor(lambda s: {"intensity": [x + chance.random() for x in s["intensity"]]}))


@defect
def rows_by_their_place_in_the_answer(parts: Parts) -> Parts:
    """What a row shows depends on how many came before it in the same answer.

    What is seen depends on how often a client asks.
    """

    def change(rows: Made) -> Made:
        return [brighter(row, number) for number, row in enumerate(rows)]

    def brighter(row: dict[str, Any], by: int) -> dict[str, Any]:
        return each_sensor(lambda s: {"intensity": [x + by for x in s["intensity"]]})([row])[0]

    return making(parts, change)


@defect
def intensities_of_other_sensors(parts: Parts) -> Parts:
    """Of several sensors each shows what another one has seen.

    An event is located at the wrong place of the fibre.
    """

    def change(row: dict[str, Any]) -> dict[str, Any]:
        turned = [sensor["intensity"] for sensor in reversed(row["sensors"])]
        return {"sensors": [{**s, "intensity": seen} for s, seen in zip(row["sensors"], turned, strict=True)]}

    return making(parts, each(change))


def playing(parts: Parts, **methods: Callable[..., Any]) -> Parts:
    """A server that takes other rows to be the next ones."""

    def init(waterfall: Any, usual: Any, **more: Any) -> None:
        usual(**more)
        waterfall._playback.__class__ = derived(Playback, **methods)

    return replace(parts, waterfall=derived(parts.waterfall, __init__=init))


def moving_on(step: int) -> Callable[..., list[int]]:
    """Go on some rows before or after the next one."""

    def given(playback: Any, usual: Any, job_id: str, rows: list[int]) -> list[int]:
        found = usual(job_id, rows)
        if found:
            playback._next[job_id] += step
        return found

    return given


register(
    "a_row_twice",
    "The last row of an answer is given once more.",
    MISPLACED,
    change=partial(playing, _given=moving_on(-1)),
)
register(
    "a_row_left_out", "Between two answers a row is left out.", MISSING, change=partial(playing, _given=moving_on(1))
)
register(
    "all_rows_for_ever",
    "The same rows are given again and again.",
    "The view stands still.",
    change=partial(playing, _given=lambda p, usual, job, rows: rows),
)


@defect
def rows_too_early(parts: Parts) -> Parts:
    """Rows are given before their time has passed.

    The operator is shown what has not happened yet.
    """

    def live(playback: Any, usual: Any, job_id: str, times: Any, now: datetime, count: int) -> list[int]:
        return usual(job_id, times, now + timedelta(seconds=10), count)

    return playing(parts, live=live)


@defect
def rows_come_late(parts: Parts) -> Parts:
    """Rows come more than two seconds after their time.

    What happens on the fibre is seen when it is over.
    """

    def live(playback: Any, usual: Any, job_id: str, times: Any, now: datetime, count: int) -> list[int]:
        return usual(job_id, times, now - timedelta(seconds=2.2), count)

    return playing(parts, live=live)


@defect
def live_rows_an_hour_early(parts: Parts) -> Parts:
    """The rows of a live job are dated one hour earlier.

    An event of now is filed under the hour before.
    """

    def rows(calculation: Any, usual: Any, config: Any, start: datetime) -> Any:
        return usual(config, start - timedelta(hours=1) if config.window is None else start)

    def live(playback: Any, usual: Any, job_id: str, times: Any, now: datetime, count: int) -> list[int]:
        hour = timedelta(hours=1)
        return usual(job_id, replace(times, start=times.start + hour), now, count)

    def init(waterfall: Any, usual: Any, **more: Any) -> None:
        usual(**more)
        waterfall._playback.__class__ = derived(Playback, live=live)
        waterfall._calculation.__class__ = derived(Calculation, rows=rows)

    return replace(parts, waterfall=derived(parts.waterfall, __init__=init))


@defect
def row_count_ignored(parts: Parts) -> Parts:
    """All rows that there are are given, however many were asked for.

    A client that asks for little is flooded.
    """

    def live(playback: Any, usual: Any, job_id: str, times: Any, now: datetime, count: int) -> list[int]:
        return usual(job_id, times, now, 1000)

    def recorded(playback: Any, usual: Any, job_id: str, spans: Any, count: int) -> list[int]:
        return usual(job_id, spans, 1000)

    return playing(parts, live=live, recorded=recorded)


@defect
def playback_from_its_beginning_again(parts: Parts) -> Parts:
    """A playback that is over begins anew.

    A playback never ends, and its clients never stop.
    """

    def recorded(playback: Any, usual: Any, job_id: str, spans: Any, count: int) -> list[int]:
        rows = usual(job_id, spans, count)
        if not rows:
            playback.forget(job_id)
        return rows

    return playing(parts, recorded=recorded)


@defect
def rows_without_overlap(parts: Parts) -> Parts:
    """Rows follow each other as if their windows did not overlap.

    Events between two windows are lost, and the picture runs at half its speed.
    """

    def init(waterfall: Any, usual: Any, **more: Any) -> None:
        usual(**more)
        waterfall._calculation = Calculation(replace(parts.limits, overlap=0.0))

    return replace(parts, waterfall=derived(parts.waterfall, __init__=init))


def telling(parts: Parts, change: Callable[[Any, str, Rows], Rows]) -> Parts:
    """A server that says something else about whether rows will come; `change` gets what it has said so far, too."""
    said: dict[str, int] = {}

    async def rows(waterfall: Any, usual: Any, job_id: str, asked: str) -> Rows:
        found = change(said, job_id, await usual(job_id, asked))
        said[job_id] = said.get(job_id, 0) + 1
        return found

    return replace(parts, waterfall=derived(parts.waterfall, rows=rows))


register(
    "never_over",
    "It is never said that no more rows will come.",
    "Clients of a playback wait for ever.",
    change=partial(telling, change=lambda said, job_id, found: Rows(found.given)),
)
register(
    "over_too_early",
    "After the first rows it is said that no more will come.",
    "The view of a job that runs is closed.",
    change=partial(telling, change=lambda said, job_id, found: OVER if said.get(job_id) else found),
)
register(
    "over_before_it_begins",
    "As long as there are no rows yet it is said that none will come.",
    "The view of a new job is closed before it shows anything.",
    change=partial(telling, change=lambda said, job_id, found: found if found.given else OVER),
)


@defect
def over_said_once(parts: Parts) -> Parts:
    """That a playback is over is said once, and no more after that.

    A client that missed the one answer waits for ever.
    """
    over: set[str] = set()

    def change(said: Any, job_id: str, found: Rows) -> Rows:
        if job_id in over:
            return Rows([])
        if found.over:
            over.add(job_id)
        return found

    return telling(parts, change)


def handed(parts: Parts, **changes: Callable[[Any], Any]) -> Parts:
    """A server whose waterfall works with other parts."""

    def init(waterfall: Any, usual: Any, **given: Any) -> None:
        usual(**{name: changes[name](part) if name in changes else part for name, part in given.items()})

    return replace(parts, waterfall=derived(parts.waterfall, __init__=init))


def recorded_otherwise(change: Callable[..., list[tuple[datetime, datetime]]]) -> Callable[[Any], Any]:
    """Recordings that are taken for others."""

    async def between(recordings: Any, start: datetime, end: datetime) -> list[tuple[datetime, datetime]]:
        return change(await recordings.between(start, end), start, end)

    return lambda recordings: Changed(recordings, between=between)


_SECOND = timedelta(seconds=1)

for name, words, harm, change in (
    (
        "rows_of_nothing",
        "A playback has rows of what was never recorded.",
        "What was never measured is shown as if it had been.",
        lambda found, start, end: [(start, end)],
    ),
    (
        "rows_across_the_edge",
        "A playback has rows that reach beyond the recording.",
        "What was never measured is shown as if it had been.",
        lambda found, start, end: [(since - _SECOND, until + _SECOND) for since, until in found],
    ),
    (
        "last_row_lost",
        "The row that ends with the recording is left out.",
        MISSING,
        lambda found, start, end: [(since, min(until, end) - timedelta(milliseconds=1)) for since, until in found],
    ),
    (
        "first_row_lost",
        "The row that begins with the recording is left out.",
        MISSING,
        lambda found, start, end: [(max(since, start) + timedelta(milliseconds=1), until) for since, until in found],
    ),
    ("first_recording_only", "A playback ends with the first recording.", MISSING, lambda found, start, end: found[:1]),
    ("second_recording_only", "A playback has the last recording only.", MISSING, lambda found, start, end: found[-1:]),
):
    register(name, words, harm, change=partial(handed, recordings=recorded_otherwise(change)))


FROZEN = "A view goes on as if it were alive, and nobody computes it any more."


async def _yes(*_: Any) -> bool:
    return True


register(
    "exit_not_noticed",
    "Rows are given though the analyzer has exited.",
    FROZEN,
    change=partial(handed, analyzers=lambda analyzers: Changed(analyzers, is_running=_yes)),
)


async def _is_there(analyzers: Any, job_id: str) -> bool:
    status, _ = await analyzers._exchange("GET", f"/{object_name(job_id)}", None)
    return status == 200


async def _has_not_completed(analyzers: Any, job_id: str) -> bool:
    status, text = await analyzers._exchange("GET", f"/{object_name(job_id)}", None)
    return status == 200 and '"Complete"' not in text


for name, words, look in (
    ("end_not_noticed", "Rows are given as long as the analyzer was not deleted.", _is_there),
    ("failure_not_noticed", "Rows are given though the analyzer has failed.", _has_not_completed),
):
    register(name, words, FROZEN, change=partial(handed, analyzers=lambda a, look=look: Changed(a, is_running=look)))


def knowing(change: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Jobs that are taken for others."""

    async def find(jobs: Any, job_id: str) -> Any:
        return change(await jobs.find(job_id))

    return lambda jobs: Changed(jobs, find=find)


register(
    "cancelling_not_noticed",
    "Rows are given though the job was cancelled.",
    FROZEN,
    change=partial(
        handed,
        analyzers=lambda analyzers: Changed(analyzers, is_running=_yes),
        jobs=knowing(lambda record: replace(record, status=CONFIGURED)),
    ),
)
register(
    "rows_of_the_first_region",
    "Rows stay those of the region that the job began with.",
    "The operator moves the view and sees the old place, labelled with the new one.",
    change=partial(handed, jobs=knowing(lambda record: replace(record, roi=None))),
)
for rows, words in ((999, "As many rows as can be asked for are refused."), (1001, "A row more can be asked for.")):
    register(
        f"rows_up_to_{rows}",
        words,
        "Clients that keep to the promised number are refused, or flooded.",
        change=partial(handed, limits=lambda limits, rows=rows: replace(limits, waterfall_rows_max=rows)),
    )


@defect
def rows_of_an_unknown_job(parts: Parts) -> Parts:
    """A job that nobody made has no rows yet.

    A client with a wrong id waits for rows that will never come.
    """

    async def rows(waterfall: Any, usual: Any, job_id: str, asked: str) -> Rows:
        try:
            return await usual(job_id, asked)
        except UnknownJob:
            return Rows([])

    return replace(parts, waterfall=derived(parts.waterfall, rows=rows))


def counting(parts: Parts, read: Callable[[str], int | None]) -> Parts:
    """A server that understands a number of rows that is none."""

    def count(waterfall: Any, usual: Any, asked: str) -> int:
        try:
            return usual(asked)
        except BadRowCount:
            understood = read(asked)
            if understood is None:
                raise
            return understood

    return replace(parts, waterfall=derived(parts.waterfall, _count=count))


for name, words, read in (
    ("no_rows_asked_for", "No rows at all can be asked for.", lambda asked: 1 if asked == "0" else None),
    (
        "negative_row_count",
        "A negative number of rows is taken for its amount.",
        lambda asked: 1 if asked[0] == "-" else None,
    ),
    ("row_count_in_words", "A number of rows in words is understood.", {"ten": 10}.get),
    ("row_count_with_exponent", "A number of rows with an exponent is understood.", {"1e2": 100}.get),
    ("row_count_with_a_sign", "A number of rows with a plus is understood.", {"+5": 5}.get),
    ("row_count_with_zeros", "A number of rows with leading zeros is understood.", {"007": 7}.get),
    ("row_count_of_any_script", "A number of rows in another script is understood.", {"٣": 3}.get),
    ("row_count_with_decimals", "A number of rows is rounded.", {"1.5": 1}.get),
):
    register(
        name,
        words,
        "A client with a fault in it is served something that it never asked for.",
        change=partial(counting, read=read),
    )
