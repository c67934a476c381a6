"""A clock for durations that are shown with the time of day: it is never set back."""

from __future__ import annotations

import time


class SteadyTime:
    """A wall clock that is read once and continued by the monotonic clock. It can replace the module `time`."""

    def __init__(self) -> None:
        """Read the wall clock."""
        self._offset_s = time.time() - time.monotonic()

    def time(self) -> float:
        """Seconds since 1970, never less than before."""
        return self._offset_s + time.monotonic()

    def time_ms(self) -> int:
        """Milliseconds since 1970."""
        return round(self.time() * 1000)
