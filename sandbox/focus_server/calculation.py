"""The figures that a configuration implies (contract, "Server flow", the table of formulas)."""

from dataclasses import dataclass
from datetime import datetime
from itertools import takewhile

from sandbox.focus_server.configuration import SINGLE_CHANNEL, Configuration
from sandbox.focus_server.limits import Limits
from sandbox.focus_server.row_times import RowTimes


@dataclass(frozen=True)
class Figures:
    """What the stream of a job will look like."""

    channel_amount: int
    stream_amount: int
    channel_to_stream_index: dict[str, int]
    frequencies_hz: list[float]
    lines_dt_s: float


class Calculation:
    """Computes the figures for an installation's sampling rate and overlap."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits

    def figures(self, config: Configuration) -> Figures:
        """All figures of a valid configuration."""
        mapping = self.channel_to_stream(config)
        return Figures(
            channel_amount=config.channels.max - config.channels.min + 1,
            stream_amount=len(set(mapping.values())),
            channel_to_stream_index=mapping,
            frequencies_hz=self.frequencies(config),
            lines_dt_s=self.lines_dt(config),
        )

    def channel_to_stream(self, config: Configuration) -> dict[str, int]:
        """Stream of each channel: one each from 0 up, and stream 0 for a single channel."""
        if config.view_type == SINGLE_CHANNEL:
            return {str(config.channels.min): 0}
        channels = range(config.channels.min, config.channels.max + 1)
        return {str(channel): stream for stream, channel in enumerate(channels)}

    def frequencies(self, config: Configuration) -> list[float]:
        """Hz: the bins of the real FFT that lie within the band, both ends included."""
        bins = (k * self._limits.sampling_rate_hz / config.nfft for k in range(config.nfft // 2 + 1))
        up_to_max = takewhile(lambda hz: hz <= config.frequencies.max, bins)
        return [hz for hz in up_to_max if hz >= config.frequencies.min]

    def lines_dt(self, config: Configuration) -> float:
        """Seconds between two lines: windows of NFFT samples, overlapping by half."""
        return config.nfft * (1 - self._limits.overlap) / self._limits.sampling_rate_hz

    def rows(self, config: Configuration, start: datetime) -> RowTimes:
        """When the rows of a waterfall are that starts then."""
        return RowTimes(
            start=start,
            length=config.nfft,
            hop=int(config.nfft * (1 - self._limits.overlap)),
            rate_hz=self._limits.sampling_rate_hz,
        )
