"""The limits of the contract, and the product's words for its fields.

Defaults are the contract's ("accepted" column of its field table); a profile may override any of them under
`[limits]`, since a deployed server may have decided otherwise.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from pydantic import BaseModel, ConfigDict, Field


class ViewType(IntEnum):
    """How the result is shown (contract, "Words"). The contract gives 0 and 1; 2 is this project's decision."""

    MULTICHANNEL = 0
    SINGLE_CHANNEL = 1
    WATERFALL = 2


class Limits(BaseModel):
    """The limits of what a request may hold."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    fft_length_min: int = Field(128, gt=0, description="samples")
    fft_length_max: int = Field(4096, gt=0, description="samples")
    fft_length_power_of_two: bool = True
    duration_max_s: int = Field(3600, gt=0)
    height_max_px: int = Field(10_000, gt=0)
    sensors: int = Field(2222, gt=0, description="number of sensors on the fibre; they count from 0")
    sampling_rate_hz: float = Field(2000.0, gt=0)
    overlap: float = Field(0.5, ge=0, lt=1, description="of one FFT window with the next, as a fraction")
    single_channel_min: int = Field(1, ge=0, description="lowest channel of a single channel view")
    rows_max: int = Field(1000, gt=0, description="waterfall rows that can be asked for at once")
    body_max_bytes: int = Field(65_536, gt=0)
    roi_max_size_change: float = Field(0.5, ge=0, description="how much a region may grow or shrink at once")
    roi_max_shift: float = Field(0.5, ge=0, description="how far it may move at once, as a fraction of its size")

    @property
    def last_sensor(self) -> int:
        """The highest sensor; they count from 0."""
        return self.sensors - 1

    @property
    def nyquist_hz(self) -> float:
        """The highest frequency that can be computed, and the highest that is accepted, Hz."""
        return self.sampling_rate_hz / 2

    def range_of(self, parameter: Parameter) -> tuple[float, float]:
        """The smallest and the largest accepted value of a parameter by itself.

        Raises:
            KeyError: the parameter has no such range.
        """
        sensor, frequency = (0, self.last_sensor), (0, self.nyquist_hz)
        ranges: dict[str, tuple[float, float]] = {
            "time axis duration": (1, self.duration_max_s),
            "FFT length": (self.fft_length_min, self.fft_length_max),
            "canvas height": (1, self.height_max_px),
            "channel": (self.single_channel_min, self.last_sensor),
            "first sensor": sensor,
            "last sensor": sensor,
            "lowest frequency": frequency,
            "highest frequency": frequency,
            "view type": (min(ViewType), max(ViewType)),
        }
        return ranges[parameter.words]


@dataclass(frozen=True)
class Parameter:
    """A field of the configuration: the product's words for it, and its path in the payload."""

    words: str
    path: tuple[str, ...]

    @property
    def field(self) -> str:
        """The name that an error about this parameter must hold (contract, "Errors")."""
        group, name = self.path[0], self.path[-1]
        return group if group in ("channels", "frequencyRange") and name in ("min", "max") else name


# Parameters of a request beside its configuration; errors must name them, too.
TASK_ID = Parameter("task id", ("task_id",))
ROW_COUNT = Parameter("number of rows", ("rows",))
UNKNOWN = Parameter("unknown parameter", ("zoom",))

PARAMETERS = {
    parameter.words: parameter
    for parameter in (
        Parameter("time axis duration", ("displayTimeAxisDuration",)),
        Parameter("FFT length", ("nfftSelection",)),
        Parameter("canvas", ("displayInfo",)),
        Parameter("canvas height", ("displayInfo", "height")),
        Parameter("sensor range", ("channels",)),
        Parameter("channel", ("channels",)),  # of a single channel view: a range of one sensor
        Parameter("first sensor", ("channels", "min")),
        Parameter("last sensor", ("channels", "max")),
        Parameter("frequency range", ("frequencyRange",)),
        Parameter("lowest frequency", ("frequencyRange", "min")),
        Parameter("highest frequency", ("frequencyRange", "max")),
        Parameter("start time", ("start_time",)),
        Parameter("end time", ("end_time",)),
        Parameter("view type", ("view_type",)),
    )
}

FIELDS = tuple(dict.fromkeys([*(one.path[0] for one in PARAMETERS.values()), TASK_ID.field]))
"""The names of all fields that a request may have, without what is in them."""

JUDGED_TOGETHER = (frozenset({"channels", "view_type"}), frozenset({"start_time", "end_time"}))
"""Fields of which each can be right only by what the other says: a text about the one may name the other."""

MEASURED_BY = {
    "nfftSelection": frozenset({"view_type"}),
    "displayTimeAxisDuration": frozenset({"displayInfo"}),
    "displayInfo": frozenset({"displayTimeAxisDuration"}),
}
"""By the name of a field, others that a text about it may name, since its limits may depend on them.

Deployed servers have FFT lengths of each view, and divide the time axis by the height.
"""
