"""What a running job's region of interest may be changed to, one rule a function: each yields what it finds wrong."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from sandbox.focus_server.errors import Violation
from sandbox.focus_server.limits import Limits
from sandbox.focus_server.region import Region


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
