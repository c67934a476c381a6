"""Every setting of the suite, each with what it means.

A value comes from, first wins: an environment variable (`FOCUS__FOCUS_SERVER__BASE_URL`, see `variables`), the
environment's provider (the sandbox prints its addresses), the profile's secrets file, the profile (`config/NAME.toml`,
or any file), the defaults here, which are the contract's.
"""

from __future__ import annotations

import re
from functools import partial
from pathlib import Path
from string import Formatter
from typing import Annotated, Any, Literal, TypeVar
from urllib.parse import unquote

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr
from pydantic_core import PydanticCustomError
from pydantic_settings import (
    BaseSettings,
    EnvSettingsSource,
    NoDecode,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
)

from support.contract.limits import Limits
from support.core.addresses import host_and_port, is_ipv6
from support.core.eventually import WaitPolicy
from support.profile.variables import PREFIX, listed, readable, tabled
from transport.trust import no_certificates_in

ROOT = Path(__file__).resolve().parents[2]


# By hand: the standard library's own splitting refuses, from some release of Python on, what MongoDB may be given.
_ADDRESS = re.compile(
    r"(?P<scheme>[a-z][a-z0-9+.-]*)://(?:(?P<user>[^\s:@/?#]*)(?::(?P<password>[^\s@/?#]*))?@)?(?P<hosts>[^\s@/?#]+)"
    r"(?P<path>/[^\s@?#]*)?(?:\?[^\s#]*)?",
    re.IGNORECASE,
)


def _address(value: SecretStr, schemes: tuple[str, ...]) -> SecretStr:
    """Refuse what is no address, without showing it: a password with a character out of place is not seen as one."""
    found = _ADDRESS.fullmatch(value.get_secret_value())
    if (
        found is None
        or not _is_readable(found["user"])
        or not _is_readable(found["password"])
        or found["scheme"].lower() not in schemes
        or not _are_hosts(found["hosts"], found["scheme"])
    ):
        raise PydanticCustomError(
            "address",
            "this is no address of the form {schemes}://user:password@host:port/… (special characters in a password "
            "are written as %23, %2F, …; an IPv6 address stands in brackets)",
            {"schemes": " or ".join(schemes)},
        )
    return value


def _is_readable(part: str | None) -> bool:
    """Whether each `%` of a user or password begins a character, and all of them are UTF-8."""
    try:
        unquote(part or "", errors="strict").encode()
    except ValueError:
        return False
    return re.search(r"%(?![0-9a-fA-F]{2})", part or "") is None


def _are_hosts(text: str, scheme: str) -> bool:
    """Whether this is a host with a port or without; for MongoDB, several of them."""
    try:
        for one in text.split(",") if scheme.startswith("mongodb") else [text]:
            if is_ipv6(host_and_port(one)[0]) and not one.startswith("["):
                return False
    except ValueError:
        return False
    return True


def _host(text: str) -> str:
    """Refuse what is no host with a port or without."""
    try:
        host_and_port(text)
    except ValueError as error:
        raise PydanticCustomError("host", "{why}, such as server.example:22 or [::1]:22", {"why": str(error)}) from None
    return text


def _plain_address(value: str) -> str:
    """Refuse an address that holds a user or password: it is shown in reports and written into journals."""
    _address(SecretStr(value), ("http", "https"))
    if "@" in value:
        raise PydanticCustomError("address", "an address that is shown must hold no user and no password")
    return value


def _placed(path: Path) -> Path:
    """Expand `~`; a relative path belongs to the root of the checkout, wherever the run was started."""
    try:
        return ROOT / path.expanduser()
    except RuntimeError:
        raise PydanticCustomError(
            "path", "the home directory of {user} is not known; write the whole path", {"user": path.parts[0]}
        ) from None


def _file(path: Path) -> Path:
    if not path.is_file():
        raise PydanticCustomError("file", "expected a file, but {path} is none", {"path": str(path)})
    return path


def _authority(path: Path) -> Path:
    if problem := no_certificates_in(path):
        raise PydanticCustomError(
            "authority", "expected a file or directory of certificates, but {problem}", {"problem": problem}
        )
    return path


Place = Annotated[Path, AfterValidator(_placed)]
"""A path; see `_placed`."""
PresentFile = Annotated[Place, AfterValidator(_file)]
Authority = Annotated[Place, AfterValidator(_authority)]
"""Where certificate authorities are, for `transport.trust`: a PEM file, or a directory of such."""
MongoAddress = Annotated[SecretStr, AfterValidator(partial(_address, schemes=("mongodb", "mongodb+srv")))]


def _pattern(text: str) -> str:
    try:
        re.compile(text)
    except re.error as error:
        raise PydanticCustomError("pattern", "this is no regular expression: {why}", {"why": str(error)}) from None
    return text


def _template(text: str, *, may: tuple[str, ...], must: tuple[str, ...] = ()) -> str:
    """Refuse a text whose {fields} are not those that will be filled in."""
    try:
        fields = {name for _, name, _, _ in Formatter().parse(text) if name is not None}
    except ValueError as error:
        raise PydanticCustomError("template", "the braces do not fit: {why}", {"why": str(error)}) from None
    if not set(must) <= fields or not fields <= {*may, *must}:
        known = ", ".join(f"{{{name}}}" for name in (*must, *may)) or "none"
        raise PydanticCustomError("template", "of what stands in braces, expected {known}", {"known": known})
    return text


def _path(text: str) -> str:
    if not text.startswith("/"):
        raise PydanticCustomError("path", "expected a path that begins with /")
    return text


PlainPath = Annotated[str, AfterValidator(_path), AfterValidator(partial(_template, may=()))]
JobPath = Annotated[str, AfterValidator(_path), AfterValidator(partial(_template, may=(), must=("job_id",)))]
JobName = Annotated[str, AfterValidator(partial(_template, may=("job_id", "object_name")))]
Status = Annotated[int, Field(ge=100, le=599)]
T = TypeVar("T")
# Not decoded by pydantic-settings: a list may be written `a,b`, too, and a mistake in it is told like any other.
Listed = Annotated[tuple[T, ...], NoDecode, BeforeValidator(listed)]
Table = Annotated[dict[str, str], NoDecode, BeforeValidator(tabled)]
Statuses = Annotated[Listed[Status], Field(min_length=1)]


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class FocusServer(_Group):
    """The system under test."""

    base_url: Annotated[str, AfterValidator(_plain_address)] = Field(
        description="address with the base path", examples=["https://focus.example/focus-server"]
    )
    version: str | None = Field(
        None, description="what is deployed there, for the reports: the server does not say it", examples=["1.2.3"]
    )
    request_timeout_s: float = Field(10.0, gt=0, description="no answer by then is a failure of the product")
    ca_file: Authority | None = Field(
        None, description="certificate authority of an https address", examples=["~/ca.pem"]
    )
    log_file: Place | None = Field(
        None, description="the server's log, where this machine can read it", examples=["/var/log/focus.log"]
    )


class Stream(_Group):
    """How a job's stream is reached. Plain gRPC by default, also where the Focus Server speaks TLS."""

    tls: bool = Field(False, description="whether the stream speaks TLS")
    ca_file: Authority | None = Field(
        None,
        description="certificate authority of a stream that speaks TLS; None: the Focus Server's",
        examples=["~/ca.pem"],
    )


class Paths(_Group):
    """Where the server's calls are, below its address."""

    configure: PlainPath = "/configure"
    configure_by_task: Annotated[
        str, AfterValidator(_path), AfterValidator(partial(_template, may=(), must=("task_id",)))
    ] = "/configure/{task_id}"
    health: PlainPath = "/ack"
    job: JobPath = "/job/{job_id}"
    metadata: JobPath = "/metadata/{job_id}"
    channels: PlainPath = "/channels"
    sensors: PlainPath = "/sensors"
    live_metadata: PlainPath = "/live_metadata"
    recordings: PlainPath = "/recordings_in_time_range"
    waterfall: Annotated[
        str, AfterValidator(_path), AfterValidator(partial(_template, may=(), must=("job_id", "rows")))
    ] = "/waterfall/{job_id}/{rows}"

    def creates_jobs(self, path: str) -> bool:
        """Whether a POST to this path asks for a job."""
        return path == self.configure or path.startswith(self.configure_by_task.partition("{")[0])


class MongoDB(_Group):
    """Where the task records are."""

    uri: MongoAddress = Field(examples=["mongodb://user:password@store.example:27017/"])
    database: str = Field(min_length=1, examples=["focus"])
    server_uri: MongoAddress | None = Field(
        None,
        description="what the Focus Server itself is set up with; PZ-13807 is skipped without it",
        examples=["mongodb://server:password@store.example:27017/"],
    )
    tasks_collection: str = Field("tasks", min_length=1)
    recordings_collection: str = Field("recordings", min_length=1)
    ca_file: Authority | None = Field(
        None, description="certificate authority of a server that speaks TLS", examples=["~/ca.pem"]
    )
    timeout_s: float = Field(3.0, gt=0, description="for finding a server and for each operation")


class RabbitMQ(_Group):
    """Where the work queues are."""

    url: Annotated[SecretStr, AfterValidator(partial(_address, schemes=("amqp", "amqps")))] = Field(
        description="amqp(s)://user:password@host:port/virtual-host",
        examples=["amqps://user:password@broker.example:5671/focus"],
    )
    management_url: Annotated[SecretStr, AfterValidator(partial(_address, schemes=("http", "https")))] | None = Field(
        None,
        description="http(s)://user:password@host:port; without it a queue nobody named cannot be seen",
        examples=["https://user:password@broker.example:15671"],
    )
    ca_file: Authority | None = Field(
        None, description="certificate authority of an amqps address", examples=["~/ca.pem"]
    )
    management_ca_file: Authority | None = Field(
        None,
        description="certificate authority of an https management_url; None: the same as ca_file",
        examples=["~/ca.pem"],
    )
    timeout_s: float = Field(3.0, gt=0)


class Kubernetes(_Group):
    """Where the analyzers are."""

    kubeconfig: Place | None = Field(
        None, description="None: the client's own rules (KUBECONFIG, ~/.kube)", examples=["~/.kube/staging"]
    )
    ca_file: Authority | None = Field(
        None,
        description="certificate authority of the API; None: as the kubeconfig says",
        examples=["~/ca.pem"],
    )
    context: str | None = Field(None, description="None: the current one", examples=["staging"])
    namespace: str = Field(min_length=1, examples=["analyzers"])
    timeout_s: float = Field(5.0, gt=0)


class Toxiproxy(_Group):
    """What stands on the ways between the Focus Server and its stores, to break them; each way by its proxy's name."""

    url: Annotated[str, AfterValidator(_plain_address)] | None = Field(
        None, description="address of its API; outages are skipped without it", examples=["http://127.0.0.1:8474"]
    )
    ca_file: Authority | None = Field(
        None, description="certificate authority of an https address", examples=["~/ca.pem"]
    )
    mongodb: str | None = Field(None, description="name of the proxy on that way", examples=["mongodb"])
    rabbitmq: str | None = Field(None, description="name of the proxy on that way", examples=["rabbitmq"])
    kubernetes: str | None = Field(None, description="name of the proxy on that way", examples=["kubernetes"])
    not_relayed: Table = Field(
        {},
        description="by `mongodb`, `rabbitmq` or `kubernetes`, why its way has none; told where it is missed",
        examples=["mongodb=it has none"],
    )

    def proxy_of(self, dependency: str) -> str | None:
        """The proxy on the way to `MongoDB`, `RabbitMQ` or `Kubernetes`, if there is one."""
        return {"MongoDB": self.mongodb, "RabbitMQ": self.rabbitmq, "Kubernetes": self.kubernetes}[dependency]

    def lack_of(self, dependency: str) -> str | None:
        """Why the way to `MongoDB`, `RabbitMQ` or `Kubernetes` cannot be broken; None where it can."""
        if self.proxy_of(dependency) is not None and self.url is not None:
            return None
        setting = dependency.lower()
        if setting in self.not_relayed:
            return self.not_relayed[setting]
        return f"toxiproxy.{'url' if self.url is None else setting} is not set"


class Ssh(_Group):
    """How an operator reaches the servers that the product runs on."""

    hosts: Listed[Annotated[str, AfterValidator(_host)]] = Field(
        (),
        description="host or host:port, an IPv6 address in brackets; PZ-13900 is skipped without any",
        examples=["server-1.example,server-2.example:2222"],
    )
    user: str = Field("operator", min_length=1)
    key_file: PresentFile | None = Field(
        None, description="private key; None: those of the user who runs the suite", examples=["~/.ssh/id_ed25519"]
    )
    known_hosts_file: PresentFile | None = Field(
        None, description="None: the known hosts of that user", examples=["~/.ssh/known_hosts"]
    )
    timeout_s: float = Field(5.0, gt=0)


def object_name_of(job_id: str) -> str:
    """The job id as a Kubernetes name can hold it (contract, "the name trap")."""
    return job_id.replace("_", "-")


class Naming(_Group):
    """How the effects of a job are named. `{job_id}` is the id, `{object_name}` the id with `_` turned to `-`."""

    job_id_pattern: Annotated[str, AfterValidator(_pattern)] = r"job_[0-9a-f]{8}"
    unknown_job_id: str = Field("job_00000000", description="well formed, and of no job")
    job_id_label: str = Field("focus-server/job-id", description="label of an analyzer's Job and pod")
    analyzer: JobName = "baby-analyzer-{object_name}"
    analyzer_image: str = "baby-analyzer:latest"
    analyzer_configuration_variable: str = "FOCUS_CONFIG"
    work_queue: JobName = "grpc-job-{job_id}"
    stream_service: JobName = Field("grpc-service-{object_name}", description="Service of a job, where one is made")
    analyzer_labels: Table = Field(
        {"app.kubernetes.io/name": "baby-analyzer", "app.kubernetes.io/managed-by": "focus-server"},
        description="further labels of an analyzer's Job and pod",
    )
    task_user: str = "automation"
    client_task_id: str = Field("client_task_id", description="field of the record that keeps the client's task id")
    stream_health: Annotated[str, AfterValidator(partial(_template, may=("job_id",)))] = Field(
        "{job_id}", description="service that the stream's health is asked for"
    )

    def analyzer_of(self, job_id: str) -> str:
        """Name of the analyzer's Job; Kubernetes refuses an underscore (contract, "the name trap")."""
        return self.analyzer.format(job_id=job_id, object_name=object_name_of(job_id))

    def work_queue_of(self, job_id: str) -> str:
        """Name of the job's queue."""
        return self.work_queue.format(job_id=job_id, object_name=object_name_of(job_id))

    def stream_service_of(self, job_id: str) -> str:
        """Name of the job's Service."""
        return self.stream_service.format(job_id=job_id, object_name=object_name_of(job_id))


class Answers(_Group):
    """What the server answers with."""

    accepted_statuses: Statuses = (200,)
    cancelled_statuses: Statuses = Field((200,), description="for a job that is running")
    refused_statuses: Statuses = (400, 422)
    unreadable_statuses: Statuses = Field((400,), description="for a body that is no JSON")
    wrong_type_statuses: Statuses = Field((415,), description="for a body that does not say to be JSON")
    too_large_statuses: Statuses = (413,)
    nothing_recorded_statuses: Statuses = (400,)
    unavailable_statuses: Statuses = Field((503,), description="while a store cannot be used")
    unknown_statuses: Statuses = Field((404,), description="for what does not exist")
    cancelled_again_statuses: Statuses = (200, 404)
    stream_port: int = Field(50051, gt=0, le=65535)
    configured_status: str = "configured"
    cancelled_status: str = "cancelled"
    multichannel_streams: Literal["one each", "shared"] = Field(
        "one each", description="whether each channel of a multichannel job has a stream of its own, or all share one"
    )
    no_rows_yet_status: Status = 200
    rows_status: Status = 201
    rows_over_status: Status = 208
    bad_row_count_statuses: Statuses = (400,)
    healthy: Table = Field({"status": "ok"}, description="what the answer to a health check holds")
    headers: Table = Field(
        {
            "X-Content-Type-Options": "nosniff",
            "X-Frame-Options": "DENY",
            "Cache-Control": "no-store",
            "Content-Security-Policy": "default-src 'none'",
        },
        description="headers that protect the reader of any answer",
        examples=["X-Frame-Options=DENY,Cache-Control=no-store"],
    )
    transport_header: str = Field("Strict-Transport-Security", description="on every answer over TLS")


class TimeLimits(_Group):
    """How long is waited, s."""

    effect_appears_s: float = Field(10.0, gt=0, description="for a record, a consumer, a message to be consumed")
    analyzer_runs_s: float = Field(30.0, gt=0, description="for a pod to be Running")
    effect_disappears_s: float = Field(30.0, gt=0, description="after a cancel")
    settling_s: float = Field(0.5, ge=0, description="after the last answer, for what should not appear")
    job_created_s: float = Field(2.0, gt=0, description="PZ-14090")
    health_answered_s: float = Field(2.0, gt=0, description="PZ-14033: each of many health checks at once")
    unavailable_answered_s: float = Field(5.0, gt=0, description="PZ-14781: to be told that a store cannot be used")
    recovered_s: float = Field(10.0, gt=0, description="PZ-14744: until requests succeed again after an outage")
    rows_late_s: float = Field(2.0, gt=0, description="PZ-14067: how much later than its own time a row may come")
    record_store_answers_s: float = Field(0.25, gt=0, description="PZ-13808: half of the answers of the record store")
    rows_appear_s: float = Field(10.0, gt=0, description="for a running job's next rows, beyond the rows' own time")
    playback_ends_s: float = Field(60.0, gt=0, description="for all rows of a playback to be had")
    smallest_found_s: float = Field(20.0, gt=0, description="PZ-13572: for the smallest request that fails as one did")
    poll_interval_s: float = Field(0.1, gt=0)
    clock_tolerance_s: float = Field(2.0, ge=0, description="between this machine's clock and the server's")

    @property
    def between_settling_looks_s(self) -> float:
        """How long is waited between two looks while all should stay as it is, s: it is looked half way, too."""
        return max(self.poll_interval_s, self.settling_s / 2)

    def wait_policy(self, setting: str, interval_s: float | None = None) -> WaitPolicy:
        """Wait as long as `setting` says, and look every `interval_s`, which is `poll_interval_s` if not given."""
        interval_s = self.poll_interval_s if interval_s is None else interval_s
        return WaitPolicy(getattr(self, setting), interval_s, f"time_limits.{setting}")


class EffectsOfAJob(_Group):
    """How many of each kind one accepted job makes."""

    task_record: int = Field(1, ge=0)
    analyzer: int = Field(1, ge=0)
    analyzer_pod: int = Field(1, ge=0)
    work_queue: int = Field(1, ge=0)
    queue_consumer: int = Field(1, ge=0)
    stream_service: int = Field(0, ge=0, description="a deployed server has been seen to make one")


class Provider(_Group):
    """A command that makes the environment for one run.

    It prints the endpoints as one line of JSON in the shape of a profile, and takes the environment away again when
    its standard input ends. `{python}` is the interpreter that runs the suite.
    """

    command: tuple[str, ...]
    ready_within_s: float = Field(90.0, gt=0)


class Reports(_Group):
    """Where the results go."""

    directory: Place = Field(ROOT / "reports", examples=["~/reports"])
    test_case_url: str | None = Field(
        None,
        description="pattern with {key}, for a link to a test case",
        pattern=r"\{key\}",
        examples=["https://jira.example/browse/{key}"],
    )


class Settings(BaseSettings):
    """The profile of one environment, complete and checked."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True)

    exclusive: bool = Field(
        False, description="the run has the environment to itself: side effects are counted by difference"
    )
    focus_server: FocusServer
    stream: Stream = Stream()
    paths: Paths = Paths()
    mongodb: MongoDB
    rabbitmq: RabbitMQ
    kubernetes: Kubernetes
    ssh: Ssh = Ssh()
    toxiproxy: Toxiproxy = Toxiproxy()
    limits: Limits = Limits()
    naming: Naming = Naming()
    answers: Answers = Answers()
    time_limits: TimeLimits = TimeLimits()
    effects_of_a_job: EffectsOfAJob = EffectsOfAJob()
    journals: Place = Field(
        ROOT / ".run" / "journals",
        description="what a killed run leaves is found by these files",
        examples=["~/journals"],
    )
    reports: Reports = Reports()

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        """Let the environment win over what the profile gave."""
        assert isinstance(env_settings, EnvSettingsSource)
        env_settings.env_vars = readable(env_settings.env_vars)
        return env_settings, init_settings

    def trusted_stream(self) -> Stream:
        """How a job's stream is reached; its authority is the Focus Server's where it has none of its own."""
        return self.stream.model_copy(update={"ca_file": self.stream.ca_file or self.focus_server.ca_file})

    def secrets(self) -> tuple[str, ...]:
        """What must never be shown: the passwords of the addresses."""
        urls = [self.mongodb.uri, self.mongodb.server_uri, self.rabbitmq.url, self.rabbitmq.management_url]
        return tuple(password for url in urls if url is not None if (password := password_of(url.get_secret_value())))


def password_of(url: Any) -> str | None:
    """The password in an address, or None."""
    found = _ADDRESS.match(url) if isinstance(url, str) else None
    return found["password"] if found is not None else None
