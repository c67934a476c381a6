"""The calls about the installation: its sensors, its live source, its recordings (contract, "Other endpoints")."""

from datetime import datetime

from pydantic import BaseModel, ConfigDict, ValidationError

from sandbox.focus_server.configuration import Moment, StrictModel
from sandbox.focus_server.errors import InvalidRequest, NoLiveSource, Violation, violations_of
from sandbox.focus_server.identity import as_iso
from sandbox.focus_server.limits import Limits
from sandbox.focus_server.ports import RecordingStore


class ChannelsAnswer(BaseModel):
    """The answer to GET /channels."""

    model_config = ConfigDict(frozen=True)

    lowest_channel: int
    highest_channel: int


class SensorsAnswer(BaseModel):
    """The answer to GET /sensors."""

    model_config = ConfigDict(frozen=True)

    sensors: list[int]


class LiveAnswer(BaseModel):
    """The answer to GET /live_metadata; ``sampling_rate`` in Hz."""

    model_config = ConfigDict(frozen=True)

    sampling_rate: int
    sensors: int
    started_at: str


class TimeRange(StrictModel):
    """The body of POST /recordings_in_time_range: both ends must be there, and may lie in the future."""

    start_time: Moment
    end_time: Moment


class Discovery:
    """Answers what is there, from the installation's figures and its recordings."""

    def __init__(self, *, limits: Limits, recordings: RecordingStore) -> None:
        self._limits = limits
        self._recordings = recordings

    def channels(self) -> ChannelsAnswer:
        """The channels that there are."""
        return ChannelsAnswer(lowest_channel=0, highest_channel=self._limits.last_channel)

    def sensors(self) -> SensorsAnswer:
        """Every sensor of the fibre."""
        return SensorsAnswer(sensors=list(range(self._limits.sensors)))

    async def live(self) -> LiveAnswer:
        """The live source, which is the recording under way; raises `NoLiveSource`, `DependencyUnavailable`."""
        started = await self._recordings.under_way()
        if started is None:
            raise NoLiveSource
        return LiveAnswer(
            sampling_rate=self._limits.sampling_rate_hz, sensors=self._limits.sensors, started_at=as_iso(started)
        )

    async def recordings_between(self, payload: object) -> list[tuple[float, float]]:
        """Start and end, epoch seconds, of each finished recording that overlaps the time range.

        Raises `InvalidRequest`, `DependencyUnavailable`.
        """
        try:
            asked = TimeRange.model_validate(payload)
        except ValidationError as error:
            raise InvalidRequest(violations_of(error)) from None
        if asked.start_time >= asked.end_time:
            raise InvalidRequest([Violation(("start_time",), "start_time must be before end_time")])
        found = await self._recordings.between(asked.start_time, asked.end_time)
        return [(_epoch(start), _epoch(end)) for start, end in found]


def _epoch(moment: datetime) -> float:
    seconds = moment.timestamp()
    # As JSON, 1735732800 rather than 1735732800.0.
    return int(seconds) if seconds.is_integer() else seconds
