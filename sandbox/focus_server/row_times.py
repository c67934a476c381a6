"""When the rows of a waterfall begin and end, to the sample."""

from dataclasses import dataclass
from datetime import datetime, timedelta

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
