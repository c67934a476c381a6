"""Time limits for calls that have none of their own, or one that does not hold.

Most drivers count each read anew, so that an answer which comes a byte at a time passes their limits and never ends. So
a call is made in a thread of its own, and given up from outside when the time has passed.
"""

from __future__ import annotations

from collections.abc import Callable
from queue import Empty, SimpleQueue
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


class TimeLimitPassed(Exception):
    """A call had not ended when its time had passed."""


def within(limit_s: float, name: str, call: Callable[[], T]) -> T:
    """Make a call and give what it returns, or raise what it raises; `name` is that of its thread.

    Raises:
        TimeLimitPassed: it had not ended after `limit_s` seconds.
    """
    worker = Worker(name)
    try:
        result, error = worker.do(call, limit_s)
    except BaseException as interruption:  # Also the user's Ctrl+C: nobody waits for this call any more.
        worker.give_up()
        if isinstance(interruption, Empty):
            raise TimeLimitPassed from None
        raise
    worker.end()
    if error is not None:
        raise error
    return result[0]


class _GivenUp(SystemExit):
    """Raised in the thread of a call that was given up, so that it goes no further. Threads end by it silently."""


class Worker:
    """A thread that makes one call after another. Being a daemon it never holds up the end of the process."""

    def __init__(self, name: str) -> None:
        self._calls: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread = Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def is_alive(self) -> bool:
        """Whether it can still make calls."""
        return self._thread.is_alive()

    def do(self, call: Callable[[], T], limit_s: float) -> tuple[list[T], BaseException | None]:
        """Make a call; what it returned (in a list) or what it raised.

        Raises:
            Empty: it has not ended within the limit.
        """
        outcome: SimpleQueue[tuple[list[T], BaseException | None]] = SimpleQueue()

        def make() -> None:
            try:
                outcome.put(([call()], None))
            except BaseException as error:  # noqa: BLE001 - whoever made the call raises it
                outcome.put(([], error))

        self._calls.put(make)
        return outcome.get(timeout=limit_s)

    def give_up(self) -> None:
        """Have the call raise an error as soon as it runs any Python again, and the thread end."""
        import ctypes  # Here: nearly no run needs it.

        self.end()
        if self._thread.ident is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._thread.ident), ctypes.py_object(_GivenUp))

    def end(self) -> None:
        """Have the thread end after its present call."""
        self._calls.put(None)

    def _run(self) -> None:
        try:
            while (make := self._calls.get()) is not None:
                make()
                del make  # It holds the outcome, and with that all that was read.
        except _GivenUp:
            pass
