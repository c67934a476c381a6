"""Reading rows of a job, and how long that takes."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, NamedTuple

from support.checks.waterfall import Waterfall
from support.load.figures import Sample

if TYPE_CHECKING:  # It loads numpy.
    from support.checks.figures import Figures

_ASK_EVERY_S = 0.1


class Reading(NamedTuple):
    """How many rows came in how many seconds."""

    rows: int
    seconds: float


def first_row(waterfall: Waterfall, figures: Figures) -> Sample:
    """Ask until the first row is there; its latency counts from the request for the job.

    Raises:
        ExpectationFailed: it did not come within its time limit.
    """
    waterfall.expect_rows(1, 1, figures)
    latency_s = waterfall.answered_at[0] - waterfall.job.exchange.sent_at.timestamp()
    return Sample(kind="first row", due_s=0.0, sent_s=0.0, ended_s=latency_s)


def read_for(waterfall: Waterfall, seconds: float, most: int) -> Reading:
    """Read all rows as they come, at most so many an answer; those that are there at the beginning do not count.

    Raises:
        ExpectationFailed: an answer is none of a waterfall.
    """
    first = last = waterfall.expect_next_rows(most)
    before = len(waterfall.rows)
    while (passed_s := (last.sent_at - first.sent_at).total_seconds()) < seconds:
        time.sleep(_ASK_EVERY_S)
        last = waterfall.expect_next_rows(most)
    return Reading(len(waterfall.rows) - before, passed_s)  # How long the answers took makes no difference.
