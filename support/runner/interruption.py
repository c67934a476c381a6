"""Ctrl-C, raised only where a scenario is closed in order afterwards."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import CodeType, FrameType

from behave.matchers import Match

_STEP = Match.run.__code__


@contextmanager
def ending_scenarios_in_order(within: CodeType, end_run: Callable[[], None]) -> Iterator[None]:
    """While this is open, Ctrl-C ends a scenario so that what it has made is still removed.

    In a step it is raised as ever: behave takes that for a failure of the step, and closes the scenario. In the rest of
    what is done `within` this code, as in hooks and between steps, it would leave the scenario open: there `end_run` is
    called instead, which has to see that no other step is begun. Pressed once more, it is raised everywhere. Nothing is
    changed where Ctrl-C is ignored, as in the background.
    """
    before = signal.getsignal(signal.SIGINT)
    if before is not signal.default_int_handler:
        yield
        return
    put_off = False

    def interrupted(number: int, frame: FrameType | None) -> None:
        nonlocal put_off
        if put_off or _runs(_STEP, frame) or not _runs(within, frame):
            raise KeyboardInterrupt
        put_off = True
        end_run()

    signal.signal(signal.SIGINT, interrupted)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _runs(code: CodeType, frame: FrameType | None) -> bool:
    """Whether this code is being run, in the frame or in one that has led to it."""
    while frame is not None and frame.f_code is not code:
        frame = frame.f_back
    return frame is not None
