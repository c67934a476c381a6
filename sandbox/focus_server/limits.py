"""The figures of an installation that a configuration is measured against."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Accepted ranges, both ends included (contract, field table), and the figures of the signal."""

    duration_min_s: int = 1
    duration_max_s: int = 3600
    nfft_min: int = 128
    nfft_max: int = 4096
    height_min_px: int = 1
    height_max_px: int = 10_000
    sensors: int = 2222
    sampling_rate_hz: int = 2000
    overlap: float = 0.5

    @property
    def last_channel(self) -> int:
        """The highest channel: channels count the sensors from 0."""
        return self.sensors - 1

    @property
    def nyquist_hz(self) -> float:
        """Half the sampling rate, Hz; itself an accepted frequency."""
        return self.sampling_rate_hz / 2
