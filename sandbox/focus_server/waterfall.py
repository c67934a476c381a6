"""The rows of a job's waterfall (contract, "Other endpoints")."""

import asyncio
import re
from collections.abc import Sequence
from dataclasses import dataclass

from sandbox.focus_server.calculation import Calculation
from sandbox.focus_server.capacity import rows_that_fit
from sandbox.focus_server.configuration import Configuration
from sandbox.focus_server.errors import BadRowCount
from sandbox.focus_server.identity import to_milliseconds
from sandbox.focus_server.limits import Limits
from sandbox.focus_server.playback import Playback
from sandbox.focus_server.ports import CANCELLED, AnalyzerOrchestrator, Clock, RecordingStore
from sandbox.focus_server.region import region_in_force
from sandbox.focus_server.row_times import RowTimes
from sandbox.focus_server.service import JobService
from sandbox.focus_server.spectrogram import Spectrogram

_COUNT = re.compile(r"[1-9][0-9]{0,8}")


@dataclass(frozen=True)
class Rows:
    """The rows that are given now; without any, whether there will never be one."""

    given: list[dict[str, object]]
    over: bool = False


OVER = Rows([], over=True)


class Waterfall:
    """Gives the rows of jobs, as long as their analyzers run."""

    def __init__(
        self,
        *,
        jobs: JobService,
        analyzers: AnalyzerOrchestrator,
        recordings: RecordingStore,
        clock: Clock,
        limits: Limits,
        spectrogram: Spectrogram,
    ) -> None:
        self._jobs = jobs
        self._analyzers = analyzers
        self._recordings = recordings
        self._clock = clock
        self._limits = limits
        self._calculation = Calculation(limits)
        self._spectrogram = spectrogram
        self._playback = Playback(to_milliseconds(clock.now()), kept=limits.waterfall_rows_kept)

    async def rows(self, job_id: str, asked: str) -> Rows:
        """The job's next rows, at most as many as are asked for; what is left when its analyzer exits is lost.

        Raises `BadRowCount`, `UnknownJob`, `DependencyUnavailable`.
        """
        count = self._count(asked)
        record = await self._jobs.find(job_id)
        if record.status == CANCELLED or not await self._analyzers.is_running(job_id):
            self._playback.forget(job_id)
            return OVER
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
