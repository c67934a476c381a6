"""The figures that follow from a configuration (contract, "Server flow"), and the times of the rows of a waterfall."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile

from sandbox.focus_server.configuration import SINGLE_CHANNEL, Configuration
from sandbox.focus_server.limits import Limits

_MICROSECOND = timedelta(microseconds=1)
_PER_SECOND = 1_000_000


@dataclass(frozen=True)
class RowTimes:
    """Row k covers the samples ``k * hop`` to ``k * hop + length``, counted from `start` at `rate_hz`.

    Reckoned in whole numbers: a row that ends exactly with a recording is still in it.
    """

    start: datetime
    length: int
    hop: int
    rate_hz: int

    def begins(self, row: int) -> float:
        """Its begin, epoch seconds."""
        return self.start.timestamp() + row * self.hop / self.rate_hz

    def ends(self, row: int) -> float:
        """Its end, epoch seconds."""
        return self.start.timestamp() + (row * self.hop + self.length) / self.rate_hz

    def ended_by(self, moment: datetime) -> int:
        """How many rows have ended, one that ends at this very moment included."""
        complete_samples = self._microseconds(moment) * self.rate_hz // _PER_SECOND
        return max(0, (complete_samples - self.length) // self.hop + 1)

    def first_from(self, moment: datetime) -> int:
        """The first row that begins at this moment or later."""
        # Divided downwards with the sign turned round, which is divided upwards.
        begun_samples = -(-self._microseconds(moment) * self.rate_hz // _PER_SECOND)
        return max(0, -(-begun_samples // self.hop))

    def within(self, start: datetime, end: datetime) -> range:
        """The rows that lie wholly within a span of time, its ends included."""
        return range(self.first_from(start), self.ended_by(end))

    def _microseconds(self, moment: datetime) -> int:
        return (moment - self.start) // _MICROSECOND


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
