"""The settings of an installation, read from ``FOCUS_SERVER_*`` environment variables."""

from pathlib import Path
from typing import Self

from pydantic import Field, SecretStr, ValidationInfo, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, PydanticBaseSettingsSource, SettingsConfigDict

from sandbox.focus_server.back_off import BackOff
from sandbox.focus_server.limits import Limits
from sandbox.focus_server.spectrogram import Tone

_DEFAULTS = Limits()


class Settings(BaseSettings):
    """Settings of one server process; addresses have no default, so that none is used by accident.

    Raises pydantic's ``ValidationError`` naming each variable that is missing or wrong.
    """

    model_config = SettingsConfigDict(env_prefix="FOCUS_SERVER_", frozen=True, extra="ignore")

    host: str = "127.0.0.1"
    port: int = Field(default=0, ge=0, le=65535, description="0 takes a free port")
    base_path: str = Field(default="/focus-server", pattern=r"^(/[A-Za-z0-9._~-]+)*$")

    mongodb_uri: SecretStr
    mongodb_database: str
    rabbitmq_url: SecretStr
    rabbitmq_tls_server_name: str | None = Field(
        default=None, description="the name in the broker's certificate, where the address has another"
    )
    rabbitmq_management_url: SecretStr | None = Field(
        default=None, description="of the same broker, with credentials: queues without a job are found by it"
    )
    kubeconfig: Path
    namespace: str
    shares_stores: bool = Field(
        default=True, description="false: no other server uses the database, the virtual host and the namespace"
    )

    analyzer_image: str = "baby-analyzer:latest"
    stream_url: str = "http://127.0.0.1"
    stream_port: int = Field(default=50051, ge=0, le=65535, description="0 takes a free port")

    tls_cert_file: Path | None = None
    tls_key_file: Path | None = Field(default=None, validate_default=True)

    held: bool = Field(
        default=False,
        description="true: loaded, it waits until its standard input ends, so that it can be started before its stores",
    )

    step_limit_s: float = Field(default=3.0, gt=0, description="longest wait for one dependency, seconds")
    undo_limit_s: float = Field(default=1.0, gt=0, description="longest wait for one undo, seconds")
    retry_interval_s: float = Field(default=0.5, gt=0, description="before the first try to reach a dependency again")
    longest_retry_interval_s: float = Field(default=2.0, gt=0, description="before each try after some failed ones")
    max_body_bytes: int = Field(default=65_536, gt=0)
    body_limit_s: float = Field(default=10.0, gt=0, description="longest wait for a request's body, seconds")

    sensors: int = Field(default=_DEFAULTS.sensors, gt=0)
    sampling_rate_hz: int = Field(default=_DEFAULTS.sampling_rate_hz, gt=0)

    tone_sensor: int | None = Field(default=None, ge=0, description="a sensor that shows a tone; with tone_hz")
    tone_hz: float | None = Field(default=None, gt=0)

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """The environment alone: dotenv files, which nobody can set here, take as long to look for as all else."""
        return init_settings, env_settings

    @field_validator("tls_key_file")
    @classmethod
    def _belongs_to_a_certificate(cls, value: Path | None, info: ValidationInfo) -> Path | None:
        # Without a value of its own, the other one has been found wrong already.
        if (value is None) != (info.data.get("tls_cert_file", value) is None):
            raise PydanticCustomError(
                "incomplete", "must be set together with FOCUS_SERVER_TLS_CERT_FILE, or not at all"
            )
        return value

    @classmethod
    def from_environment(cls) -> Self:
        """Read all settings from the environment."""
        return cls.model_validate({})

    @property
    def tone(self) -> Tone | None:
        """The tone that the fibre shows."""
        if self.tone_sensor is None or self.tone_hz is None:
            return None
        return Tone(self.tone_sensor, self.tone_hz)

    @property
    def back_off(self) -> BackOff:
        """How long is waited before a dependency out of reach is asked again."""
        return BackOff(self.retry_interval_s, self.longest_retry_interval_s)

    @property
    def creation_limit_s(self) -> float:
        """How long the steps of one creation may take: three calls, and some patience with a busy machine."""
        return 4 * self.step_limit_s

    @property
    def settled_after_s(self) -> float:
        """When each creation has either ended or been undone, or else its process has ended."""
        return self.creation_limit_s + self.step_limit_s + 4 * self.undo_limit_s

    @property
    def limits(self) -> Limits:
        """The accepted ranges at this installation's fibre."""
        return Limits(sensors=self.sensors, sampling_rate_hz=self.sampling_rate_hz)
