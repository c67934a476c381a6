"""The intensities: a made-up signal of sensor, frequency and time; and how many fit into one answer."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

_PEAK = 1000.0
_HALF_AT_HZ = 50.0
_PERIOD_S = 8.0
_WAVELENGTH_SENSORS = 40.0


@dataclass(frozen=True)
class Tone:
    """A signal of one frequency at one sensor, as a shaker makes it; stronger than all else."""

    sensor: int
    frequency_hz: float
    level: float = 4 * _PEAK

    def add_to(self, intensities: list[float], frequencies_hz: Sequence[float]) -> None:
        """Show it at the frequency that is nearest to its own, where that is one of these."""
        if frequencies_hz and frequencies_hz[0] <= self.frequency_hz <= frequencies_hz[-1]:
            distances = [abs(hz - self.frequency_hz) for hz in frequencies_hz]
            intensities[distances.index(min(distances))] = self.level


class Spectrogram:
    """A spectrum that falls with the frequency, and a wave that travels along the fibre and swells it.

    There may be a tone besides.
    """

    def __init__(self, tone: Tone | None = None) -> None:
        self._tone = tone

    def intensities(self, sensors: Sequence[int], frequencies_hz: Sequence[float], at_s: float) -> list[list[float]]:
        """Of each sensor its intensity at each frequency, at a moment in epoch seconds; none is below 0."""
        # Whole eighths: JSON writes short numbers several times faster than those with all digits.
        levels = [int(8 * _PEAK / (1 + hz / _HALF_AT_HZ)) for hz in frequencies_hz]
        swells = (self._swell(sensor, at_s) for sensor in sensors)
        made = [[(level * swell >> 6) / 8 for level in levels] for swell in swells]
        if self._tone is not None and self._tone.sensor in sensors:
            self._tone.add_to(made[sensors.index(self._tone.sensor)], frequencies_hz)
        return made

    def _swell(self, sensor: int, at_s: float) -> int:
        """From half to one and a half, in 64ths."""
        return 64 + round(32 * math.sin(2 * math.pi * (at_s / _PERIOD_S - sensor / _WAVELENGTH_SENSORS)))


VALUES_MAX = 5_000_000
"""Intensities, so that an answer is made in seconds."""


def rows_that_fit(asked: int, sensors: int, frequencies: int, values_max: int = VALUES_MAX) -> int:
    """As many of the rows that are asked for as hold no more intensities than that, but always one."""
    return min(asked, max(1, values_max // max(1, sensors * frequencies)))
