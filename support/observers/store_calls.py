"""Calls to a store: each ends within the store's time limit, and all failures are reported in one form.

The drivers' own time limits are not enough: some count each read anew, so that a byte a second passes them all, others
leave out name resolution, the TLS handshake or closing, and pika has none for what is asked on an open connection. So a
call is made in a thread of its own, and given up from outside when the time has passed.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from typing import TypeVar

from redaction import redact
from support.core.errors import EnvironmentBroken
from support.core.time_limit import TimeLimitPassed, Worker
from transport.trust import Trust

T = TypeVar("T")

_SHOWN_CHARACTERS = 300
_DRIVERS_SHARE = 0.9
_UNVERIFIED = "CERTIFICATE_VERIFY_FAILED"  # as OpenSSL says it, and every driver after it


class UnusableAnswer(Exception):
    """A store answered something that cannot be used; the text says what, and is shown as it is."""


class StoreCalls:
    """The calls to one store.

    `limit_s` is the time limit of each, s, and `setting` the name of the setting that holds it. `advice` tells a person
    what to look at when a call fails. `forget` is called when a call is given up: it must drop the connection that the
    call may still be using, without waiting for anything. `trust` is what the certificate of a store that speaks TLS is
    verified with.
    """

    def __init__(
        self,
        store: str,
        limit_s: float,
        setting: str,
        advice: str,
        forget: Callable[[], object] = lambda: None,
        trust: Trust | None = None,
    ) -> None:
        self.store, self.limit_s = store, limit_s
        self._setting, self._advice, self._forget, self._trust = setting, advice, forget, trust
        self._idle: deque[Worker] = deque()

    @property
    def driver_limit_s(self) -> float:
        """What to give a driver as its own time limit, s: it ends a little earlier, to tell what it knows."""
        return self.limit_s * _DRIVERS_SHARE

    def make(self, asked: str, call: Callable[[], T], *, waiting_s: float = 0.0) -> T:
        """Make a call and give what it returns.

        `asked` says what is asked for, as in "asked for the queue job_1". `waiting_s` is added to the limit for a
        call that waits for something besides the store's answers. The call runs in another thread.

        Raises:
            EnvironmentBroken: the call raised anything, or had not ended when the time limit had passed.
        """
        started = time.monotonic()
        worker = self._worker()
        try:
            return worker.make(call, self.limit_s + waiting_s)
        except BaseException as error:
            after_s = time.monotonic() - started
            if not worker.is_usable():  # The call was given up, at the time limit or by the user's Ctrl+C.
                self._forget()
            if isinstance(error, TimeLimitPassed):
                raise self.unusable(asked, "nothing came back", after_s) from None
            if isinstance(error, EnvironmentBroken) or not isinstance(error, Exception):
                raise
            # Whatever type it has: on an answer that they do not understand, drivers raise AssertionError and more.
            raise self.unusable(asked, _said(error), after_s) from None
        finally:
            self._idle.append(worker)

    def unusable(
        self, asked: str, seen: str, after_s: float | None = None, advice: str | None = None
    ) -> EnvironmentBroken:
        """The error that says what was asked and what was seen, after how many seconds, and what a person can do."""
        after = "" if after_s is None else f" after {after_s:.1f} s"
        seen = redact(seen)  # Before it is cut: half a secret would not be known as one.
        if advice is None:
            advice = self._advice
        if self._trust is not None and _UNVERIFIED in seen:
            advice = self._trust.advice
        if len(seen) > _SHOWN_CHARACTERS:
            seen = f"{seen[:_SHOWN_CHARACTERS]}…"
        return EnvironmentBroken(
            f"{self.store} cannot be read: asked for {asked}, {seen}{after} (time limit {self._setting} = "
            f"{self.limit_s:g} s). {advice}"
        )

    def close(self, call: Callable[[], object]) -> None:
        """Make a last call, which closes the connection. When it fails that is logged: it changes no verdict."""
        try:
            self.make("the end of the connection", call)
        except EnvironmentBroken as error:
            logging.getLogger("focus").warning("%s", error)
        while self._idle:
            self._idle.pop().end()

    def _worker(self) -> Worker:
        while self._idle:
            worker = self._idle.pop()
            if worker.is_usable():  # No thread survives a fork.
                return worker
        return Worker(f"calls to {self.store}")


def _said(error: Exception) -> str:
    # Some of pika's errors hold their cause, and print nothing.
    text = " ".join((str(error) or ", ".join(map(repr, error.args))).split())
    if isinstance(error, UnusableAnswer):
        return text
    return f"the driver said {type(error).__name__}" + (f": {text}" if text else "")
