"""Requests for a job and their answers, as the client sees them (contract, "Client flow", steps 1 to 5)."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, datetime
from functools import reduce
from operator import getitem
from typing import Annotated, Any, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StrictInt, ValidationInfo, model_validator
from pydantic_core import PydanticCustomError

from support.contract.broken_rules import CONTRACT, BrokenRule
from support.contract.limits import JUDGED_TOGETHER, PARAMETERS, Limits, Parameter, ViewType

_LIVE: dict[str, Any] = {
    "displayTimeAxisDuration": 10,
    "nfftSelection": 1024,
    "displayInfo": {"height": 1000},
    "channels": {"min": 1, "max": 50},
    "frequencyRange": {"min": 0, "max": 500},
    "start_time": None,
    "end_time": None,
    "view_type": int(ViewType.MULTICHANNEL),
}


_TASK_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,31}_(\d{14})_[0-9a-f]{8}", re.ASCII)
_EPOCH_MAX_S = int(datetime(9999, 12, 31, tzinfo=UTC).timestamp())
_TIMES = {"start_time": "start time", "end_time": "end time"}


def generate_task_id(prefix: str) -> str:
    """Make the client's own id for a request: `{prefix}_{YYYYMMDDHHMMSS}_{8 hex}`, UTC."""
    return f"{prefix}_{datetime.now(UTC):%Y%m%d%H%M%S}_{secrets.token_hex(4)}"


def generate_config_payload(**overrides: Any) -> dict[str, Any]:
    """Make a full, valid live payload; `overrides` replace whole fields of the top level.

    Raises:
        TypeError: an override is not a field of the contract.
    """
    if unknown := sorted(overrides.keys() - _LIVE.keys()):
        raise TypeError(f"no such field of the configuration: {', '.join(unknown)}")
    return {**deepcopy(_LIVE), **deepcopy(overrides)}


def generate_single_channel_payload() -> dict[str, Any]:
    """Make a valid live payload that looks at one sensor alone."""
    return generate_config_payload(view_type=int(ViewType.SINGLE_CHANNEL), channels={"min": 7, "max": 7})


def generate_playback_payload(start: datetime, end: datetime) -> dict[str, Any]:
    """Make a valid payload that plays back a time, in whole seconds; few sensors and frequencies keep it short."""
    return generate_config_payload(
        start_time=int(start.timestamp()),
        end_time=int(end.timestamp()),
        channels={"min": 11, "max": 12},
        frequencyRange={"min": 0, "max": 40},
    )


def is_task_id(text: str) -> bool:
    """Whether a text is a task id as `generate_task_id` makes them; its time must exist."""
    match = _TASK_ID.fullmatch(text)
    try:
        return match is not None and bool(datetime.strptime(match[1], "%Y%m%d%H%M%S"))
    except ValueError:
        return False


def fields_set(payload: Mapping[str, Any]) -> set[str]:
    """The top-level fields that differ from the default payload, or are missing; in JSON, 10.0 differs from 10."""
    missing = _LIVE.keys() - payload.keys()
    return missing | {name for name in payload if json.dumps(payload[name]) != json.dumps(_LIVE.get(name))}


def different_payloads(count: int) -> list[dict[str, Any]]:
    """Full, valid live payloads that all differ: each looks at other sensors."""
    return [generate_config_payload(channels={"min": number, "max": number + 49}) for number in range(1, count + 1)]


def with_value(payload: Mapping[str, Any], parameter: Parameter, value: Any) -> dict[str, Any]:
    """The payload with one parameter set to `value`, valid or not."""
    changed = deepcopy(dict(payload))
    given = {"min": value, "max": value} if parameter.words == "channel" else value
    _parent_of(changed, parameter)[parameter.path[-1]] = given
    return changed


def with_neighbour(payload: Mapping[str, Any], parameter: Parameter, name: str) -> dict[str, Any]:
    """The payload with a further field of that name beside a parameter."""
    changed = deepcopy(dict(payload))
    _parent_of(changed, parameter)[name] = 1
    return changed


def without(payload: Mapping[str, Any], parameter: Parameter) -> dict[str, Any]:
    """The payload with one parameter left out."""
    changed = deepcopy(dict(payload))
    del _parent_of(changed, parameter)[parameter.path[-1]]
    return changed


def _parent_of(payload: dict[str, Any], parameter: Parameter) -> dict[str, Any]:
    return reduce(getitem, parameter.path[:-1], payload)


def point_in_time(value: int | str) -> datetime:
    """Read a time of the payload: epoch seconds, or `yymmddHHMMSS` text in UTC.

    Raises:
        ValueError: it is neither.
    """
    if isinstance(value, int):
        if not 0 <= value <= _EPOCH_MAX_S:
            raise ValueError(f"{value} is not a time after 1970 and before 10000")
        return datetime.fromtimestamp(value, UTC)
    if len(value) != 12 or not value.isascii() or not value.isdigit():
        raise ValueError(f"{value!r} is neither epoch seconds nor yymmddHHMMSS")
    return datetime.strptime(f"20{value}", "%Y%m%d%H%M%S").replace(tzinfo=UTC)


def may_contradict(fields: frozenset[str], payload: object) -> bool:
    """Whether fields of `JUDGED_TOGETHER` may contradict each other in a payload; true where that cannot be told.

    Sensors and view do so in a single channel view alone; times do not where the first is before the second.
    """
    assert fields in JUDGED_TOGETHER, f"{sorted(fields)} are not judged together"
    if not isinstance(payload, Mapping):
        return True
    if "view_type" in fields:
        view = payload.get("view_type")
        return type(view) is not int or view == ViewType.SINGLE_CHANNEL
    given = [payload.get(name) for name in _TIMES]
    times = [value for value in given if isinstance(value, int | str) and not isinstance(value, bool)]
    try:
        return len(times) < len(given) or point_in_time(times[0]) >= point_in_time(times[1])
    except ValueError:
        return True


def _broken(rule: str, *about: str) -> BrokenRule:
    return BrokenRule(rule, tuple(PARAMETERS[words] for words in about))


def _only(kind: Any, wording: str) -> BeforeValidator:
    """Refuse what Python takes for a number and the contract does not: true, "1", and where a whole one is due, 0.0."""

    def check(value: Any) -> Any:
        if isinstance(value, bool) or not isinstance(value, kind):
            raise PydanticCustomError("number", "Input should be {wording}", {"wording": wording})
        return value

    return BeforeValidator(check)


Frequency = Annotated[int | float, _only(int | float, "a number"), Field(ge=0, allow_inf_nan=False)]
Timestamp = StrictInt | str | None


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DisplayInfo(_Part):
    """The canvas that the result is drawn on."""

    height: StrictInt = Field(gt=0, description="px")


class Channels(_Part):
    """A range of sensors, both ends included."""

    min: StrictInt = Field(ge=0)
    max: StrictInt

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min > self.max:
            raise PydanticCustomError("channels", "channels.min is above channels.max")
        return self


class FrequencyRange(_Part):
    """A range of frequencies, Hz."""

    min: Frequency
    max: Frequency

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.min >= self.max:
            raise PydanticCustomError("frequencies", "frequencyRange.min is not below frequencyRange.max")
        return self


class ConfigureRequest(_Part):
    """A configuration that keeps the contract; `ValidationError` is raised for any other.

    Limits are the contract's, unless the validation context has those of a deployment:
    `ConfigureRequest.model_validate(payload, context=limits)`.
    """

    displayTimeAxisDuration: StrictInt = Field(gt=0, description="s")
    nfftSelection: StrictInt = Field(description="samples")
    displayInfo: DisplayInfo
    channels: Channels
    frequencyRange: FrequencyRange
    start_time: Timestamp = None
    end_time: Timestamp = None
    view_type: Annotated[ViewType, _only(int, "a whole number")]

    @model_validator(mode="after")
    def _within_limits(self, info: ValidationInfo) -> Self:
        limits = info.context if isinstance(info.context, Limits) else Limits()
        length, shortest, longest = self.nfftSelection, limits.fft_length_min, limits.fft_length_max
        is_power_of_two = length > 0 and length & (length - 1) == 0
        is_single = self.view_type is ViewType.SINGLE_CHANNEL
        channels, first = self.channels, limits.single_channel_min
        frequencies, last_sensor, nyquist_hz = self.frequencyRange, limits.last_sensor, limits.nyquist_hz
        view = ("sensor range", "view type")
        # Where both ends of a range lie beyond it, the rule is about both.
        sensor = "sensor range" if channels.min > last_sensor else "last sensor"
        frequency = "frequency range" if frequencies.min > nyquist_hz else "highest frequency"
        rules: dict[str, tuple[bool, tuple[str, ...]]] = {
            f"nfftSelection is not within {shortest} to {longest}": (shortest <= length <= longest, ("FFT length",)),
            "nfftSelection is not a power of two": (
                is_power_of_two or not limits.fft_length_power_of_two,
                ("FFT length",),
            ),
            f"displayTimeAxisDuration is above {limits.duration_max_s}": (
                self.displayTimeAxisDuration <= limits.duration_max_s,
                ("time axis duration",),
            ),
            f"displayInfo.height is above {limits.height_max_px}": (
                self.displayInfo.height <= limits.height_max_px,
                ("canvas height",),
            ),
            f"channels.max is above {last_sensor}": (channels.max <= last_sensor, (sensor,)),
            f"frequencyRange.max is above the Nyquist frequency, {nyquist_hz:g} Hz": (
                frequencies.max <= nyquist_hz,
                (frequency,),
            ),
            "channels of a single channel view differ": (not is_single or channels.min == channels.max, view),
            f"channels of a single channel view count from {first}": (not is_single or channels.min >= first, view),
        }
        broken = [_broken(rule, *about) for rule, (holds, about) in rules.items() if not holds]
        broken += self._broken_time_rules()
        if broken:
            told = {"rules": "; ".join(rule.words for rule in broken), "broken": broken}
            raise PydanticCustomError(CONTRACT, "{rules}", told)
        return self

    def _broken_time_rules(self) -> list[BrokenRule]:
        if (self.start_time is None) != (self.end_time is None):
            return [_broken("start_time and end_time are neither both null nor both set", *_TIMES.values())]
        if self.start_time is None or self.end_time is None:
            return []
        broken, moments = [], {}
        for name, value in (("start_time", self.start_time), ("end_time", self.end_time)):
            try:
                moments[name] = point_in_time(value)
            except ValueError as error:
                broken.append(_broken(f"{name}: {error}", _TIMES[name]))
        if broken:
            return broken
        if moments["start_time"] >= moments["end_time"]:
            broken.append(_broken("start_time is not before end_time", *_TIMES.values()))
        now = datetime.now(UTC)
        future = [name for name, moment in moments.items() if moment > now]
        return broken + [_broken(f"{name} lies in the future", _TIMES[name]) for name in future]

    def payload(self) -> dict[str, Any]:
        """The request as it is sent, and as the stores must hold it."""
        return self.model_dump(mode="json")


class ConfigureResponse(BaseModel):
    """The server's answer to an accepted request; required are the fields that every server must give."""

    model_config = ConfigDict(extra="allow", frozen=True)

    job_id: str = Field(min_length=1)
    stream_url: str = Field(min_length=1)
    stream_port: StrictInt = Field(gt=0, le=65535)
    status: str | None = None
    created_at: datetime | None = None
