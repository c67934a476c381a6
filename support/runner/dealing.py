"""Which worker runs which scenario, and when: one at a time, to whichever is free, as long as there are any."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from multiprocessing.connection import wait
from typing import Protocol

from support.runner.worker import Died, Ended, Message, Place, Worker


class Listener(Protocol):
    """Who is told what workers say. Each call has what that worker has printed meanwhile."""

    def heard(self, message: Message, printed: str) -> None:
        """A worker has said something."""

    def died(self, how: str, scenario: int | None, printed: str) -> None:
        """A worker has died, with this scenario in hand, or with none."""


class Dealing:
    """Deals scenarios, by their numbers, to workers that `start` makes; a dead worker is replaced by a new one."""

    def __init__(self, start: Callable[[Place, Sequence[Worker]], Worker]) -> None:
        self._start = start
        self._workers: list[Worker] = []
        self._waiting: deque[int] = deque()
        self._stopped = False

    def deal(self, scenarios: Iterable[int], listener: Listener, *, jobs: int) -> None:
        """Have these scenarios run by so many workers side by side; returns when all workers have ended.

        After `stop`, or Ctrl-C, no other scenario is begun. At Ctrl-C the workers are interrupted as if it had been
        pressed there, and then it is raised here as well; pressed once more, it kills them.
        """
        self._waiting = deque(scenarios)
        numbers = range(min(jobs, len(self._waiting)))
        interrupted: KeyboardInterrupt | None = None
        if not self._stopped:
            for number in numbers:
                self._add(Place(number, has_others=len(numbers) > 1))
        while self._workers:
            try:
                self._hear(listener)
            except KeyboardInterrupt as error:
                for worker in self._workers:
                    worker.kill() if interrupted else worker.interrupt()
                interrupted = error
                self.stop()
        if interrupted:
            raise interrupted

    def stop(self) -> None:
        """Begin no other scenario."""
        self._stopped = True
        self._waiting.clear()
        for worker in self._workers:
            self._give_work(worker)

    def _add(self, place: Place) -> None:
        self._workers.append(self._start(place, self._workers))

    def _hear(self, listener: Listener) -> None:
        ready = wait([worker.connection for worker in self._workers])
        for worker in [one for one in self._workers if one.connection in ready]:
            try:
                message = worker.hear()
            except Died as death:
                self._bury(worker, str(death), listener)
                continue
            listener.heard(message, worker.output())
            if isinstance(message, Ended):
                self._workers.remove(worker)
                worker.close()
            else:
                self._give_work(worker)

    def _give_work(self, worker: Worker) -> None:
        if not worker.is_ready or worker.scenario is not None:
            return
        if self._waiting:
            worker.run(self._waiting.popleft())
        else:
            worker.is_ready = False  # It is told once.
            worker.end()

    def _bury(self, worker: Worker, how: str, listener: Listener) -> None:
        self._workers.remove(worker)
        listener.died(how, worker.scenario, worker.output())
        worker.close()
        # One that was never ready would not be the next time either.
        if self._waiting and worker.is_ready:
            self._add(worker.place)
