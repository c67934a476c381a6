"""The limits and figures of an installation, against which requests are checked."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Limits:
    """Accepted ranges, both ends included (contract, field table), and the figures of the signal.

    A region of interest may change its size by ``roi_max_size_change`` of it at once, and move by ``roi_max_shift``
    of its size. Of a live job's waterfall the newest ``waterfall_rows_kept`` rows wait to be asked for.
    """

    duration_min_s: int = 1
    duration_max_s: int = 3600
    nfft_min: int = 128
    nfft_max: int = 4096
    height_min_px: int = 1
    height_max_px: int = 10_000
    sensors: int = 2222
    sampling_rate_hz: int = 2000
    overlap: float = 0.5
    roi_max_size_change: float = 0.5
    roi_max_shift: float = 0.5
    waterfall_rows_max: int = 1000
    waterfall_rows_kept: int = 1000

    @property
    def last_channel(self) -> int:
        """The highest channel: channels count the sensors from 0."""
        return self.sensors - 1

    @property
    def nyquist_hz(self) -> float:
        """Half the sampling rate, Hz; itself an accepted frequency."""
        return self.sampling_rate_hz / 2
