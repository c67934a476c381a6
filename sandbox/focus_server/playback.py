"""Which rows of a job's waterfall are given next: each once, oldest first."""

from collections.abc import Iterable
from datetime import datetime
from heapq import merge
from itertools import groupby, islice

from sandbox.focus_server.row_times import RowTimes


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
        return self._given(job_id, list(range(first, min(first + count, ended))))

    def recorded(self, job_id: str, recorded: Iterable[range], count: int) -> list[int]:
        """At most `count` rows of a historic job that were not given yet, of those that were recorded.

        None are left when there are none.
        """
        position = self._next.get(job_id, 0)
        ahead = merge(*(range(max(span.start, position), span.stop) for span in recorded))
        # Recordings may overlap; their rows are given once all the same.
        return self._given(job_id, [row for row, _ in islice(groupby(ahead), count)])

    def forget(self, job_id: str) -> None:
        """Take note that the job's waterfall is over."""
        self._next.pop(job_id, None)

    def _given(self, job_id: str, rows: list[int]) -> list[int]:
        if rows:
            self._next[job_id] = rows[-1] + 1
        return rows
