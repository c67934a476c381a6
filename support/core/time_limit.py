"""Time limits for calls that have no reliable one of their own.

Most drivers count each read anew, so that an answer which comes a byte at a time passes their limits and never ends. So
a call is made in a thread of its own, and given up from outside when the time has passed.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Thread
from typing import TypeAlias, TypeVar

T = TypeVar("T")
_Calls: TypeAlias = "SimpleQueue[Callable[[], None] | None]"


class TimeLimitPassed(Exception):
    """A call had not ended when its time had passed."""


class _GivenUp(SystemExit):
    """Raised in the thread of a call that was given up, so that it goes no further. Threads end by it silently."""


class Worker:
    """A thread that makes one call after another. It is a daemon, which does not delay the end of the process.

    It ends with `end`, or when nobody holds it any more.
    """

    def __init__(self, name: str) -> None:
        self._calls: _Calls = SimpleQueue()
        self._has_ended = False
        self._thread = Thread(target=_make_all, args=(self._calls,), name=name, daemon=True)
        self._thread.start()

    def __del__(self) -> None:
        self._calls.put(None)

    def is_usable(self) -> bool:
        """Whether it can make another call: it was not ended, and no call of it was given up."""
        return not self._has_ended and self._thread.is_alive()

    def make(self, call: Callable[[], T], limit_s: float) -> T:
        """Make a call and return its result, or raise what it raises.

        Raises:
            TimeLimitPassed: it had not ended within the limit; it is given up, and the worker cannot be used again.
        """
        outcome: Future[T] = Future()

        def settle() -> None:
            try:
                outcome.set_result(call())
            except BaseException as error:  # noqa: BLE001 - raised where the result is waited for
                outcome.set_exception(error)

        self._calls.put(settle)
        try:
            outcome.exception(limit_s)
        except BaseException as interruption:  # Also the user's Ctrl+C: nobody waits for this call any more.
            self._give_up()
            if isinstance(interruption, TimeoutError):
                raise TimeLimitPassed from None
            raise
        return outcome.result()

    def end(self) -> None:
        """Let the thread end after its present call."""
        self._has_ended = True
        self._calls.put(None)

    def _give_up(self) -> None:
        """Raise an error in the call as soon as it runs any Python again; then its thread ends."""
        import ctypes  # Here: nearly no run needs it.

        self.end()
        if self._thread.ident is not None:
            ctypes.pythonapi.PyThreadState_SetAsyncExc(ctypes.c_ulong(self._thread.ident), ctypes.py_object(_GivenUp))


def _make_all(calls: _Calls) -> None:
    try:
        while (settle := calls.get()) is not None:
            settle()
            del settle  # It holds the outcome, and with that all that was read.
    except _GivenUp:
        pass
