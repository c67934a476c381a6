"""Defects of checking a configuration: limits that are off by one, and rules left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from sandbox.defects.registry import Changed, register
from sandbox.focus_server import rules
from sandbox.focus_server.composition import Parts
from sandbox.focus_server.configuration import SINGLE_CHANNEL, WATERFALL, Configuration
from sandbox.focus_server.errors import Violation
from sandbox.focus_server.rules import ALL_RULES, Circumstances, Rule, Validator

AREA = "limits of a configuration"

# What a limit that is off by one does, on either side.
TURNED_AWAY = "A view that the product promises is turned away."
LET_IN = "A job is made that cannot be computed: it costs a pod and shows nothing."


def measured(parts: Parts, **figures: Any) -> Parts:
    """A server that measures configurations against other limits."""
    return replace(parts, validator=Validator(replace(parts.limits, **figures)))


for name, words, harm, figures in (
    ("fft_from_129", "The shortest FFT is refused.", TURNED_AWAY, {"nfft_min": 129}),
    ("fft_from_64", "An FFT is accepted that is half as long as the shortest.", LET_IN, {"nfft_min": 64}),
    ("fft_up_to_2048", "The longest FFT is refused.", TURNED_AWAY, {"nfft_max": 2048}),
    ("fft_up_to_8192", "An FFT is accepted that is twice as long as the longest.", LET_IN, {"nfft_max": 8192}),
    ("duration_from_0", "A time axis of no length is accepted.", LET_IN, {"duration_min_s": 0}),
    ("duration_from_2", "The shortest time axis is refused.", TURNED_AWAY, {"duration_min_s": 2}),
    ("duration_up_to_3599", "The longest time axis is refused.", TURNED_AWAY, {"duration_max_s": 3599}),
    (
        "duration_up_to_3601",
        "A time axis of a second more than the longest is accepted.",
        LET_IN,
        {"duration_max_s": 3601},
    ),
    ("height_from_0", "A canvas of no height is accepted.", LET_IN, {"height_min_px": 0}),
    ("height_from_2", "The lowest canvas is refused.", TURNED_AWAY, {"height_min_px": 2}),
    ("height_up_to_9999", "The highest canvas is refused.", TURNED_AWAY, {"height_max_px": 9_999}),
    ("height_up_to_10001", "A canvas one line higher than the highest is accepted.", LET_IN, {"height_max_px": 10_001}),
    ("sensors_up_to_2220", "The last sensor is refused.", TURNED_AWAY, {"sensors": 2221}),
    ("sensors_up_to_2222", "A sensor behind the last is accepted.", LET_IN, {"sensors": 2223}),
    ("frequencies_up_to_999", "The Nyquist frequency is refused.", TURNED_AWAY, {"sampling_rate_hz": 1998}),
    ("frequencies_up_to_1000_5", "A frequency just above Nyquist is accepted.", LET_IN, {"sampling_rate_hz": 2001}),
    ("frequencies_up_to_1001", "A frequency of 1 Hz above Nyquist is accepted.", LET_IN, {"sampling_rate_hz": 2002}),
):
    register(name, words, harm, change=partial(measured, **figures))


def ruled(parts: Parts, without: Rule | None, *added: Rule) -> Parts:
    """A server with one of the rules left out, and others added."""
    kept = tuple(rule for rule in ALL_RULES if rule is not without)
    return replace(parts, validator=Validator(parts.limits, kept + added))


for rule in ALL_RULES:
    register(
        f"without_{rule.__name__}", f"It is not checked: {rule.__doc__}", LET_IN, change=partial(ruled, without=rule)
    )


def refusing(field: str, when: Callable[[Configuration, Circumstances], bool]) -> Rule:
    """A rule of another making."""

    def rule(config: Configuration, at: Circumstances) -> Iterator[Violation]:
        if when(config, at):
            yield Violation((field,), "refused")

    return rule


for name, words, harm, without, field, when in (
    ("sensors_from_1", "The first sensor is refused.", TURNED_AWAY, None, "channels", lambda c, at: c.channels.min < 1),
    (
        "sensors_from_minus_1",
        "A sensor before the first is accepted.",
        LET_IN,
        rules.channels_exist,
        "channels",
        lambda c, at: c.channels.min < -1 or c.channels.max > at.limits.last_channel,
    ),
    (
        "channels_from_2",
        "The lowest channel of a single channel view is refused.",
        TURNED_AWAY,
        None,
        "channels",
        lambda c, at: c.view_type == SINGLE_CHANNEL and c.channels.min < 2,
    ),
    (
        "no_range_of_one_sensor",
        "A range of a single sensor is refused.",
        TURNED_AWAY,
        None,
        "channels",
        lambda c, at: c.view_type != SINGLE_CHANNEL and c.channels.min == c.channels.max,
    ),
    (
        "a_single_frequency",
        "A band that is a single frequency is accepted.",
        LET_IN,
        rules.frequencies_ascend,
        "frequencyRange",
        lambda c, at: c.frequencies.min > c.frequencies.max,
    ),
    (
        "frequencies_just_below_0",
        "A frequency just below 0 Hz is accepted.",
        LET_IN,
        rules.frequencies_not_negative,
        "frequencyRange",
        lambda c, at: c.frequencies.min < -0.01,
    ),
    (
        "no_waterfall_view",
        "A waterfall view is refused.",
        TURNED_AWAY,
        None,
        "view_type",
        lambda c, at: c.view_type == WATERFALL,
    ),
    (
        "views_up_to_3",
        "A view of type 3 is accepted.",
        LET_IN,
        rules.view_type_known,
        "view_type",
        lambda c, at: not 0 <= c.view_type <= 3,
    ),
    (
        "views_from_minus_1",
        "A view of type -1 is accepted.",
        LET_IN,
        rules.view_type_known,
        "view_type",
        lambda c, at: not -1 <= c.view_type <= 2,
    ),
    (
        "ends_as_it_begins",
        "A playback is accepted that ends when it begins.",
        LET_IN,
        rules.times_ascend,
        "start_time",
        lambda c, at: c.window is not None and c.window[0] > c.window[1],
    ),
    (
        "future_of_the_end_only",
        "Of a time in the future only the end is told.",
        "The operator mends one time, and is turned away because of the other.",
        rules.times_not_in_future,
        "end_time",
        lambda c, at: c.end_time is not None and c.end_time > at.now,
    ),
    (
        "no_playback_of_a_second",
        "A playback of a second is refused.",
        TURNED_AWAY,
        None,
        "start_time",
        lambda c, at: c.window is not None and c.window[1] - c.window[0] < timedelta(seconds=2),
    ),
    (
        "end_without_beginning",
        "A playback is accepted that has no beginning.",
        LET_IN,
        rules.times_go_together,
        "end_time",
        lambda c, at: c.start_time is not None and c.end_time is None,
    ),
    (
        "beginning_without_end",
        "A playback is accepted that has no end.",
        LET_IN,
        rules.times_go_together,
        "start_time",
        lambda c, at: c.start_time is None and c.end_time is not None,
    ),
):
    added = refusing(field, when)
    register(name, words, harm, change=lambda parts, without=without, added=added: ruled(parts, without, added))


def clock_off(parts: Parts, seconds: float) -> Parts:
    """A server that checks times by a clock of its own."""

    def validate(validator: Any, payload: Any, now: datetime) -> Any:
        return validator.validate(payload, now + timedelta(seconds=seconds))

    return replace(parts, validator=Changed(parts.validator, validate=validate))


register("a_second_ahead", "A time one second in the future is accepted.", LET_IN, change=partial(clock_off, seconds=1))
register(
    "seconds_behind",
    "The last three seconds are taken for the future.",
    TURNED_AWAY,
    change=partial(clock_off, seconds=-3),  # With one, a request at the end of a second would be accepted.
)
