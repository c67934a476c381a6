"""Values that features give by name: `the smallest`, `one above the largest`, `one second in the future`.

Their numbers depend on the limits of the environment, and on the time of the request.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import Any, Literal

from tenacity import Retrying, retry_if_result, wait_fixed

from support.contract.limits import Parameter
from support.profile.settings import Settings

# A time less than one second ahead must still be ahead when the request arrives.
_EARLY_IN_A_SECOND = 0.6
_LOOK_AGAIN_S = 0.02


@dataclass(frozen=True)
class Bound:
    """A value at, or next to, the smallest or largest accepted one; `just above` is the next number of a double."""

    end: Literal["smallest", "largest"]
    step: Literal[-1, 0, 1, "just above"] = 0

    def value(self, smallest: float, largest: float) -> float:
        """The value, given the accepted range."""
        at = smallest if self.end == "smallest" else largest
        return math.nextafter(at, math.inf) if self.step == "just above" else at + self.step


@dataclass(frozen=True)
class RelativeTime:
    """A time in whole seconds, relative to now; one second ahead is the next whole second, less than 1 s away."""

    seconds_ahead: int

    def value(self, tolerance_s: float) -> int:
        """Epoch seconds; for a time ahead this waits for the first part of a second, 0.4 s at most.

        The clocks may differ by `tolerance_s`; the time is moved away from the present by that much, so that both agree
        whether it is past.
        """
        apart = math.ceil(tolerance_s)
        if self.seconds_ahead <= 0:
            return int(time.time()) + self.seconds_ahead - apart
        is_late = retry_if_result(lambda now: now % 1 > _EARLY_IN_A_SECOND)
        return int(Retrying(retry=is_late, wait=wait_fixed(_LOOK_AGAIN_S))(time.time)) + self.seconds_ahead + apart


def resolve(value: Any, parameter: Parameter, settings: Settings) -> Any:
    """The value as it goes into a configuration.

    Raises:
        KeyError: the parameter has no smallest and largest value.
    """
    if isinstance(value, Bound):
        return value.value(*settings.limits.range_of(parameter))
    return value.value(settings.time_limits.clock_tolerance_s) if isinstance(value, RelativeTime) else value
