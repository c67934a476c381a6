"""The intensities: a made-up signal of sensor, frequency and time; and how many fit into one answer."""

import math
from collections.abc import Sequence

_PEAK = 1000.0
_HALF_AT_HZ = 50.0
_PERIOD_S = 8.0
_WAVELENGTH_SENSORS = 40.0


class Spectrogram:
    """A spectrum that falls with the frequency, and a wave that travels along the fibre and swells it."""

    def intensities(self, sensors: Sequence[int], frequencies_hz: Sequence[float], at_s: float) -> list[list[float]]:
        """Of each sensor its intensity at each frequency, at a moment in epoch seconds; none is below 0."""
        # Whole eighths: JSON writes short numbers several times faster than those with all digits.
        levels = [int(8 * _PEAK / (1 + hz / _HALF_AT_HZ)) for hz in frequencies_hz]
        swells = (self._swell(sensor, at_s) for sensor in sensors)
        return [[(level * swell >> 6) / 8 for level in levels] for swell in swells]

    def _swell(self, sensor: int, at_s: float) -> int:
        """From half to one and a half, in 64ths."""
        return 64 + round(32 * math.sin(2 * math.pi * (at_s / _PERIOD_S - sensor / _WAVELENGTH_SENSORS)))


VALUES_MAX = 5_000_000
"""Intensities, so that an answer is made in seconds."""


def rows_that_fit(asked: int, sensors: int, frequencies: int, values_max: int = VALUES_MAX) -> int:
    """As many of the rows that are asked for as hold no more intensities than that, but always one."""
    return min(asked, max(1, values_max // max(1, sensors * frequencies)))
