"""Sending requests when they are due, by clients side by side, in this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Sequence
from queue import SimpleQueue
from typing import Generic, TypeVar

from support.load.figures import Sample

T = TypeVar("T")


class OpenLoop(Generic[T]):
    """Does work at given times, whether or not what was begun before has ended; `samples` has when.

    A latency counts from when the work was due, so that it also has what it waited for a client to be free. All clients
    `connect` before the first work is due.
    """

    def __init__(self, due_s: Sequence[float], clients: int, connect: Callable[[], object] = lambda: None) -> None:
        self._due_s, self._connect = due_s, connect
        self._clients = max(1, min(clients, len(due_s)))
        self.samples: list[Sample] = []
        self.results: SimpleQueue[T] = SimpleQueue()
        """What the work gave, as it comes."""
        self._failures: list[BaseException] = []
        self._threads: list[threading.Thread] = []

    def start(self, work: Callable[[int], T]) -> None:
        """Begin; `work` gets the number of what is due."""
        numbers, lock = iter(range(len(self._due_s))), threading.Lock()
        begun: list[float] = []
        connected = threading.Barrier(self._clients, action=lambda: begun.append(time.monotonic()))

        def client() -> None:
            try:
                self._connect()
                connected.wait()
                while True:
                    with lock:
                        number = next(numbers, None)
                    if number is None:
                        return
                    self.results.put(self._when_due(number, begun[0], work))
            except BaseException as failure:  # noqa: BLE001  `join` raises it.
                self._failures.append(failure)
                connected.abort()

        self._threads = [threading.Thread(target=client, daemon=True) for _ in range(self._clients)]
        for thread in self._threads:
            thread.start()

    @property
    def is_over(self) -> bool:
        """Whether all work is done."""
        return not any(thread.is_alive() for thread in self._threads)

    def join(self) -> list[T]:
        """Wait until all work is done; gives the results that nobody has taken yet. Raises what the work raised."""
        for thread in self._threads:
            thread.join()
        for failure in self._failures:
            if not isinstance(failure, threading.BrokenBarrierError):
                raise failure
        return self.taken()

    def taken(self) -> list[T]:
        """Take the results that are there."""
        return [self.results.get() for _ in range(self.results.qsize())]

    def _when_due(self, number: int, begun: float, work: Callable[[int], T]) -> T:
        due_s = self._due_s[number]
        time.sleep(max(0.0, begun + due_s - time.monotonic()))
        sent_s, error = time.monotonic() - begun, "failed"
        try:
            result = work(number)
            error = ""
            return result
        finally:
            ended_s = time.monotonic() - begun
            self.samples.append(Sample(kind="create", due_s=due_s, sent_s=sent_s, ended_s=ended_s, error=error))
