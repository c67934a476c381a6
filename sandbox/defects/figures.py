"""Defects of computing: frequencies, times and mappings that do not follow from the configuration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from sandbox.defects.answers import answering
from sandbox.defects.defect import Change, Defect, defect, subclass
from sandbox.focus_server.calculation import Calculation
from sandbox.focus_server.composition import Parts
from sandbox.focus_server.configuration import SINGLE_CHANNEL, WATERFALL, Configuration

AREA = "the figures of a job"

RATE_HZ = 2000.0


def computing(limits: dict[str, Any] | None = None, **methods: Callable[..., Any]) -> Change:
    """Compute other answers; rows are right."""

    def change(parts: Parts) -> Parts:
        calculation = subclass(Calculation, **methods)(replace(parts.limits, **(limits or {})))
        return replace(parts, answers=replace(parts.answers, calculation=calculation))

    return change


def frequencies(name: str, summary: str, compute: Callable[[Configuration, list[float]], list[float]]) -> Defect:
    """Other frequencies are listed: computed from the configuration and the right ones."""
    impact = "The frequency axis is wrong: what is heard at one frequency is labelled with another."
    return Defect(
        name, summary, impact, computing(frequencies=lambda self, right, config: compute(config, right(config)))
    )


def mapping(name: str, summary: str, compute: Callable[[Configuration, dict[str, int]], dict[str, int]]) -> Defect:
    """Channels are mapped to other streams: computed from the configuration and the right mapping."""
    impact = "What one place of the fibre shows is drawn at another place."
    change = computing(channel_to_stream=lambda self, right, config: compute(config, right(config)))
    return Defect(name, summary, impact, change)


def bins(config: Configuration, first: int = 0, last: int | None = None, rate_hz: float = RATE_HZ) -> list[float]:
    """All bins of an FFT, Hz."""
    return [k * rate_hz / config.nfft for k in range(first, config.nfft // 2 + 1 if last is None else last)]


def within(config: Configuration, found: list[float], below: float = 0, above: float = 0) -> list[float]:
    """Those that lie in the band, or less than some bins `below` or `above` it."""
    step, band = RATE_HZ / config.nfft, config.frequencies
    return [
        hz
        for hz in found
        if band.min <= hz <= band.max
        or band.min - below * step < hz < band.min
        or band.max < hz < band.max + above * step
    ]


@defect
def mapping_of_the_job_before(parts: Parts) -> Parts:
    """The mapping in the answer is that of the job before, after the first.

    An operator who changes the view sees the new place labelled with the old one.
    """
    before: list[dict[str, int]] = []

    def channel_to_stream(calculation: Any, right: Any, config: Configuration) -> dict[str, int]:
        before.append(right(config))
        return before[-2:][0]

    return computing(channel_to_stream=channel_to_stream)(parts)


@defect
def mapping_by_chance(parts: Parts) -> Parts:
    """The same request is mapped to another stream each time.

    A client that opens the same view again reads the wrong stream.
    """
    made: list[None] = []

    def shifted(mapping: dict[str, int]) -> dict[str, int]:
        made.append(None)
        return {channel: stream + len(made) - 1 for channel, stream in mapping.items()}

    return answering(channel_to_stream_index=shifted)(parts)


_TIME_AXIS = "The time axis is wrong: an event is dated to another second."
_PICTURE = "Clients make room for another picture than the one that comes."

DEFECTS: tuple[Defect, ...] = (
    frequencies(
        "lowest_end_open",
        "A bin at the lower end of the band is left out.",
        lambda config, right: [hz for hz in right if hz > config.frequencies.min],
    ),
    frequencies(
        "highest_end_open",
        "A bin at the upper end of the band is left out.",
        lambda config, right: [hz for hz in right if hz < config.frequencies.max],
    ),
    frequencies(
        "one_bin_below",
        "The bin below the band is listed, too.",
        lambda config, right: within(config, bins(config), below=1),
    ),
    frequencies(
        "one_bin_above",
        "The bin above the band is listed, too.",
        lambda config, right: [
            hz for hz in bins(config) if config.frequencies.min <= hz <= config.frequencies.max + RATE_HZ / config.nfft
        ],
    ),
    frequencies(
        "upper_end_rounded_up",
        "The upper end of the band is rounded up to a bin.",
        lambda config, right: within(config, bins(config), above=1),
    ),
    frequencies(
        "without_zero",
        "The bins begin with the one after 0 Hz.",
        lambda config, right: within(config, bins(config, first=1)),
    ),
    frequencies(
        "without_nyquist",
        "There are as many bins as half the FFT, and none for the Nyquist frequency.",
        lambda config, right: within(config, bins(config, last=config.nfft // 2)),
    ),
    frequencies(
        "resolution_of_one_sample_less",
        "The step between frequencies is that of an FFT one sample shorter.",
        lambda config, right: within(config, [hz * config.nfft / (config.nfft - 1) for hz in bins(config)]),
    ),
    frequencies(
        "frequencies_of_another_rate",
        "The frequencies are those of another sampling rate.",
        lambda config, right: within(config, bins(config, rate_hz=1000.0)),
    ),
    mapping(
        "streams_from_1",
        "Streams count from 1.",
        lambda config, right: {channel: stream + 1 for channel, stream in right.items()},
    ),
    mapping(
        "channels_one_further",
        "Each stream is said to be of the channel after its own.",
        lambda config, right: {str(int(channel) + 1): stream for channel, stream in right.items()},
    ),
    mapping(
        "last_channel_unmapped",
        "The last channel has no stream.",
        lambda config, right: dict(list(right.items())[:-1]),
    ),
    mapping("one_stream_for_all", "All channels come over one stream.", lambda config, right: dict.fromkeys(right, 0)),
    mapping(
        "single_channel_by_its_number",
        "A single channel is said to come over the stream of its own number.",
        lambda config, right: {c: int(c) for c in right} if config.view_type == SINGLE_CHANNEL else right,
    ),
    mapping(
        "channels_as_one",
        "A single channel is called channel 1, whatever its number.",
        lambda config, right: {"1": 0} if config.view_type == SINGLE_CHANNEL else right,
    ),
    mapping(
        "waterfall_as_one_channel",
        "A waterfall view is mapped like a single channel.",
        lambda config, right: right if config.view_type != WATERFALL else {str(config.channels.min): 0},
    ),
    mapping_of_the_job_before,
    mapping_by_chance,
    Defect(
        "overlap_of_a_quarter",
        "The time between rows is that of windows that overlap by a quarter.",
        _TIME_AXIS,
        computing(limits={"overlap": 0.25}),
    ),
    Defect(
        "single_channel_at_half_the_rate",
        "The time between rows of a single channel is twice as long.",
        _TIME_AXIS,
        computing(lines_dt=lambda calculation, right, config: right(config) * (1 + (config.view_type == 1))),
    ),
    Defect(
        "time_between_rows_without_the_rate",
        "The time between rows does not double with the FFT length.",
        _TIME_AXIS,
        computing(lines_dt=lambda calculation, right, config: 0.256),
    ),
    Defect(
        "one_channel_too_few",
        "The number of channels leaves out the last.",
        _PICTURE,
        answering(channel_amount=lambda n: n - 1),
    ),
    Defect(
        "one_stream_too_many",
        "The number of streams is one too large.",
        _PICTURE,
        answering(stream_amount=lambda n: n + 1),
    ),
    Defect(
        "one_frequency_too_many",
        "The number of frequencies is one too large.",
        _PICTURE,
        answering(frequencies_amount=lambda n: n + 1),
    ),
    Defect("channels_as_decimals", "The number of channels has a decimal.", _PICTURE, answering(channel_amount=float)),
    Defect("always_view_0", "Every view is said to be one of many channels.", _PICTURE, answering(view_type=0)),
)
