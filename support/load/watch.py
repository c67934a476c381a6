"""Watching the Focus Server while it is under load: what it uses, by the second, and its slow queries."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from typing import Self

from support.core.errors import EnvironmentBroken
from support.faults.announcements import Announcements
from support.load import slow_queries
from support.load.resources import Usage, usage
from support.observers.stores import Stores
from support.profile.settings import Settings

_EVERY_S = 1.0


class ServerWatch:
    """What the server used: `seen` has it by the second, as (s after the beginning, usage). A context manager."""

    def __init__(self, settings: Settings, stores: Stores, journal: Announcements) -> None:
        """`journal` knows what is switched on for it, so that it is switched off after a killed run."""
        self._settings, self._stores, self._journal = settings, stores, journal
        self.seen: list[tuple[float, Usage]] = []
        self.unseen: list[str] = []
        """What cannot be seen here, and why."""
        self._parts, self._over = ExitStack(), threading.Event()
        self._warm_up_ended_s = 0.0

    def __enter__(self) -> Self:
        self._slow = self._parts.enter_context(
            slow_queries.watched(self._settings, self._stores.database, self._journal)
        )
        self._began = time.monotonic()
        try:
            self._look()
        except EnvironmentBroken as error:
            self.unseen.append(f"CPU and memory of the server: {error}")
        else:
            watching = threading.Thread(target=self._keep_looking)
            watching.start()
            self._parts.callback(watching.join)
            self._parts.callback(self._over.set)
        return self

    def __exit__(self, *failure: object) -> None:
        self._parts.close()
        if self._slow.unseen:
            self.unseen.append(self._slow.unseen)

    def end_warm_up(self) -> None:
        """From now on, memory that grows counts; what a server takes for its first requests does not."""
        self._warm_up_ended_s = time.monotonic() - self._began

    @property
    def slow_queries(self) -> list[str]:
        """The server's slow queries; they are there when the watch is over."""
        return self._slow.found

    @property
    def memory_growth_mb(self) -> float:
        """How much more memory the server has at the end than after the warm-up, MB."""
        counted = [one.memory_mb for at_s, one in self.seen if at_s >= self._warm_up_ended_s]
        return counted[-1] - counted[0] if counted else 0.0

    @property
    def cpu_s(self) -> float | None:
        """How much CPU time the server used, s; None where it is not told."""
        used = [one.cpu_s for _, one in self.seen if one.cpu_s is not None]
        if used:
            return used[-1] - used[0]
        cores = [(at_s, one.cores) for at_s, one in self.seen if one.cores is not None]
        if len(cores) < 2:
            return None
        return sum(each for _, each in cores) / len(cores) * (cores[-1][0] - cores[0][0])

    def memory_problems(self) -> list[str]:
        """That the server's memory grew too much."""
        most, grown = self._settings.load.memory_growth_mb, self.memory_growth_mb
        if grown <= most:
            return []
        return [f"the server's memory grew by {grown:.1f} MB, more than {most:g} MB (load.memory_growth_mb)"]

    def cpu_problems(self, jobs: int) -> list[str]:
        """That the server used too much CPU time for so many jobs."""
        most, used = self._settings.load.cpu_s_a_job, self.cpu_s
        if used is None or not jobs or used / jobs <= most:
            return []
        return [
            f"the server used {used / jobs:.3f} s of CPU time for each of {jobs} jobs, more than {most:g} s"
            " (load.cpu_s_a_job)"
        ]

    def query_problems(self) -> list[str]:
        """The server's slow queries, a line each; only the first ones of many."""
        limit = f"more than {self._settings.load.slow_query_s:g} s (load.slow_query_s)"
        return [f"a slow query: {one}, {limit}" for one in self.slow_queries[:5]]

    def _look(self) -> None:
        self.seen.append((time.monotonic() - self._began, usage(self._settings, self._stores)))

    def _keep_looking(self) -> None:
        try:
            while not self._over.wait(_EVERY_S):
                self._look()
            self._look()
        except EnvironmentBroken as error:
            self.unseen.append(f"CPU and memory of the server: {error}")
