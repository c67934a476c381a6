"""Step G: the answers about a job that clients get."""

from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel, ConfigDict

from sandbox.focus_server.calculation import Calculation
from sandbox.focus_server.configuration import Configuration
from sandbox.focus_server.grpc_stream import HealthStream
from sandbox.focus_server.identity import as_iso
from sandbox.focus_server.ports import JobRecord, Payload
from sandbox.focus_server.region import Region, region_in_force


class ConfigureAnswer(BaseModel):
    """The answer to POST /configure (contract, step G and "More of the answer")."""

    model_config = ConfigDict(frozen=True)

    job_id: str
    stream_url: str
    stream_port: int
    status: str
    created_at: str
    view_type: int
    channel_amount: int
    stream_amount: int
    channel_to_stream_index: dict[str, int]
    frequencies_list: list[float]
    frequencies_amount: int
    lines_dt: float
    task_id: str | None = None

    def wire(self) -> dict[str, Any]:
        """What is sent: without a task id where the client gave none."""
        return self.model_dump(exclude_unset=True)


class MetadataAnswer(ConfigureAnswer):
    """The answer to GET /metadata/{job_id}: the same, the configuration as sent, and the region of interest."""

    config: Payload
    roi: Region


class CancelAnswer(BaseModel):
    """The answer to DELETE /job/{job_id}."""

    job_id: str
    status: str


@dataclass(frozen=True)
class Answers:
    """Puts answers together from records."""

    calculation: Calculation
    stream_url: str
    stream: HealthStream

    def configured(self, record: JobRecord) -> ConfigureAnswer:
        """What the client of a new job is told."""
        config = Configuration.model_validate(record.config)
        figures = self.calculation.figures(config)
        return ConfigureAnswer(
            job_id=record.job_id,
            stream_url=self.stream_url,
            stream_port=self.stream.port,
            status=record.status,
            created_at=as_iso(record.created_at),
            view_type=config.view_type,
            channel_amount=figures.channel_amount,
            stream_amount=figures.stream_amount,
            channel_to_stream_index=figures.channel_to_stream_index,
            frequencies_list=figures.frequencies_hz,
            frequencies_amount=len(figures.frequencies_hz),
            lines_dt=figures.lines_dt_s,
            **_task_id(record),
        )

    def metadata(self, record: JobRecord) -> MetadataAnswer:
        """What anyone who asks for a job is told; a cancelled one too, with that status."""
        roi = region_in_force(record.roi, Configuration.model_validate(record.config))
        return MetadataAnswer(**self.configured(record).wire(), config=record.config, roi=roi)

    def cancelled(self, record: JobRecord) -> CancelAnswer:
        """What the client that cancelled a job is told."""
        return CancelAnswer(job_id=record.job_id, status=record.status)


def _task_id(record: JobRecord) -> dict[str, str]:
    return {} if record.client_task_id is None else {"task_id": record.client_task_id}
