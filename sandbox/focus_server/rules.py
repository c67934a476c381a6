"""Step B, validation: the contract's field table and the form of task ids, one rule a function."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from sandbox.focus_server.configuration import MULTICHANNEL, SINGLE_CHANNEL, WATERFALL, Configuration
from sandbox.focus_server.errors import InvalidConfiguration, Violation, violations_of
from sandbox.focus_server.limits import Limits


@dataclass(frozen=True)
class Circumstances:
    """What a rule measures a configuration against."""

    limits: Limits
    now: datetime


Rule = Callable[[Configuration, Circumstances], Iterator[Violation]]


def duration_in_range(config: Configuration, at: Circumstances) -> Iterator[Violation]:
    """The time axis is 1 to 3600 s long."""
    low, high = at.limits.duration_min_s, at.limits.duration_max_s
    if not low <= config.duration_s <= high:
        yield Violation(("displayTimeAxisDuration",), f"must be {low} to {high} s")


def nfft_in_range(config: Configuration, at: Circumstances) -> Iterator[Violation]:
    """The FFT is 128 to 4096 samples long."""
    low, high = at.limits.nfft_min, at.limits.nfft_max
    if not low <= config.nfft <= high:
        yield Violation(("nfftSelection",), f"must be {low} to {high}")


def nfft_power_of_two(config: Configuration, at: Circumstances) -> Iterator[Violation]:
    """The FFT length is a power of two."""
    if config.nfft.bit_count() != 1:
        yield Violation(("nfftSelection",), "must be a power of two")


def height_in_range(config: Configuration, at: Circumstances) -> Iterator[Violation]:
    """The canvas is 1 to 10000 px high."""
    low, high = at.limits.height_min_px, at.limits.height_max_px
    if not low <= config.display.height <= high:
        yield Violation(("displayInfo", "height"), f"must be {low} to {high} px")


def channels_exist(config: Configuration, at: Circumstances) -> Iterator[Violation]:
    """Both ends of the sensor range are sensors."""
    for end, channel in (("min", config.channels.min), ("max", config.channels.max)):
        if not 0 <= channel <= at.limits.last_channel:
            yield Violation(("channels", end), f"must be 0 to {at.limits.last_channel}")


def channels_ascend(config: Configuration, at: Circumstances) -> Iterator[Violation]:
    """The sensor range does not run backwards; one sensor is a range."""
    if config.channels.min > config.channels.max:
        yield Violation(("channels", "min"), "channels.min must be no higher than channels.max")


def frequencies_not_negative(config: Configuration, at: Circumstances) -> Iterator[Violation]:
    """The band starts at 0 Hz or above."""
    if config.frequencies.min < 0:
        yield Violation(("frequencyRange", "min"), "must be 0 Hz or higher")


def frequencies_ascend(config: Configuration, at: Circumstances) -> Iterator[Violation]:
    """The band is no single point and does not run backwards."""
    if config.frequencies.min >= config.frequencies.max:
        yield Violation(("frequencyRange", "min"), "frequencyRange.min must be lower than frequencyRange.max")


def frequencies_up_to_nyquist(config: Configuration, at: Circumstances) -> Iterator[Violation]:
    """The band ends at the Nyquist frequency or below."""
    if config.frequencies.max > at.limits.nyquist_hz:
        yield Violation(
            ("frequencyRange", "max"),
            f"must be no higher than the Nyquist frequency, {at.limits.nyquist_hz:g} Hz",
        )


def view_type_known(config: Configuration, at: Circumstances) -> Iterator[Violation]:
    """The view is multichannel, single channel or waterfall."""
    if config.view_type not in (MULTICHANNEL, SINGLE_CHANNEL, WATERFALL):
        yield Violation(("view_type",), "must be 0 (multichannel), 1 (single channel) or 2 (waterfall)")


def single_channel_is_one(config: Configuration, at: Circumstances) -> Iterator[Violation]:
    """A single-channel view shows one channel."""
    if config.view_type == SINGLE_CHANNEL and config.channels.min != config.channels.max:
        yield Violation(("channels",), "channels.min must equal channels.max when view_type is 1 (single channel)")


def single_channel_counts_from_one(config: Configuration, at: Circumstances) -> Iterator[Violation]:
    """There is no channel 0 in a single-channel view."""
    if config.view_type == SINGLE_CHANNEL and config.channels.min == 0:
        yield Violation(("channels", "min"), "must be 1 or higher when view_type is 1 (single channel)")


def times_go_together(config: Configuration, at: Circumstances) -> Iterator[Violation]:
    """A job is live (no times) or historic (both)."""
    if (config.start_time is None) != (config.end_time is None):
        missing = "start_time" if config.start_time is None else "end_time"
        yield Violation((missing,), "start_time and end_time must be both null or both set")


def times_ascend(config: Configuration, at: Circumstances) -> Iterator[Violation]:
    """A historic window has a length, and does not run backwards."""
    if config.window is not None and config.window[0] >= config.window[1]:
        yield Violation(("start_time",), "start_time must be before end_time")


def times_not_in_future(config: Configuration, at: Circumstances) -> Iterator[Violation]:
    """Nothing has been recorded after now."""
    for field, moment in (("start_time", config.start_time), ("end_time", config.end_time)):
        if moment is not None and moment > at.now:
            yield Violation((field,), "must not be in the future")


ALL_RULES: tuple[Rule, ...] = (
    duration_in_range,
    nfft_in_range,
    nfft_power_of_two,
    height_in_range,
    channels_exist,
    channels_ascend,
    frequencies_not_negative,
    frequencies_ascend,
    frequencies_up_to_nyquist,
    view_type_known,
    single_channel_is_one,
    single_channel_counts_from_one,
    times_go_together,
    times_ascend,
    times_not_in_future,
)


_PATTERN = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}_([0-9]{14})_[0-9a-f]{8}")

TaskIdRule = Callable[[str], Iterator[Violation]]
"""Yields what is wrong with a text as a task id."""


def task_id_well_formed(text: str) -> Iterator[Violation]:
    """A task id is ``{prefix}_{YYYYMMDDHHMMSS}_{8 hex}``, and its date is a real one.

    It need not be a new one: what tells jobs apart is the job id.
    """
    parts = _PATTERN.fullmatch(text)
    if parts is None:
        yield _violation("must be {prefix}_{YYYYMMDDHHMMSS}_{8 lower-case hex digits}, prefix of A-Z a-z 0-9 _ -")
    elif not _is_real(parts[1]):
        yield _violation("must hold a date and time that exist")


def _violation(msg: str) -> Violation:
    return Violation(("task_id",), msg, part="path")


def _is_real(moment: str) -> bool:
    try:
        datetime.strptime(moment, "%Y%m%d%H%M%S")
    except ValueError:
        return False
    return True


class Validator:
    """Checks a decoded JSON body: first its shape and types, then every rule of the field table."""

    def __init__(self, limits: Limits, rules: tuple[Rule, ...] = ALL_RULES) -> None:
        self._limits = limits
        self._rules = rules

    def validate(self, payload: object, now: datetime) -> Configuration:
        """Return the configuration; raise `InvalidConfiguration` with all that is wrong with it."""
        try:
            config = Configuration.model_validate(payload)
        except ValidationError as error:
            raise InvalidConfiguration(violations_of(error)) from None
        at = Circumstances(self._limits, now)
        violations = [violation for rule in self._rules for violation in rule(config, at)]
        if violations:
            raise InvalidConfiguration(violations)
        return config
