"""Defects of computing: frequencies, times and mappings that do not follow from the configuration."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from sandbox.defects.registry import answering, derived, register, told_by
from sandbox.focus_server.calculation import Calculation
from sandbox.focus_server.composition import Parts
from sandbox.focus_server.configuration import SINGLE_CHANNEL, WATERFALL, Configuration

AREA = "the figures of a job"


def computing(parts: Parts, limits: dict[str, Any] | None = None, **methods: Callable[..., Any]) -> Parts:
    """A server that computes its answers otherwise; its rows are right."""
    calculation = derived(Calculation, **methods)(replace(parts.limits, **(limits or {})))
    return replace(parts, answers=replace(parts.answers, calculation=calculation))


def bins(config: Configuration, first: int = 0, last: int | None = None, rate: float = 2000.0) -> list[float]:
    """All bins of an FFT, Hz."""
    return [k * rate / config.nfft for k in range(first, config.nfft // 2 + 1 if last is None else last)]


def within(config: Configuration, found: list[float]) -> list[float]:
    """Those that lie in the band."""
    return [hz for hz in found if config.frequencies.min <= hz <= config.frequencies.max]


def lowest_end_open(calculation: Any, usual: Any, config: Configuration) -> list[float]:
    """A bin at the lower end of the band is left out."""
    return [hz for hz in usual(config) if hz > config.frequencies.min]


def highest_end_open(calculation: Any, usual: Any, config: Configuration) -> list[float]:
    """A bin at the upper end of the band is left out."""
    return [hz for hz in usual(config) if hz < config.frequencies.max]


def one_bin_below(calculation: Any, usual: Any, config: Configuration) -> list[float]:
    """The bin below the band is listed, too."""
    return [hz for hz in bins(config) if config.frequencies.min - 2000 / config.nfft < hz <= config.frequencies.max]


def one_bin_above(calculation: Any, usual: Any, config: Configuration) -> list[float]:
    """The bin above the band is listed, too."""
    return [hz for hz in bins(config) if config.frequencies.min <= hz <= config.frequencies.max + 2000 / config.nfft]


def upper_end_rounded_up(calculation: Any, usual: Any, config: Configuration) -> list[float]:
    """The upper end of the band is rounded up to a bin."""
    return [hz for hz in bins(config) if config.frequencies.min <= hz < config.frequencies.max + 2000 / config.nfft]


def without_zero(calculation: Any, usual: Any, config: Configuration) -> list[float]:
    """The bins begin with the one after 0 Hz."""
    return within(config, bins(config, first=1))


def without_nyquist(calculation: Any, usual: Any, config: Configuration) -> list[float]:
    """There are as many bins as half the FFT, and none for the Nyquist frequency."""
    return within(config, bins(config, last=config.nfft // 2))


def resolution_of_one_sample_less(calculation: Any, usual: Any, config: Configuration) -> list[float]:
    """The step between frequencies is that of an FFT one sample shorter."""
    return within(config, [hz * config.nfft / (config.nfft - 1) for hz in bins(config)])


def frequencies_of_another_rate(calculation: Any, usual: Any, config: Configuration) -> list[float]:
    """The frequencies are those of another sampling rate."""
    return within(config, bins(config, rate=1000.0))


def streams_from_1(calculation: Any, usual: Any, config: Configuration) -> dict[str, int]:
    """Streams count from 1."""
    return {channel: stream + 1 for channel, stream in usual(config).items()}


def channels_one_further(calculation: Any, usual: Any, config: Configuration) -> dict[str, int]:
    """Each stream is said to be of the channel after its own."""
    return {str(int(channel) + 1): stream for channel, stream in usual(config).items()}


def last_channel_unmapped(calculation: Any, usual: Any, config: Configuration) -> dict[str, int]:
    """The last channel has no stream."""
    return dict(list(usual(config).items())[:-1])


def one_stream_for_all(calculation: Any, usual: Any, config: Configuration) -> dict[str, int]:
    """All channels come over one stream."""
    return dict.fromkeys(usual(config), 0)


def single_channel_by_its_number(calculation: Any, usual: Any, config: Configuration) -> dict[str, int]:
    """A single channel is said to come over the stream of its own number."""
    mapping: dict[str, int] = usual(config)
    return {c: int(c) for c in mapping} if config.view_type == SINGLE_CHANNEL else mapping


def waterfall_as_one_channel(calculation: Any, usual: Any, config: Configuration) -> dict[str, int]:
    """A waterfall view is mapped like a single channel."""
    return usual(config) if config.view_type != WATERFALL else {str(config.channels.min): 0}


def channels_as_one(calculation: Any, usual: Any, config: Configuration) -> dict[str, int]:
    """A single channel is called channel 1 whichever it is."""
    return {"1": 0} if config.view_type == SINGLE_CHANNEL else usual(config)


for method, harm, functions in (
    (
        "frequencies",
        "The frequency axis is wrong: what is heard at one frequency is labelled with another.",
        (
            lowest_end_open,
            highest_end_open,
            one_bin_below,
            one_bin_above,
            upper_end_rounded_up,
            without_zero,
            without_nyquist,
            resolution_of_one_sample_less,
            frequencies_of_another_rate,
        ),
    ),
    (
        "channel_to_stream",
        "What one place of the fibre shows is drawn at another place.",
        (
            streams_from_1,
            channels_one_further,
            last_channel_unmapped,
            one_stream_for_all,
            single_channel_by_its_number,
            channels_as_one,
            waterfall_as_one_channel,
        ),
    ),
):
    for function in functions:
        register(function.__name__, told_by(function)[0], harm, change=partial(computing, **{method: function}))


TIME_AXIS = "The time axis is wrong: an event is dated to another second."
register(
    "overlap_of_a_quarter",
    "The time between rows is that of windows that overlap by a quarter.",
    TIME_AXIS,
    change=partial(computing, limits={"overlap": 0.25}),
)
register(
    "time_between_rows_without_the_rate",
    "The time between rows does not double with the FFT length.",
    TIME_AXIS,
    change=partial(computing, lines_dt=lambda calculation, usual, config: 0.256),
)

for name, words, changes in (
    ("one_channel_too_few", "The number of channels leaves out the last.", {"channel_amount": lambda n: n - 1}),
    ("one_stream_too_many", "There is said to be one stream more.", {"stream_amount": lambda n: n + 1}),
    ("one_frequency_too_many", "There is said to be one frequency more.", {"frequencies_amount": lambda n: n + 1}),
    ("channels_as_decimals", "The number of channels has a decimal.", {"channel_amount": float}),
    ("always_view_0", "Every view is said to be one of many channels.", {"view_type": 0}),
):
    register(
        name,
        words,
        "Clients make room for another picture than the one that comes.",
        change=partial(answering, **changes),
    )


def stale(parts: Parts) -> Parts:
    """The mapping in the answer is that of the job before, after the first.

    An operator who changes the view sees the new place labelled with the old one.
    """
    before: list[dict[str, int]] = []

    def mapping(calculation: Any, usual: Any, config: Configuration) -> dict[str, int]:
        before.append(usual(config))
        return before[-2:][0]

    return computing(parts, channel_to_stream=mapping)


register("mapping_of_the_job_before", *told_by(stale), change=stale)
