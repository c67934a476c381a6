"""The toxics, which delay or drop what a proxy relays, in the form that the API has for them."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Stream = Literal["upstream", "downstream"]
Milliseconds = Annotated[int, Field(ge=0)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LatencyAttributes(_Model):
    """Every chunk is late by so much."""

    latency: Milliseconds = 0
    jitter: Literal[0] = 0


class TimeoutAttributes(_Model):
    """The connection is closed after so much; 0: when the toxic is removed."""

    timeout: Milliseconds = 0


class _Toxic(_Model):
    name: str = ""
    stream: Stream = "downstream"
    toxicity: float = Field(default=1.0, ge=1, le=1)


class Latency(_Toxic):
    """Delays what is sent."""

    type: Literal["latency"]
    attributes: LatencyAttributes = LatencyAttributes()


class Timeout(_Toxic):
    """Drops what is sent."""

    type: Literal["timeout"]
    attributes: TimeoutAttributes = TimeoutAttributes()


Toxic = Annotated[Latency | Timeout, Field(discriminator="type")]
