"""What the rows that were read of a job measure: its rates and sizes, taken from no figure of any answer."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from support.checks.waterfall import WaterfallRow
from support.core.errors import ExpectationFailed, require

if TYPE_CHECKING:  # It loads numpy, which most scenarios need not wait for.
    from support.checks.figures import Figures

_PRECISION = 1e-4  # of times that are differences of epoch seconds


@dataclass(frozen=True)
class Measured:
    """What rows in the order of their time measure; `bytes_per_row` is their size in the answers."""

    lines_dt_s: float
    window_s: float
    values_per_row: float
    values_per_sensor: float
    bytes_per_row: float

    @property
    def rows_per_second(self) -> float:
        """How many rows begin in a second of the signal."""
        return 1 / self.lines_dt_s

    @property
    def overlap(self) -> float:
        """The share of a row's time that the next one has, too."""
        return 1 - self.lines_dt_s / self.window_s

    def shown(self, duration_s: float) -> str:
        """All of it for people, with what a time axis of this length holds."""
        rows = duration_s * self.rows_per_second
        return "\n".join(
            (
                f"rows: one each {self.lines_dt_s:.6g} s, each of {self.window_s:.6g} s",
                f"output rate: {self.rows_per_second:.6g} rows/s, overlap: {self.overlap:.1%}",
                f"data rate: {self.values_per_row * self.rows_per_second:.6g} intensities/s, "
                f"{self.bytes_per_row * self.rows_per_second:.6g} bytes/s as they are answered",
                f"on a time axis of {duration_s:g} s: {self.values_per_row * rows:.6g} intensities, "
                f"{self.bytes_per_row * rows:.6g} bytes as they are answered",
            )
        )


def expect_measured(rows: Sequence[WaterfallRow]) -> Measured:
    """Measure rows; raise ExpectationFailed unless there are two at least, which begin one after another."""
    steps = [after.start_timestamp - before.start_timestamp for before, after in pairwise(rows)]
    if not steps or min(steps) <= 0:
        raise ExpectationFailed(f"expected rows to measure\n  - {len(rows)} rows, which begin {steps[:5]} s apart")
    sensors = sum(len(row.sensors) for row in rows)
    values = sum(len(sensor.intensity) for row in rows for sensor in row.sensors)
    return Measured(
        lines_dt_s=sum(steps) / len(steps),
        window_s=sum(row.end_timestamp - row.start_timestamp for row in rows) / len(rows),
        values_per_row=values / len(rows),
        values_per_sensor=values / sensors if sensors else 0.0,
        bytes_per_row=sum(len(row.model_dump_json()) for row in rows) / len(rows),
    )


def expect_as_configured(measurement: str, measured: Measured, figures: Figures, duration_s: float) -> None:
    """Raise ExpectationFailed unless a measurement, one of `MEASUREMENTS`, is what the configuration makes it."""
    what = MEASUREMENTS[measurement]
    wanted = Measured(figures.lines_dt_s, figures.window_s, figures.values_per_row, len(figures.frequencies_hz), 0)
    seen, right = what(measured, duration_s), what(wanted, duration_s)
    problems = (
        [] if math.isclose(seen, right, rel_tol=_PRECISION) else [f"measured is {seen:.6g} instead of {right:.6g}"]
    )
    require(f"the {measurement} that follows from the configuration", problems)


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

MEASUREMENTS: Mapping[str, Callable[[Measured, float], float]] = {
    "output rate": lambda one, duration_s: one.rows_per_second,
    "overlap of windows": lambda one, duration_s: one.overlap,
    "data rate": lambda one, duration_s: one.values_per_row * one.rows_per_second,
    "memory use": lambda one, duration_s: one.values_per_row * one.rows_per_second * duration_s,
}
"""The product's words for what can be measured, of a job with a time axis of so many seconds."""
