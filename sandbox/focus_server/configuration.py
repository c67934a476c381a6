"""The shape of a configuration: its fields and their types (contract, field table and "Numbers")."""

import re
from datetime import UTC, datetime
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, PlainValidator
from pydantic_core import PydanticCustomError

MULTICHANNEL, SINGLE_CHANNEL, WATERFALL = 0, 1, 2

_MOMENT_TEXT = re.compile(r"[0-9]{12}")
_EPOCH_MAX = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp())


def _moment(value: Any) -> datetime:
    """Whole epoch seconds, or ``yymmddHHMMSS`` text in UTC (always of this century)."""
    refused = PydanticCustomError("moment", "must be whole epoch seconds or yymmddHHMMSS text")
    if type(value) is int and 0 <= value <= _EPOCH_MAX:
        return datetime.fromtimestamp(value, UTC)
    if isinstance(value, str) and _MOMENT_TEXT.fullmatch(value):
        try:
            return datetime.strptime(f"20{value}", "%Y%m%d%H%M%S").replace(tzinfo=UTC)
        except ValueError:
            raise refused from None
    raise refused


def _moment_or_null(value: Any) -> datetime | None:
    return None if value is None else _moment(value)


Moment = Annotated[datetime, PlainValidator(_moment)]
MomentOrNull = Annotated[datetime | None, PlainValidator(_moment_or_null)]


class StrictModel(BaseModel):
    """Something that a client sends."""

    # Strict: neither true nor 1024.0 nor "1" is an integer. Fields carry the wire's names as aliases, so
    # that errors name the field as the client knows it.
    model_config = ConfigDict(strict=True, extra="forbid", frozen=True, allow_inf_nan=False)


class DisplayInfo(StrictModel):
    """The canvas."""

    height: int


class Channels(StrictModel):
    """The sensor range, both ends included."""

    min: int
    max: int


class FrequencyRange(StrictModel):
    """Hz, both ends included."""

    min: float
    max: float


class Configuration(StrictModel):
    """A configuration whose types are right; whether its values are accepted is for the rules."""

    duration_s: int = Field(alias="displayTimeAxisDuration")
    nfft: int = Field(alias="nfftSelection")
    display: DisplayInfo = Field(alias="displayInfo")
    channels: Channels
    frequencies: FrequencyRange = Field(alias="frequencyRange")
    start_time: MomentOrNull = None
    end_time: MomentOrNull = None
    view_type: int

    @property
    def window(self) -> tuple[datetime, datetime] | None:
        """The time window of a historic job; None for a live one."""
        if self.start_time is None or self.end_time is None:
            return None
        return self.start_time, self.end_time
