"""The region of interest (ROI): the sensors that a running job looks at."""

from typing import Self

from sandbox.focus_server.configuration import Configuration, StrictModel


class Region(StrictModel):
    """Sensors ``start <= n < end``: half open, so that it can be said that a region is empty."""

    start: int
    end: int

    @classmethod
    def configured(cls, config: Configuration) -> Self:
        """The region that a job of this configuration begins with: all its channels."""
        return cls(start=config.channels.min, end=config.channels.max + 1)

    @property
    def bounds(self) -> tuple[int, int]:
        """Both ends."""
        return self.start, self.end

    @property
    def size(self) -> int:
        """How many sensors it holds; negative when it runs backwards."""
        return self.end - self.start

    @property
    def centre(self) -> float:
        """The middle of it, in sensors."""
        return (self.start + self.end) / 2

    @property
    def sensors(self) -> range:
        """Its sensors, ascending."""
        return range(self.start, self.end)


def region_in_force(changed: Region | None, config: Configuration) -> Region:
    """The region that a job looks at: the one that it was changed to last, if it ever was."""
    return changed or Region.configured(config)
