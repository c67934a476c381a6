"""Defects of checking a configuration: limits that are off by one, and rules left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sandbox.defects.defect import Change, Defect, override
from sandbox.focus_server import rules
from sandbox.focus_server.configuration import SINGLE_CHANNEL, WATERFALL, Configuration
from sandbox.focus_server.errors import Violation
from sandbox.focus_server.rules import ALL_RULES, Circumstances, Rule, Validator

AREA = "limits of a configuration"

# What a limit that is off by one does, on either side.
REJECTED = "A view that the product promises is rejected."
ACCEPTED = "A job is created that cannot be computed: it costs a pod and shows nothing."


def limiting(**limits: Any) -> Change:
    """Check configurations against other limits."""
    return lambda parts: replace(parts, validator=Validator(replace(parts.limits, **limits)))


def without(rule: Rule | None, *added: Rule) -> Change:
    """Leave out one of the rules, and add others."""
    others = tuple(one for one in ALL_RULES if one is not rule)
    return lambda parts: replace(parts, validator=Validator(parts.limits, others + added))


def rejecting(
    field: str, when: Callable[[Configuration, Circumstances], bool], instead_of: Rule | None = None
) -> Change:
    """Reject some configurations because of a field, in the place of a rule, or in addition to all rules."""

    def rule(config: Configuration, at: Circumstances) -> Iterator[Violation]:
        if when(config, at):
            yield Violation((field,), "refused")

    return without(instead_of, rule)


def clock_off(seconds: float) -> Change:
    """Check times by a clock that is off."""

    def validate(validator: Any, payload: Any, now: datetime) -> Any:
        return validator.validate(payload, now + timedelta(seconds=seconds))

    return override("validator", validate=validate)


DEFECTS: tuple[Defect, ...] = (
    Defect("fft_from_129", "The shortest FFT is rejected.", REJECTED, limiting(nfft_min=129)),
    Defect("fft_from_64", "An FFT is accepted that is half as long as the shortest.", ACCEPTED, limiting(nfft_min=64)),
    Defect("fft_up_to_2048", "The longest FFT is rejected.", REJECTED, limiting(nfft_max=2048)),
    Defect(
        *("fft_up_to_8192", "An FFT is accepted that is twice as long as the longest.", ACCEPTED),
        limiting(nfft_max=8192),
    ),
    Defect("duration_from_0", "A time axis of no length is accepted.", ACCEPTED, limiting(duration_min_s=0)),
    Defect("duration_from_2", "The shortest time axis is rejected.", REJECTED, limiting(duration_min_s=2)),
    Defect("duration_up_to_3599", "The longest time axis is rejected.", REJECTED, limiting(duration_max_s=3599)),
    Defect(
        *("duration_up_to_3601", "A time axis a second longer than the longest is accepted.", ACCEPTED),
        limiting(duration_max_s=3601),
    ),
    Defect("height_from_0", "A canvas of no height is accepted.", ACCEPTED, limiting(height_min_px=0)),
    Defect("height_from_2", "The lowest canvas is rejected.", REJECTED, limiting(height_min_px=2)),
    Defect("height_up_to_9999", "The highest canvas is rejected.", REJECTED, limiting(height_max_px=9_999)),
    Defect(
        *("height_up_to_10001", "A canvas one line higher than the highest is accepted.", ACCEPTED),
        limiting(height_max_px=10_001),
    ),
    Defect("sensors_up_to_2220", "The last sensor is rejected.", REJECTED, limiting(sensors=2221)),
    Defect("sensors_up_to_2222", "A sensor after the last is accepted.", ACCEPTED, limiting(sensors=2223)),
    Defect("frequencies_up_to_999", "The Nyquist frequency is rejected.", REJECTED, limiting(sampling_rate_hz=1998)),
    Defect(
        *("frequencies_up_to_1000_5", "A frequency just above Nyquist is accepted.", ACCEPTED),
        limiting(sampling_rate_hz=2001),
    ),
    Defect(
        *("frequencies_up_to_1001", "A frequency of 1 Hz above Nyquist is accepted.", ACCEPTED),
        limiting(sampling_rate_hz=2002),
    ),
    *(
        Defect(f"without_{rule.__name__}", f"It is not checked: {rule.__doc__}", ACCEPTED, without(rule))
        for rule in ALL_RULES
    ),
    Defect(
        *("sensors_from_1", "The first sensor is rejected.", REJECTED),
        rejecting("channels", lambda c, at: c.channels.min < 1),
    ),
    Defect(
        *("sensors_from_minus_1", "A sensor before the first is accepted.", ACCEPTED),
        rejecting(
            "channels",
            lambda c, at: c.channels.min < -1 or c.channels.max > at.limits.last_channel,
            instead_of=rules.channels_exist,
        ),
    ),
    Defect(
        *("channels_from_2", "The lowest channel of a single channel view is rejected.", REJECTED),
        rejecting("channels", lambda c, at: c.view_type == SINGLE_CHANNEL and c.channels.min < 2),
    ),
    Defect(
        *("no_range_of_one_sensor", "A range of a single sensor is rejected.", REJECTED),
        rejecting("channels", lambda c, at: c.view_type != SINGLE_CHANNEL and c.channels.min == c.channels.max),
    ),
    Defect(
        *("a_single_frequency", "A band that is a single frequency is accepted.", ACCEPTED),
        rejecting(
            "frequencyRange",
            lambda c, at: c.frequencies.min > c.frequencies.max,
            instead_of=rules.frequencies_ascend,
        ),
    ),
    Defect(
        *("frequencies_just_below_0", "A frequency just below 0 Hz is accepted.", ACCEPTED),
        rejecting(
            "frequencyRange",
            lambda c, at: c.frequencies.min < -0.01,
            instead_of=rules.frequencies_not_negative,
        ),
    ),
    Defect(
        *("no_waterfall_view", "A waterfall view is rejected.", REJECTED),
        rejecting("view_type", lambda c, at: c.view_type == WATERFALL),
    ),
    Defect(
        *("views_up_to_3", "A view of type 3 is accepted.", ACCEPTED),
        rejecting("view_type", lambda c, at: not 0 <= c.view_type <= 3, instead_of=rules.view_type_known),
    ),
    Defect(
        *("views_from_minus_1", "A view of type -1 is accepted.", ACCEPTED),
        rejecting("view_type", lambda c, at: not -1 <= c.view_type <= 2, instead_of=rules.view_type_known),
    ),
    Defect(
        *("ends_as_it_begins", "A playback is accepted that ends when it begins.", ACCEPTED),
        rejecting(
            "start_time",
            lambda c, at: c.window is not None and c.window[0] > c.window[1],
            instead_of=rules.times_ascend,
        ),
    ),
    Defect(
        "future_of_the_end_only",
        "When both times are in the future, only the end is rejected.",
        "The operator corrects one time, and is rejected because of the other.",
        rejecting(
            "end_time",
            lambda c, at: c.end_time is not None and c.end_time > at.now,
            instead_of=rules.times_not_in_future,
        ),
    ),
    Defect(
        *("no_playback_of_a_second", "A playback of a second is rejected.", REJECTED),
        rejecting(
            "start_time", lambda c, at: c.window is not None and c.window[1] - c.window[0] < timedelta(seconds=2)
        ),
    ),
    Defect(
        *("end_without_beginning", "A playback is accepted that has no beginning.", ACCEPTED),
        rejecting(
            "end_time",
            lambda c, at: c.start_time is not None and c.end_time is None,
            instead_of=rules.times_go_together,
        ),
    ),
    Defect(
        *("beginning_without_end", "A playback is accepted that has no end.", ACCEPTED),
        rejecting(
            "start_time",
            lambda c, at: c.start_time is None and c.end_time is not None,
            instead_of=rules.times_go_together,
        ),
    ),
    Defect("a_second_ahead", "A time one second in the future is accepted.", ACCEPTED, clock_off(seconds=1)),
    Defect(
        *("seconds_behind", "The last three seconds are taken for the future.", REJECTED),
        clock_off(seconds=-3),  # With one, a request at the end of a second would be accepted.
    ),
)
