"""The figures that follow from a configuration, computed here from the contract's formulas and numpy's conventions.

Nothing is taken from an answer: what the server says is held against these.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from math import ceil, floor, nan
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import Field, FiniteFloat, TypeAdapter, ValidationError

from support.api.job import Job
from support.contract.limits import Limits, ViewType
from support.core.errors import require
from support.core.validation import validation_problems
from support.profile.settings import Answers

_BYTES_OF_A_VALUE = 4  # a single precision number
_ROUNDING = 1e-4  # of a number of rows, computed from epoch seconds
_KINDS: Mapping[str, TypeAdapter[Any]] = {
    "frequencies_list": TypeAdapter(list[FiniteFloat]),
    "lines_dt": TypeAdapter(Annotated[FiniteFloat, Field(gt=0)]),
    "channel_to_stream_index": TypeAdapter(dict[str, int]),
    **dict.fromkeys(("frequencies_amount", "channel_amount", "stream_amount", "view_type"), TypeAdapter(int)),
}


@dataclass(frozen=True)
class Figures:
    """What the stream of a job looks like."""

    resolution_hz: float
    frequencies_hz: npt.NDArray[np.float64]
    window_s: float
    lines_dt_s: float
    channels: range
    channel_to_stream: Mapping[str, int]

    @property
    def rows_per_second(self) -> float:
        """The output rate, Hz."""
        return 1 / self.lines_dt_s

    @property
    def streams(self) -> int:
        """Number of distinct streams."""
        return len(set(self.channel_to_stream.values()))

    @property
    def bytes_per_second(self) -> float:
        """The data rate of the stream."""
        return len(self.channels) * len(self.frequencies_hz) * _BYTES_OF_A_VALUE * self.rows_per_second

    def bytes_on_display(self, duration_s: float) -> float:
        """Memory that the rows of the whole time axis take."""
        return self.bytes_per_second * duration_s

    def rows_within(self, start: datetime, end: datetime, begun: datetime | None = None) -> int:
        """How many whole rows lie between two moments, of a job that began at the first of them, or when it is said."""
        begun_s = (begun or start).timestamp()
        first = ceil((start.timestamp() - begun_s) / self.lines_dt_s - _ROUNDING)
        last = floor((end.timestamp() - begun_s - self.window_s) / self.lines_dt_s + _ROUNDING)
        return max(0, last - first + 1)


def figures_of(payload: Mapping[str, Any], limits: Limits, answers: Answers) -> Figures:
    """Compute the figures of a valid configuration (contract, "Server flow", the table of formulas)."""
    length, band, sensors = payload["nfftSelection"], payload["frequencyRange"], payload["channels"]
    frequencies = np.fft.rfftfreq(length, d=1 / limits.sampling_rate_hz)
    channels = range(sensors["min"], sensors["max"] + 1)
    shared = payload["view_type"] == ViewType.SINGLE_CHANNEL or answers.multichannel_streams == "shared"
    window_s = length / limits.sampling_rate_hz
    return Figures(
        resolution_hz=float(frequencies[1] - frequencies[0]),
        frequencies_hz=frequencies[(frequencies >= band["min"]) & (frequencies <= band["max"])],
        window_s=window_s,
        lines_dt_s=window_s * (1 - limits.overlap),
        channels=channels,
        channel_to_stream={str(channel): 0 if shared else stream for stream, channel in enumerate(channels)},
    )


def expect_figure(figure: str, job: Job, wanted: Figures) -> None:
    """See that one figure, given by its name in `FIGURES`, is told rightly in the answer about a job.

    Raises:
        ExpectationFailed: it is not.
        ValueError: there is no figure of that name.
    """
    if figure not in FIGURES:
        raise ValueError(f"there is no figure '{figure}'; there are: {', '.join(FIGURES)}")
    answer = _Told(job.exchange.answer())
    try:
        problems = [
            f"{what} is {_short(told)} instead of {_short(right)}"
            for what, told, right in FIGURES[figure](answer, wanted, job.payload)
            if not _same(told, right)
        ]
    except _NotTold as fault:
        problems = [str(fault)]
    require(f"the {figure} that follows from the configuration", problems, job.exchange)


class _NotTold(Exception):
    """An answer lacks a figure, or has something in its place that is none."""


class _Told(dict[str, Any]):
    """An answer; a figure that is taken from it is there and of its kind."""

    def __getitem__(self, name: str) -> Any:
        if name not in self:
            raise _NotTold(f"the answer has no {name}")
        try:
            return _KINDS[name].validate_python(self.get(name), strict=True)
        except ValidationError as error:
            raise _NotTold(validation_problems(error, within=(name,))[0]) from None


def _same(told: Any, right: Any) -> bool:
    """Figures are equal to nine digits; numbers of things, and their names, exactly."""
    if isinstance(right, dict | int):
        return bool(told == right and type(told) is type(right))
    return np.shape(told) == np.shape(right) and bool(np.allclose(told, right, rtol=1e-9, atol=0))


def _short(value: Any) -> str:
    if np.ndim(value) and len(value) > 4:
        return f"{len(value)} values from {value[0]:.9g} to {value[-1]:.9g}"
    text = str(value)
    return text if len(text) <= 200 else f"{text[:200]} …"


Judgement = tuple[str, Any, Any]
Judge = Callable[[Mapping[str, Any], Figures, Mapping[str, Any]], list[Judgement]]


def _frequency_resolution(answer: Mapping[str, Any], wanted: Figures, payload: Mapping[str, Any]) -> list[Judgement]:
    steps = np.diff(answer["frequencies_list"])
    return [("the step of frequencies_list", steps, np.full(len(wanted.frequencies_hz) - 1, wanted.resolution_hz))]


def _frequency_bins(answer: Mapping[str, Any], wanted: Figures, payload: Mapping[str, Any]) -> list[Judgement]:
    return [
        ("frequencies_list", answer["frequencies_list"], wanted.frequencies_hz),
        ("frequencies_amount", answer["frequencies_amount"], len(wanted.frequencies_hz)),
    ]


def _highest_frequency(answer: Mapping[str, Any], wanted: Figures, payload: Mapping[str, Any]) -> list[Judgement]:
    told = answer["frequencies_list"]
    return [("the highest of frequencies_list", max(told, default=nan), float(wanted.frequencies_hz[-1]))]


def _time_between_rows(answer: Mapping[str, Any], wanted: Figures, payload: Mapping[str, Any]) -> list[Judgement]:
    return [("lines_dt", answer["lines_dt"], wanted.lines_dt_s)]


def _output_rate(answer: Mapping[str, Any], wanted: Figures, payload: Mapping[str, Any]) -> list[Judgement]:
    return [("1 / lines_dt", 1 / answer["lines_dt"], wanted.rows_per_second)]


def _overlap(answer: Mapping[str, Any], wanted: Figures, payload: Mapping[str, Any]) -> list[Judgement]:
    share = 1 - answer["lines_dt"] / wanted.window_s
    return [("the share of a window that the next one has, too", share, 1 - wanted.lines_dt_s / wanted.window_s)]


def _channels(answer: Mapping[str, Any], wanted: Figures, payload: Mapping[str, Any]) -> list[Judgement]:
    return [("channel_amount", answer["channel_amount"], len(wanted.channels))]


def _mapping(answer: Mapping[str, Any], wanted: Figures, payload: Mapping[str, Any]) -> list[Judgement]:
    return [("channel_to_stream_index", answer["channel_to_stream_index"], dict(wanted.channel_to_stream))]


def _streams(answer: Mapping[str, Any], wanted: Figures, payload: Mapping[str, Any]) -> list[Judgement]:
    told = answer["channel_to_stream_index"]
    return [
        ("stream_amount", answer["stream_amount"], wanted.streams),
        ("the number of streams in channel_to_stream_index", len(set(told.values())), wanted.streams),
    ]


def _data_rate(answer: Mapping[str, Any], wanted: Figures, payload: Mapping[str, Any]) -> list[Judgement]:
    return [("the data rate, bytes/s", _told_rate(answer), wanted.bytes_per_second)]


def _memory(answer: Mapping[str, Any], wanted: Figures, payload: Mapping[str, Any]) -> list[Judgement]:
    duration_s = payload["displayTimeAxisDuration"]
    return [("the memory on display, bytes", _told_rate(answer) * duration_s, wanted.bytes_on_display(duration_s))]


def _told_rate(answer: Mapping[str, Any]) -> float:
    values = answer["channel_amount"] * answer["frequencies_amount"]
    return float(values * _BYTES_OF_A_VALUE / answer["lines_dt"])


def _view(answer: Mapping[str, Any], wanted: Figures, payload: Mapping[str, Any]) -> list[Judgement]:
    return [("view_type", answer["view_type"], int(payload["view_type"]))]


FIGURES: Mapping[str, Judge] = {
    "frequency resolution": _frequency_resolution,
    "list of frequencies": _frequency_bins,
    "highest frequency": _highest_frequency,
    "time between rows": _time_between_rows,
    "output rate": _output_rate,
    "overlap of windows": _overlap,
    "number of channels": _channels,
    "mapping of channels to streams": _mapping,
    "number of streams": _streams,
    "data rate": _data_rate,
    "memory use": _memory,
    "view": _view,
}
"""The product's words for each figure of an answer, and what is told with what is right."""
