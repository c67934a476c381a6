"""The rows of a job's waterfall (contract, "Other endpoints"): which come next, each once, and their content."""

import asyncio
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from heapq import merge
from itertools import groupby, islice

from sandbox.focus_server.calculation import Calculation, RowTimes
from sandbox.focus_server.configuration import Configuration
from sandbox.focus_server.errors import BadRowCount
from sandbox.focus_server.identity import SystemClock
from sandbox.focus_server.limits import Limits
from sandbox.focus_server.ports import CANCELLED, AnalyzerOrchestrator, RecordingStore
from sandbox.focus_server.region import region_in_force
from sandbox.focus_server.service import JobService
from sandbox.focus_server.spectrogram import Spectrogram, rows_that_fit


class Playback:
    """How far each job's waterfall has been given.

    Kept in memory only. After a restart of the server a live job goes on from then (`started`), a historic
    one begins anew.
    """

    def __init__(self, started: datetime, *, kept: int) -> None:
        self._started = started
        self._kept = kept
        self._next: dict[str, int] = {}

    def live(self, job_id: str, times: RowTimes, now: datetime, count: int) -> list[int]:
        """At most `count` rows of a live job that have ended and were not given yet.

        Of those the newest `kept` can be had; older ones are lost.
        """
        ended = times.ended_by(now)
        position = self._next.get(job_id, times.first_from(self._started))
        first = max(position, ended - self._kept)
        return self.mark_given(job_id, list(range(first, min(first + count, ended))))

    def recorded(self, job_id: str, recorded: Iterable[range], count: int) -> list[int]:
        """At most `count` rows of a historic job that were not given yet, of those that were recorded.

        None are left when there are none.
        """
        position = self._next.get(job_id, 0)
        ahead = merge(*(range(max(span.start, position), span.stop) for span in recorded))
        # Recordings may overlap; their rows are given once all the same.
        return self.mark_given(job_id, [row for row, _ in islice(groupby(ahead), count)])

    def forget(self, job_id: str) -> None:
        """Take note that the job's waterfall is over."""
        self._next.pop(job_id, None)

    def mark_given(self, job_id: str, rows: list[int]) -> list[int]:
        """Take note that these rows are given; gives them back."""
        if rows:
            self._next[job_id] = rows[-1] + 1
        return rows


_COUNT = re.compile(r"[1-9][0-9]{0,8}")


@dataclass(frozen=True)
class Rows:
    """The rows that are given now; without any, whether there will never be one."""

    given: list[dict[str, object]]
    over: bool = False


OVER = Rows([], over=True)
NONE_YET = Rows([])


class Waterfall:
    """Gives the rows of jobs, as long as their analyzers run."""

    def __init__(
        self,
        *,
        jobs: JobService,
        analyzers: AnalyzerOrchestrator,
        recordings: RecordingStore,
        clock: SystemClock,
        limits: Limits,
        calculation: Calculation,
        playback: Playback,
        spectrogram: Spectrogram,
    ) -> None:
        self._jobs = jobs
        self._analyzers = analyzers
        self._recordings = recordings
        self._clock = clock
        self._limits = limits
        self._calculation = calculation
        self._spectrogram = spectrogram
        self._playback = playback

    async def rows(self, job_id: str, asked: str) -> Rows:
        """The job's next rows, at most as many as are asked for; what is left when its analyzer exits is lost.

        Raises `BadRowCount`, `UnknownJob`, `DependencyUnavailable`.
        """
        count = self._count(asked)
        record = await self._jobs.find(job_id)
        state = "has ended" if record.status == CANCELLED else await self._analyzers.state(job_id)
        if state == "has ended":
            self._playback.forget(job_id)
            return OVER
        if state == "waits":
            return NONE_YET
        config = Configuration.model_validate(record.config)
        sensors = region_in_force(record.roi, config).sensors
        frequencies_hz = self._calculation.frequencies(config)
        count = rows_that_fit(count, len(sensors), len(frequencies_hz))
        if config.window is None:
            times = self._calculation.rows(config, record.created_at)
            rows = self._playback.live(job_id, times, self._clock.now(), count)
        else:
            start, end = config.window
            times = self._calculation.rows(config, start)
            spans = await self._recordings.between(start, end)
            recorded = [times.within(max(start, since), min(end, until)) for since, until in spans]
            rows = self._playback.recorded(job_id, recorded, count)
            if not rows:
                return OVER
        # In a thread: millions of intensities take a second, in which others are to be answered too.
        return Rows(await asyncio.to_thread(self._made, rows, times, sensors, frequencies_hz))

    def _count(self, asked: str) -> int:
        most = self._limits.waterfall_rows_max
        if _COUNT.fullmatch(asked) is None or int(asked) > most:
            raise BadRowCount(most)
        return int(asked)

    def _made(
        self, rows: Sequence[int], times: RowTimes, sensors: Sequence[int], frequencies_hz: Sequence[float]
    ) -> list[dict[str, object]]:
        made: list[dict[str, object]] = []
        for row in rows:
            begin = times.begins(row)
            intensities = self._spectrogram.intensities(sensors, frequencies_hz, begin)
            made.append(
                {
                    "start_timestamp": begin,
                    "end_timestamp": times.ends(row),
                    "sensors": [
                        {"id": sensor, "intensity": intensity}
                        for sensor, intensity in zip(sensors, intensities, strict=True)
                    ],
                }
            )
        return made
