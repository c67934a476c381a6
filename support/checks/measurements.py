"""What the rows that were read of a job measure: its rates and sizes, taken from no figure of any answer."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from support.checks.waterfall import Waterfall, WaterfallRow
from support.core.errors import ExpectationFailed, require

if TYPE_CHECKING:  # It loads numpy, which most scenarios need not wait for.
    from support.checks.figures import Figures

_PRECISION = 1e-4  # of times that are differences of epoch seconds


@dataclass(frozen=True)
class Measured:
    """What rows in the order of their time measure; bytes are those of the answers that they came with."""

    lines_dt_s: float
    window_s: float
    values_per_row: float
    values_per_sensor: float
    bytes_per_row: float
    axis: Axis

    @property
    def rows_per_second(self) -> float:
        """How many rows begin in a second of the signal."""
        return 1 / self.lines_dt_s

    @property
    def overlap(self) -> float:
        """The share of a row's time that the next one has, too."""
        return 1 - self.lines_dt_s / self.window_s

    @property
    def values_per_second(self) -> float:
        """Intensities in a second of the signal."""
        return self.values_per_row * self.rows_per_second

    def shown(self) -> str:
        """All of it for people."""
        return "\n".join(
            (
                f"rows: one each {self.lines_dt_s:.6g} s, each of {self.window_s:.6g} s",
                f"output rate: {self.rows_per_second:.6g} rows/s, overlap: {self.overlap:.1%}",
                f"data rate: {self.values_per_second:.6g} intensities/s, "
                f"{self.bytes_per_row * self.rows_per_second:.6g} bytes/s as they are answered",
                f"on a time axis of {self.axis.duration_s:g} s, of which they fill {self.axis.filled_s:.6g} s: "
                f"{self.axis.values} intensities, {self.axis.size:.0f} bytes as they are answered",
            )
        )


@dataclass(frozen=True)
class Axis:
    """The rows that fill a view's time axis, from the first one that was read; `size` in bytes."""

    duration_s: float
    filled_s: float
    values: int
    size: float


def expect_measured(read: Waterfall) -> Measured:
    """Measure what was read of a job; raise ExpectationFailed unless it is two rows at least, one after another."""
    rows = read.rows
    steps = [after.start_timestamp - before.start_timestamp for before, after in pairwise(rows)]
    if not steps or min(steps) <= 0:
        raise ExpectationFailed(f"expected rows to measure\n  - {len(rows)} rows, which begin {steps[:5]} s apart")
    sensors = sum(len(row.sensors) for row in rows)
    values = sum(map(_values, rows))
    lines_dt_s = sum(steps) / len(steps)
    return Measured(
        lines_dt_s=lines_dt_s,
        window_s=sum(row.end_timestamp - row.start_timestamp for row in rows) / len(rows),
        values_per_row=values / len(rows),
        values_per_sensor=values / sensors if sensors else 0.0,
        bytes_per_row=sum(read.sizes) / len(rows),
        axis=_axis_of(read, lines_dt_s),
    )


def _axis_of(read: Waterfall, lines_dt_s: float) -> Axis:
    begin, duration_s = read.rows[0].start_timestamp, float(read.job.payload["displayTimeAxisDuration"])
    ends_at = begin + duration_s - _PRECISION
    on_it = [(row, size) for row, size in zip(read.rows, read.sizes, strict=True) if row.start_timestamp < ends_at]
    return Axis(
        duration_s=duration_s,
        filled_s=min(duration_s, read.rows[-1].start_timestamp + lines_dt_s - begin),
        values=sum(_values(row) for row, _ in on_it),
        size=sum(size for _, size in on_it),
    )


def _values(row: WaterfallRow) -> int:
    return sum(len(sensor.intensity) for sensor in row.sensors)


def expect_as_configured(measurement: str, measured: Measured, figures: Figures) -> None:
    """Raise ExpectationFailed unless a measurement, one of `MEASUREMENTS`, is what the configuration makes it."""
    what = MEASUREMENTS[measurement]
    seen, right = what.measured(measured), what.wanted(figures, measured.axis.duration_s)
    problems = (
        [] if math.isclose(seen, right, rel_tol=_PRECISION) else [f"measured is {seen:.6g} instead of {right:.6g}"]
    )
    require(f"the {measurement} that follows from the configuration", problems, measured.shown() if problems else None)


def expect_in_proportion(
    measured: Sequence[Measured], what: str, value: Callable[[Measured], float], factor: float
) -> None:
    """Raise ExpectationFailed unless what one job measures is `factor` times that of the job before."""
    values = [value(one) for one in measured]
    problems = [
        f"{what} is {after:.4g} after {before:.4g}"
        for before, after in pairwise(values)
        if not math.isclose(after, factor * before, rel_tol=_PRECISION)
    ]
    require(f"each {what} to be {factor:g} times that of the one before", problems, values)


def expect_steps_halved(measured: Sequence[Measured]) -> None:
    """Raise ExpectationFailed unless each job has twice as many steps of frequency, from 0 Hz up, as the job before.

    There may be one more: what is left of the band above the last step may hold half a step.
    """
    steps = [one.values_per_sensor - 1 for one in measured]
    problems = [
        f"there are {after:g} steps of frequency after {before:g}"
        for before, after in pairwise(steps)
        if after not in (2 * before, 2 * before + 1)
    ]
    require("steps of frequency half as long as those of the one before", problems, steps)


PROPORTIONS: Mapping[str, Callable[[Sequence[Measured]], None]] = {
    "twice the time between rows": lambda measured: expect_in_proportion(
        measured, "time between rows", lambda one: one.lines_dt_s, 2
    ),
    "half the frequency resolution": expect_steps_halved,
}
"""The product's words for what each job has of the one before."""


@dataclass(frozen=True)
class Measurement:
    """A figure as rows measure it, and as it follows from the configuration and the length of the time axis, s."""

    measured: Callable[[Measured], float]
    wanted: Callable[[Figures, float], float]


MEASUREMENTS: Mapping[str, Measurement] = {
    "output rate": Measurement(lambda seen: seen.rows_per_second, lambda figures, _: 1 / figures.lines_dt_s),
    "overlap of windows": Measurement(
        lambda seen: seen.overlap, lambda figures, _: 1 - figures.lines_dt_s / figures.window_s
    ),
    "data rate": Measurement(
        lambda seen: seen.values_per_second, lambda figures, _: figures.values_per_row / figures.lines_dt_s
    ),
    "memory use": Measurement(
        lambda seen: seen.axis.values,
        lambda figures, duration_s: figures.values_per_row * math.ceil((duration_s - _PRECISION) / figures.lines_dt_s),
    ),
}
"""The product's words for what can be measured. A view holds in memory what fills its time axis."""
