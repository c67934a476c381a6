"""The region of interest (ROI), the sensors that a running job shows, and the rules for changing it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Self

from sandbox.focus_server.configuration import Configuration, StrictModel
from sandbox.focus_server.errors import Violation
from sandbox.focus_server.limits import Limits


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


@dataclass(frozen=True)
class Situation:
    """What a new region is measured against: the one in force, and the installation's figures."""

    current: Region
    limits: Limits


RegionRule = Callable[[Region, Situation], Iterator[Violation]]


def start_not_negative(new: Region, now: Situation) -> Iterator[Violation]:
    """The region starts with sensor 0 at the earliest."""
    if new.start < 0:
        yield Violation(("roi", "start"), "must be 0 or higher")


def end_not_negative(new: Region, now: Situation) -> Iterator[Violation]:
    """The region does not end before sensor 0; its end is the first that is not in it."""
    if new.end < 1:
        yield Violation(("roi", "end"), "must be 1 or higher")


def end_within_fibre(new: Region, now: Situation) -> Iterator[Violation]:
    """The region ends with the last sensor at the latest; its end is the first that is not in it."""
    if new.end > now.limits.sensors:
        yield Violation(("roi", "end"), f"must be no higher than {now.limits.sensors}, the number of sensors")


def holds_a_sensor(new: Region, now: Situation) -> Iterator[Violation]:
    """The region is not empty and does not run backwards."""
    if new.start >= new.end:
        yield Violation(("roi", "start"), "the region is empty or reversed: the start must be lower than the end")


def size_changes_little(new: Region, now: Situation) -> Iterator[Violation]:
    """The size changes by no more than half of the present one."""
    most = now.limits.roi_max_size_change
    if abs(new.size - now.current.size) > most * now.current.size:
        msg = f"unsafe: the size would change from {now.current.size} to {new.size} sensors, more than {most:.0%}"
        yield Violation(("roi",), msg)


def shifts_little(new: Region, now: Situation) -> Iterator[Violation]:
    """The centre moves by no more than half of the present size."""
    most = now.limits.roi_max_shift
    shift = abs(new.centre - now.current.centre)
    if shift > most * now.current.size:
        msg = f"unsafe: a shift by {shift:g} sensors is more than {most:.0%} of the {now.current.size} in view"
        yield Violation(("roi",), msg)


def does_not_jump(new: Region, now: Situation) -> Iterator[Violation]:
    """The region keeps at least one of its sensors."""
    if new.start >= now.current.end or new.end <= now.current.start:
        yield Violation(("roi",), "unsafe: a jump to a region that holds none of the sensors now in view")


BOUNDS: tuple[RegionRule, ...] = (start_not_negative, end_not_negative, end_within_fibre, holds_a_sensor)
SAFETY: tuple[RegionRule, ...] = (size_changes_little, shifts_little, does_not_jump)
"""Of use for a region only that keeps the bounds."""
