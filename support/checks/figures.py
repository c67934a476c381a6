"""The figures that follow from a configuration, computed here from the contract's formulas and numpy's conventions.

Nothing is taken from an answer: what the server says is compared with these.
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
    def streams(self) -> int:
        """Number of distinct streams."""
        return len(set(self.channel_to_stream.values()))

    @property
    def values_per_row(self) -> int:
        """Intensities in a row."""
        return len(self.channels) * len(self.frequencies_hz)

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
    """Raise ExpectationFailed unless the answer about a job tells a figure rightly.

    `figure` is one of the names in `FIGURES`; another is a `ValueError`.
    """
    if figure not in FIGURES:
        raise ValueError(f"there is no figure '{figure}'; there are: {', '.join(FIGURES)}")
    try:
        problems = [
            f"{what} is {_short(told)} instead of {_short(right)}"
            for what, (told, right) in FIGURES[figure](_Told(job.exchange.answer()), wanted, job.payload).items()
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


Comparisons = Mapping[str, tuple[Any, Any]]
"""By what is compared: what the answer tells, and what is right."""

FIGURES: Mapping[str, Callable[[_Told, Figures, Mapping[str, Any]], Comparisons]] = {
    "frequency resolution": lambda told, right, payload: {
        "the step of frequencies_list": (
            np.diff(told["frequencies_list"]),
            np.full(len(right.frequencies_hz) - 1, right.resolution_hz),
        )
    },
    "list of frequencies": lambda told, right, payload: {
        "frequencies_list": (told["frequencies_list"], right.frequencies_hz),
        "frequencies_amount": (told["frequencies_amount"], len(right.frequencies_hz)),
    },
    "highest frequency": lambda told, right, payload: {
        "the highest of frequencies_list": (
            max(told["frequencies_list"], default=nan),
            float(right.frequencies_hz[-1]),
        )
    },
    "time between rows": lambda told, right, payload: {"lines_dt": (told["lines_dt"], right.lines_dt_s)},
    "number of channels": lambda told, right, payload: {
        "channel_amount": (told["channel_amount"], len(right.channels)),
    },
    "mapping of channels to streams": lambda told, right, payload: {
        "channel_to_stream_index": (told["channel_to_stream_index"], dict(right.channel_to_stream)),
    },
    "number of streams": lambda told, right, payload: {
        "stream_amount": (told["stream_amount"], right.streams),
        "the number of streams in channel_to_stream_index": (
            len(set(told["channel_to_stream_index"].values())),
            right.streams,
        ),
    },
    "view type": lambda told, right, payload: {"view_type": (told["view_type"], int(payload["view_type"]))},
}
"""The product's words for each figure of an answer, and how it is compared."""
