"""Which worker runs which scenario, and when: one at a time, to whichever is free, as long as there are any."""

from __future__ import annotations

import os
import signal
import time
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from multiprocessing.connection import wait
from typing import Any, Protocol

from support.runner.worker import Died, Ended, Message, Place, Worker

_CLEANS_UP_WITHIN_S = 60.0  # after an error of our own; what is left then is removed by the next run


class Listener(Protocol):
    """Who is told what workers say. Each call has what that worker has printed meanwhile."""

    def heard(self, message: Message, printed: str) -> None:
        """A worker has said something."""

    def died(self, how: str, scenario: int | None, before: int | None, printed: str) -> None:
        """A worker has died, with this scenario in hand, or with none, after it had run the one `before`."""


class Interrupts:
    """How often Ctrl-C was pressed: it is counted and can be waited for, instead of being raised anywhere."""

    def __init__(self) -> None:
        self.count = 0
        self.told, self._tells = os.pipe()

    @contextmanager
    def counted(self) -> Iterator[Interrupts]:
        """Count from now on; nothing is counted where Ctrl-C is ignored, as of a run in the background."""
        before = signal.getsignal(signal.SIGINT)
        if before is not signal.SIG_IGN:
            signal.signal(signal.SIGINT, self._count)
        try:
            yield self
        finally:
            signal.signal(signal.SIGINT, before)
            os.close(self.told)
            os.close(self._tells)

    def heed(self) -> bool:
        """Whether it was pressed since this was asked for last."""
        if not wait([self.told], 0):
            return False
        os.read(self.told, 1)
        return True

    def _count(self, *_: Any) -> None:
        self.count += 1
        os.write(self._tells, b"!")


class Dealing:
    """Deals scenarios, by their numbers, to workers that `start` makes; a dead worker is replaced by a new one."""

    def __init__(self, start: Callable[[Place, Sequence[Worker]], Worker], interrupts: Interrupts) -> None:
        self._start, self._interrupts = start, interrupts
        self._workers: list[Worker] = []
        self._waiting: deque[int] = deque()
        self._in_turn: deque[int] = deque()
        self._run_in_turn: set[Worker] = set()
        self._most_in_turn = 0
        self.is_stopped = False

    def deal(
        self,
        scenarios: Iterable[int],
        listener: Listener,
        *,
        jobs: int,
        in_turn: Iterable[int] = (),
        most_in_turn: int = 1,
    ) -> None:
        """Have these scenarios run by so many workers side by side; returns when all workers have ended.

        Those `in_turn` are all run by at most so many of them, one after another, before these get others.
        After `stop`, or Ctrl-C, no other scenario is begun. At Ctrl-C the workers are interrupted as if it had been
        pressed there; pressed once more, it kills them.
        """
        if self.is_stopped:
            return
        self._waiting, self._in_turn, self._most_in_turn = deque(scenarios), deque(in_turn), most_in_turn
        numbers = range(min(jobs, len(self._waiting) + min(most_in_turn, len(self._in_turn))))
        try:
            for number in numbers:
                self._add(Place(number, has_others=len(numbers) > 1))
            while self._workers:
                self._hear(listener)
        finally:
            self._end_all()

    def stop(self) -> None:
        """Begin no other scenario."""
        self.is_stopped = True
        self._waiting.clear()
        self._in_turn.clear()
        for worker in self._workers:
            self._give_work(worker)

    def _add(self, place: Place) -> None:
        self._workers.append(self._start(place, self._workers))

    def _hear(self, listener: Listener) -> None:
        said = wait([self._interrupts.told, *(one for worker in self._workers for one in worker.waitables)])
        if self._interrupts.heed():
            for worker in self._workers:
                worker.interrupt() if self._interrupts.count == 1 else worker.kill()
            self.stop()
        for worker in [one for one in self._workers if any(each in said for each in one.waitables)]:
            try:
                message = worker.hear()
            except Died as death:
                self._bury(worker, str(death), listener)
                continue
            if isinstance(message, Ended):
                self._workers.remove(worker)
            listener.heard(message, worker.output())
            if isinstance(message, Ended):
                worker.close()
            else:
                self._give_work(worker)

    def _give_work(self, worker: Worker) -> None:
        if not worker.is_ready or worker.scenario is not None:
            return
        if self._wants_in_turn or (self._in_turn and worker in self._run_in_turn):
            self._run_in_turn.add(worker)
            worker.run(self._in_turn.popleft())
        elif self._waiting:
            worker.run(self._waiting.popleft())
        else:
            worker.end()

    def _bury(self, worker: Worker, how: str, listener: Listener) -> None:
        self._workers.remove(worker)
        listener.died(how, worker.scenario, worker.before, worker.output())
        worker.close()
        self._run_in_turn.discard(worker)
        # One that was never ready would not be the next time either.
        if (self._waiting or self._wants_in_turn) and worker.is_ready:
            self._add(worker.place)

    @property
    def _wants_in_turn(self) -> bool:
        """Whether one more worker is to run those in turn."""
        return bool(self._in_turn) and len(self._run_in_turn) < self._most_in_turn

    def _end_all(self) -> None:
        """Where an error of our own has ended it all: have the workers clean up, and leave none behind."""
        for worker in self._workers:
            worker.interrupt()
            worker.end()  # One that runs no scenario waits for the next.
        deadline = time.monotonic() + _CLEANS_UP_WITHIN_S
        while self._workers and (left := deadline - time.monotonic()) > 0:
            wait([worker.connection for worker in self._workers], left)
            for worker in list(self._workers):
                try:
                    has_ended = worker.connection.poll() and isinstance(worker.hear(), Ended)
                except (Died, OSError):
                    has_ended = True
                if has_ended:
                    self._workers.remove(worker)
                    worker.close()
        for worker in self._workers:
            worker.kill()
            worker.close()
        self._workers.clear()
