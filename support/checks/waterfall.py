"""The rows of a job: the spectrogram line by line, as a client that draws a waterfall gets them.

Their form stands in `docs/wire-forms.md`. Each row is given once, oldest first.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from support.api.exchange import Exchange
from support.api.job import Job
from support.checks.refusals import status_problems
from support.core.errors import ExpectationFailed, failure_text, require
from support.core.eventually import WaitPolicy, eventually
from support.core.validation import validation_problems
from support.profile.settings import Answers, Settings

if TYPE_CHECKING:  # It loads numpy, which most scenarios need not wait for.
    from support.checks.figures import Figures

Span = tuple[float, float]
"""A stretch of time, epoch seconds, both ends included."""

Window = tuple[datetime, datetime]

_MOST_AT_A_LOOK = 100  # answers: a server may give the same row for ever
_PRECISION_S = 1e-5  # of epoch seconds as floating point numbers, with room


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class SensorRow(_Part):
    """What one sensor shows in a row: an intensity for each frequency."""

    id: int
    intensity: list[float] = Field(description="finite, not negative")


class WaterfallRow(_Part):
    """One row; times are epoch seconds."""

    start_timestamp: float
    end_timestamp: float
    sensors: list[SensorRow]


class _Rows(BaseModel):
    model_config = ConfigDict(extra="allow", frozen=True, strict=True)

    rows: list[WaterfallRow]


@dataclass
class Waterfall:
    """Reads the rows of one job.

    `rows` are all that it was given, in that order, `answered_at` the moment of the answer with each, epoch seconds,
    `sizes` what each takes of the text of that answer, bytes: all rows of an answer count alike.
    """

    job: Job
    settings: Settings
    ask: Callable[[str], Exchange]
    rows: list[WaterfallRow] = field(default_factory=list)
    answered_at: list[float] = field(default_factory=list)
    sizes: list[float] = field(default_factory=list)

    def expect_next_rows(self, count: int) -> Exchange:
        """Ask once for at most `count` rows and keep them; raise ExpectationFailed on no answer of a waterfall."""
        exchange = self.ask(self.settings.paths.waterfall.format(job_id=self.job.job_id, rows=count))
        given = expect_rows_in(exchange, self.settings.answers)
        require(f"at most {count} rows", [f"there are {len(given)}"] if len(given) > count else [], exchange)
        self.rows += given
        answered = exchange.sent_at + timedelta(seconds=exchange.elapsed_s)
        self.answered_at += [answered.timestamp()] * len(given)
        self.sizes += [len(exchange.answer_text.encode()) / len(given) for _ in given]
        return exchange

    def expect_rows(self, count: int, part: int, figures: Figures) -> None:
        """Ask for `part` rows at a time until a live job has given `count`; none of them may be the last.

        Raises:
            ExpectationFailed: they did not come in the time that they take by themselves and the limit beyond it, or
                no more will come.
        """
        answers, limits = self.settings.answers, self.settings.time_limits
        own_time_s = figures.window_s + count * figures.lines_dt_s
        eventually(
            f"{count} rows of {self.job.job_id}",
            lambda: self._read_on(part, lambda: len(self.rows) >= count),
            lambda exchange: [] if len(self.rows) >= count else [f"there are {len(self.rows)} of them"],
            self._wait_policy(limits.rows_appear_s + own_time_s),
            fail_fast=lambda exchange: ["no more will come"] if exchange.status == answers.rows_over_status else [],
        )

    def expect_rows_of(self, sensors: Sequence[int], figures: Figures) -> None:
        """Ask until a row of these sensors comes; from then on every row must be of them.

        Raises:
            ExpectationFailed: none came within the time limit, or one of other sensors came after it.
        """
        begun = len(self.rows)

        def not_yet() -> list[str]:
            new = self.rows[begun:]
            return row_problems(new[-1:], figures, sensors) if new else ["there are none"]

        eventually(
            f"rows of the sensors {_ends(sensors)}",
            lambda: self._read_on(1, lambda: not_yet() == []),
            lambda exchange: not_yet(),
            self._wait_policy(self.settings.time_limits.rows_appear_s),
        )
        read = len(self.rows)
        self.expect_rows(read + 3, 1, figures)
        problems = row_problems(self.rows[read:], figures, sensors)
        require(f"every further row to be of the sensors {_ends(sensors)}", problems)

    def expect_streamed(self, count: int, figures: Figures) -> None:
        """Open the job's stream where its answer says that it is, and read `count` rows of it.

        Raises:
            ExpectationFailed: they did not come in the time that they take by themselves and the limit beyond it, or
                are no rows.
        """
        from support.observers import stream  # Here: it loads gRPC, which most scenarios need not wait for.

        answer, limits = self.job.exchange.answer(), self.settings.time_limits
        limit_s = limits.rows_appear_s + figures.window_s + count * figures.lines_dt_s
        address = (answer["stream_url"], answer["stream_port"])
        streamed = stream.read(*address, self.job.job_id, count, limit_s, self.settings.trusted_stream())
        expected = f"{count} rows of the stream of {self.job.job_id}"
        came = f"{len(streamed.messages)} came within {limit_s:g} s (time_limits.rows_appear_s, and their own time)"
        require(expected, [f"{came}: {streamed.ended}"] if streamed.ended else [])
        try:
            self.rows += [WaterfallRow.model_validate_json(message) for message in streamed.messages]
        except ValidationError as error:
            raise ExpectationFailed(failure_text(expected, validation_problems(error)[:5], streamed.messages)) from None

    def _read_on(self, part: int, enough: Callable[[], bool]) -> Exchange:
        """Ask for `part` rows at a time until there are enough, or none are there just now."""
        for _ in range(_MOST_AT_A_LOOK):
            exchange = self.expect_next_rows(part)
            if enough() or exchange.status != self.settings.answers.rows_status:
                break
        return exchange

    def _wait_policy(self, limit_s: float) -> WaitPolicy:
        """For rows that come; asked for often enough that this does not make them late."""
        limits = self.settings.time_limits
        return WaitPolicy(limit_s, min(limits.poll_interval_s, limits.rows_late_s / 4), "time_limits.rows_appear_s")

    def expect_end(self, part: int | None = None) -> None:
        """Read a playback to its end, `part` rows at a time or as many as can be had.

        Raises:
            ExpectationFailed: it was not said within the time limit that no more rows will come.
        """
        self._expect_end(self.settings.time_limits.wait_policy("playback_ends_s", interval_s=0), part)

    def expect_end_by(self, readers: int, part: int) -> None:
        """Have several readers read a playback to its end at once, `part` rows at a time; `rows` are put in order.

        Raises:
            ExpectationFailed: one of them was not told within the time limit that no more rows will come.
        """
        each = [replace(self, rows=[], answered_at=[], sizes=[]) for _ in range(readers)]
        with ThreadPoolExecutor(max_workers=readers) as pool:
            list(pool.map(lambda reader: reader.expect_end(part), each))
        read = [row for reader in each for row in zip(reader.rows, reader.answered_at, reader.sizes, strict=True)]
        for row, answered_at, size in sorted(read, key=lambda one: one[0].start_timestamp):
            self.rows.append(row)
            self.answered_at.append(answered_at)
            self.sizes.append(size)

    def expect_end_of_live_job(self) -> None:
        """Read a live job to its end, as after its analyzer has gone.

        Raises:
            ExpectationFailed: it was not said within the time limit that no more rows will come.
        """
        self._expect_end(self.settings.time_limits.wait_policy("effect_disappears_s"))

    def _expect_end(self, policy: WaitPolicy, part: int | None = None) -> None:
        over = self.settings.answers.rows_over_status
        most = part or self.settings.limits.rows_max
        eventually(
            f"the rows of {self.job.job_id} to come to an end",
            lambda: self.expect_next_rows(most),
            lambda exchange: [] if exchange.status == over else [f"{len(self.rows)} rows so far"],
            policy,
        )

    def expect_none_yet(self, exchange: Exchange) -> None:
        """Raise ExpectationFailed unless there were no rows yet, and more will come."""
        require("no rows yet", status_problems(exchange, self.settings.answers.no_rows_yet_status), exchange)

    def expect_none_before_their_time(self, exchange: Exchange, figures: Figures) -> None:
        """Raise ExpectationFailed if a row came before its end, or any before a first window could be full.

        No window of a live job can be full sooner after its request than it is long; an answer that comes later, as on
        a slow machine, may have rows. Both moments are of the suite's own clock.
        """
        limits, answers = self.settings.time_limits, self.settings.answers
        waited = exchange.sent_at - self.job.exchange.sent_at + timedelta(seconds=exchange.elapsed_s)
        right = [answers.no_rows_yet_status]
        right += [answers.rows_status] if waited >= timedelta(seconds=figures.window_s) else []
        earliest = -limits.clock_tolerance_s - _PRECISION_S
        early = [f"a row came {-late_s:.3f} s before its end" for late_s in self.late_s() if late_s < earliest]
        require("no row before its window is full", status_problems(exchange, *right) + early[:5], exchange)

    def expect_over(self, exchange: Exchange) -> None:
        """Raise ExpectationFailed unless it was said that no more rows will come."""
        require("no more rows to come", status_problems(exchange, self.settings.answers.rows_over_status), exchange)

    def late_s(self) -> list[float]:
        """How much later than its own end each row came, s."""
        return [at - row.end_timestamp for row, at in zip(self.rows, self.answered_at, strict=True)]

    def expect_in_real_time(self) -> None:
        """Raise ExpectationFailed unless each row came after its end, and within `time_limits.rows_late_s` of it."""
        limits = self.settings.time_limits
        earliest, latest = -limits.clock_tolerance_s - _PRECISION_S, limits.rows_late_s + limits.clock_tolerance_s
        problems = [
            f"the row that ends at {row.end_timestamp:.3f} came {late_s:+.3f} s after that"
            for row, late_s in zip(self.rows, self.late_s(), strict=True)
            if not earliest <= late_s <= latest
        ]
        require(f"rows within {limits.rows_late_s:g} s of their time (time_limits.rows_late_s)", problems[:5])


def expect_rows_in(exchange: Exchange, answers: Answers) -> list[WaterfallRow]:
    """Give the rows of an answer; raise ExpectationFailed unless its status and its content go together."""
    try:
        rows = _Rows.model_validate_json(exchange.answer_text).rows
    except ValidationError as error:
        raise ExpectationFailed(failure_text("rows", validation_problems(error)[:5], exchange)) from None
    statuses = [answers.rows_status] if rows else [answers.no_rows_yet_status, answers.rows_over_status]
    require(f"an answer with {len(rows)} rows", status_problems(exchange, *statuses), exchange)
    return rows


def expect_going_on(exchange: Exchange, answers: Answers) -> None:
    """Raise ExpectationFailed unless an answer has rows, or says that there are none yet."""
    expect_rows_in(exchange, answers)
    require("rows, or none yet", status_problems(exchange, answers.rows_status, answers.no_rows_yet_status), exchange)


def row_problems(rows: Sequence[WaterfallRow], figures: Figures, sensors: Sequence[int]) -> list[str]:
    """What is wrong with the content of rows: sensors, number and kind of values, length in time; a line each."""
    problems: dict[str, None] = {}
    for row in rows:
        seen = [sensor.id for sensor in row.sensors]
        if seen != list(sensors):
            problems[f"a row is of the sensors {_ends(seen)} instead of {_ends(sensors)}"] = None
        for sensor in row.sensors:
            values, wanted = sensor.intensity, len(figures.frequencies_hz)
            if len(values) != wanted:
                problems[f"sensor {sensor.id} has {len(values)} intensities for {wanted} frequencies"] = None
            elif not all(math.isfinite(value) and value >= 0 for value in values):
                problems[f"sensor {sensor.id} has an intensity that is no number of at least 0"] = None
        length_s = row.end_timestamp - row.start_timestamp
        if abs(length_s - figures.window_s) > _PRECISION_S:
            problems[f"a row is of {length_s:.6f} s instead of {figures.window_s:.6f} s"] = None
    if rows and not any(value for row in rows for sensor in row.sensors for value in sensor.intensity):
        problems["every intensity is 0"] = None
    return list(problems)


def signal_problems(rows: Sequence[WaterfallRow], figures: Figures, sensor: int, frequency_hz: float) -> list[str]:
    """Rows in which something is as strong as a known signal, at another sensor or frequency; a line each."""
    strongest = [
        max(
            (intensity, -abs(hz - frequency_hz), one.id, hz)
            for one in row.sensors
            for intensity, hz in zip(one.intensity, figures.frequencies_hz, strict=True)
        )
        for row in rows
    ]
    return [
        f"row {number} is strongest at sensor {where}, {hz:g} Hz"
        for number, (_, _, where, hz) in enumerate(strongest, start=1)
        if where != sensor or abs(hz - frequency_hz) > figures.resolution_hz / 2
    ][:5]


def order_problems(rows: Sequence[WaterfallRow], figures: Figures) -> list[str]:
    """Where rows do not follow each other at the output rate, none missing and none given twice; a line each."""
    steps = [after.start_timestamp - before.start_timestamp for before, after in pairwise(rows)]
    return [
        f"row {number + 2} begins {step:.6f} s after the one before instead of {figures.lines_dt_s:.6f} s"
        for number, step in enumerate(steps)
        if abs(step - figures.lines_dt_s) > _PRECISION_S
    ][:5]


def difference_problems(
    rows: Sequence[WaterfallRow], others: Sequence[WaterfallRow], sensors: Collection[int] | None = None
) -> list[str]:
    """Where two readings of the same time do not show the same, of these sensors if they are given; a line each."""
    problems = [] if len(rows) == len(others) else [f"{len(rows)} rows and {len(others)} rows"]
    for number, (one, other) in enumerate(zip(rows, others, strict=False), start=1):
        if abs(one.start_timestamp - other.start_timestamp) > _PRECISION_S:
            problems.append(f"row {number} begins at {one.start_timestamp:.6f} and at {other.start_timestamp:.6f}")
        shown, shown_too = (
            {sensor.id: sensor.intensity for sensor in row.sensors if sensors is None or sensor.id in sensors}
            for row in (one, other)
        )
        if not shown or shown != shown_too:
            problems.append(f"row {number} shows something else")
    return problems[:5]


def row_count_problems(
    rows: Sequence[WaterfallRow], figures: Figures, playback: Window, recorded: Iterable[Window]
) -> list[str]:
    """Recordings of which a playback has fewer or more whole rows than it should; a line each."""
    problems = []
    for recording in recorded:
        start, end = max(playback[0], recording[0]), min(playback[1], recording[1])
        wanted = figures.rows_within(start, end, begun=playback[0])
        seen = sum(_within(row, (start.timestamp(), end.timestamp())) for row in rows)
        if seen != wanted:
            problems.append(f"{seen} rows instead of {wanted} between {start.isoformat()} and {end.isoformat()}")
    return problems


def beginning_problems(row: WaterfallRow, expected: Window) -> list[str]:
    """What is wrong with the time with which a row begins: it may be any from the first to the second, both included.

    These may be the same: epoch seconds pass through JSON and back as they are.
    """
    begins, (earliest, latest) = row.start_timestamp, (moment.timestamp() for moment in expected)
    if earliest <= begins <= latest:
        return []
    return [f"{begins} instead of {earliest}" + (f" to {latest}" if latest > earliest else "")]


def outside_problems(rows: Sequence[WaterfallRow], spans: Iterable[Span]) -> list[str]:
    """Rows that do not lie wholly within one of the spans of time; a line each."""
    known = list(spans)
    return [
        f"a row is of {row.start_timestamp:.3f} to {row.end_timestamp:.3f}, outside of "
        + ", ".join(f"{start:.3f} to {end:.3f}" for start, end in known)
        for row in rows
        if not any(_within(row, span) for span in known)
    ][:5]


def _within(row: WaterfallRow, span: Span) -> bool:
    return span[0] - _PRECISION_S <= row.start_timestamp and row.end_timestamp <= span[1] + _PRECISION_S


def _ends(sensors: Sequence[int]) -> str:
    return f"{sensors[0]} to {sensors[-1]} ({len(sensors)})" if sensors else "none"
