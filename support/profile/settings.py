"""Every setting of the suite, with its meaning.

The first source that has a value wins: an environment variable (`FOCUS__FOCUS_SERVER__BASE_URL`, see `variables`), the
environment's provider (the sandbox prints its addresses), the profile's secrets file, the profile (`config/NAME.toml`,
or any file), the defaults here, which are the contract's.
"""

from __future__ import annotations

from typing import Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic_settings import BaseSettings, EnvSettingsSource, PydanticBaseSettingsSource, SettingsConfigDict

from support.contract.limits import Limits
from support.core.eventually import WaitPolicy
from support.core.files import ROOT
from support.profile import setting_types as types
from support.profile.setting_types import password_of
from support.profile.variables import PREFIX, readable


class _Group(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)


class FocusServer(_Group):
    """The system under test."""

    base_url: types.PlainAddress = Field(
        description="with the base path", examples=["https://focus.example/focus-server"]
    )
    version: str | None = Field(None, description="for the reports; the server does not tell it", examples=["1.2.3"])
    request_timeout_s: float = Field(10.0, gt=0, description="no answer by then is a failure of the product")
    ca_file: types.CaFile = Field(None, description="certificate authority of an https address")
    log_file: types.ExpandedPath | None = Field(
        None, description="the server's log, if this machine can read it", examples=["/var/log/focus.log"]
    )


class Stream(_Group):
    """How a job's stream is reached: in plain gRPC by default, even where the Focus Server speaks TLS."""

    tls: bool = Field(False, description="whether the stream speaks TLS")
    ca_file: types.CaFile = Field(None, description="certificate authority of a TLS stream; None: the Focus Server's")
    call: str | None = Field(
        None,
        description="call that streams a job's rows (docs/wire-forms.md); without it no stream is read",
        pattern=r"^/[A-Za-z0-9_.]+/[A-Za-z0-9_]+$",
        examples=["/focus.stream.v1.JobStream/Rows"],
    )


class Signal(_Group):
    """A signal that is known to be on the fibre, as of a shaker or a pump; without one it is not looked for."""

    sensor: int | None = Field(None, ge=0, description="the sensor that is nearest to it", examples=["777"])
    frequency_hz: float | None = Field(None, gt=0, examples=["250"])


class Paths(_Group):
    """The paths of the server's calls, below its address."""

    configure: types.PlainPath = "/configure"
    configure_by_task: types.TaskPath = "/configure/{task_id}"
    health: types.PlainPath = "/ack"
    job: types.JobPath = "/job/{job_id}"
    metadata: types.JobPath = "/metadata/{job_id}"
    channels: types.PlainPath = "/channels"
    sensors: types.PlainPath = "/sensors"
    live_metadata: types.PlainPath = "/live_metadata"
    recordings: types.PlainPath = "/recordings_in_time_range"
    waterfall: types.RowsPath = "/waterfall/{job_id}/{rows}"

    def creates_jobs(self, path: str) -> bool:
        """Whether a POST to this path asks for a job."""
        return path == self.configure or path.startswith(self.configure_by_task.partition("{")[0])


class MongoDB(_Group):
    """Where the task records are."""

    uri: types.MongoAddress = Field(examples=["mongodb://user:password@store.example:27017/"])
    database: str = Field(min_length=1, examples=["focus"])
    server_uri: types.MongoAddress | None = Field(
        None,
        description="the Focus Server's own; PZ-13807 is skipped without it",
        examples=["mongodb://server:password@store.example:27017/"],
    )
    tasks_collection: str = Field("tasks", min_length=1)
    recordings_collection: str = Field("recordings", min_length=1)
    ca_file: types.CaFile = Field(None, description="certificate authority of a server that speaks TLS")
    timeout_s: float = Field(3.0, gt=0, description="for finding a server and for each operation")


class RabbitMQ(_Group):
    """Where the work queues are."""

    url: types.AmqpAddress = Field(
        description="amqp(s)://user:password@host:port/virtual-host",
        examples=["amqps://user:password@broker.example:5671/focus"],
    )
    management_url: types.HttpAddress | None = Field(
        None,
        description="http(s)://user:password@host:port; without it only queues of known names can be seen",
        examples=["https://user:password@broker.example:15671"],
    )
    ca_file: types.CaFile = Field(None, description="certificate authority of an amqps address")
    event_virtual_host: str = Field("/", description="where the plugin rabbitmq_event_exchange has its exchange")
    management_ca_file: types.CaFile = Field(None, description="the same for an https management_url; None: as ca_file")
    timeout_s: float = Field(3.0, gt=0)


class Kubernetes(_Group):
    """Where the analyzers are."""

    kubeconfig: types.ExpandedPath | None = Field(
        None, description="None: the client's own rules (KUBECONFIG, ~/.kube)", examples=["~/.kube/staging"]
    )
    ca_file: types.CaFile = Field(None, description="certificate authority of the API; None: as the kubeconfig says")
    context: str | None = Field(None, description="None: the current one", examples=["staging"])
    namespace: str = Field(min_length=1, examples=["analyzers"])
    timeout_s: float = Field(5.0, gt=0)
    left_alone: types.Listed[types.KindOrObject] = Field(
        (
            "configmaps/kube-root-ca.crt",
            "controllerrevisions.apps",
            "endpoints",
            "endpointslices.discovery.k8s.io",
            "events",
            "events.events.k8s.io",
            "leases.coordination.k8s.io",
            "pods.metrics.k8s.io",
            "serviceaccounts/default",
        ),
        description="kinds and objects that Kubernetes and the product change by themselves; all else must not change",
        examples=["events,configmaps/leader"],
    )


class Toxiproxy(_Group):
    """Toxiproxy, with a proxy between the Focus Server and each of its stores; outages are made with it."""

    url: types.PlainAddress | None = Field(
        None, description="address of its API; outages are skipped without it", examples=["http://127.0.0.1:8474"]
    )
    ca_file: types.CaFile = Field(None, description="certificate authority of an https address")
    mongodb: str | None = Field(None, description="name of its proxy", examples=["mongodb"])
    rabbitmq: str | None = Field(None, description="name of its proxy", examples=["rabbitmq"])
    kubernetes: str | None = Field(None, description="name of its proxy", examples=["kubernetes"])
    not_relayed: types.Table = Field(
        {},
        description="why a store (`mongodb`, `rabbitmq`, `kubernetes`) has no proxy; shown by what is skipped for it",
        examples=["mongodb=it has none"],
    )

    def proxy_of(self, dependency: str) -> str | None:
        """The proxy of `MongoDB`, `RabbitMQ` or `Kubernetes`, if there is one."""
        return {"MongoDB": self.mongodb, "RabbitMQ": self.rabbitmq, "Kubernetes": self.kubernetes}[dependency]

    def why_unbreakable(self, dependency: str) -> str | None:
        """Why the connection to `MongoDB`, `RabbitMQ` or `Kubernetes` cannot be broken; None if it can."""
        if self.proxy_of(dependency) is not None and self.url is not None:
            return None
        setting = dependency.lower()
        if setting in self.not_relayed:
            return self.not_relayed[setting]
        return f"toxiproxy.{'url' if self.url is None else setting} is not set"


class Workloads(_Group):
    """The parts of the product as workloads of Kubernetes. Scenarios tagged `@disruptive` stop, kill and scale them."""

    disposable: bool = Field(False, description="whether parts of this environment may be stopped, killed and scaled")
    namespace: str | None = Field(None, min_length=1, description="None: kubernetes.namespace", examples=["panda"])
    mongodb: types.Workload | None = Field(None, examples=["statefulset/mongodb"])
    rabbitmq: types.Workload | None = Field(None, examples=["statefulset/rabbitmq-panda"])
    focus_server: types.Workload | None = Field(None, examples=["deployment/panda-panda-focus-server"])
    recorder: types.Workload | None = Field(None, examples=["deployment/segy-recorder"])

    def why_untouchable(self, part: str) -> str | None:
        """Why `MongoDB`, `RabbitMQ`, `Focus Server` or `recorder` may not be disturbed; None if it may."""
        if not self.disposable:
            return "workloads.disposable is not set"
        return f"workloads.{_setting_of(part)} is not set" if self.of(part) is None else None

    def of(self, part: str) -> str | None:
        """The workload of a part, if it is named."""
        named: str | None = getattr(self, _setting_of(part))
        return named


def _setting_of(part: str) -> str:
    return part.lower().replace(" ", "_")


class Ssh(_Group):
    """How an operator reaches the servers that the product runs on."""

    hosts: types.Listed[types.Host] = Field(
        (),
        description="host or host:port, an IPv6 address in brackets; PZ-13900 is skipped without one",
        examples=["server-1.example,server-2.example:2222"],
    )
    user: str = Field("operator", min_length=1)
    key_file: types.PresentFile | None = Field(
        None, description="private key; None: the keys of the user who runs the suite", examples=["~/.ssh/id_ed25519"]
    )
    known_hosts_file: types.PresentFile | None = Field(
        None, description="None: the known hosts of that user", examples=["~/.ssh/known_hosts"]
    )
    timeout_s: float = Field(5.0, gt=0)


def object_name_of(job_id: str) -> str:
    """The job id as a Kubernetes name can hold it (contract, "the name trap")."""
    return job_id.replace("_", "-")


def _filled(name: str, job_id: str) -> str:
    return name.format(job_id=job_id, object_name=object_name_of(job_id))


class Naming(_Group):
    """How a job's effects are named. `{job_id}` is the id, `{object_name}` the id with `-` in place of `_`."""

    job_id_pattern: types.Pattern = r"job_[0-9a-f]{8}"
    unknown_job_id: str = Field("job_00000000", description="well formed, but not of any job")
    job_id_label: str = Field("focus-server/job-id", description="label of an analyzer's Job and pod")
    analyzer: types.JobName = "baby-analyzer-{object_name}"
    analyzer_image: str = "baby-analyzer:latest"
    analyzer_configuration_variable: str = "FOCUS_CONFIG"
    work_queue: types.JobName = "grpc-job-{job_id}"
    stream_service: types.JobName = Field(
        "grpc-service-{object_name}", description="a job's Service, where the server makes one"
    )
    analyzer_labels: types.Table = Field(
        {"app.kubernetes.io/name": "baby-analyzer", "app.kubernetes.io/managed-by": "focus-server"},
        description="further labels of an analyzer's Job and pod",
    )
    task_user: str = "automation"
    client_task_id: str = Field("client_task_id", description="field of the record that keeps the client's task id")
    stream_health: types.StreamName = Field("{job_id}", description="service that the stream's health is asked for")

    def analyzer_of(self, job_id: str) -> str:
        """Name of the analyzer's Job; Kubernetes refuses an underscore (contract, "the name trap")."""
        return _filled(self.analyzer, job_id)

    def work_queue_of(self, job_id: str) -> str:
        """Name of the job's queue."""
        return _filled(self.work_queue, job_id)

    def stream_service_of(self, job_id: str) -> str:
        """Name of the job's Service."""
        return _filled(self.stream_service, job_id)


class Answers(_Group):
    """What the server answers with."""

    accepted_statuses: types.Statuses = (200,)
    cancelled_statuses: types.Statuses = Field((200,), description="for a job that is running")
    refused_statuses: types.Statuses = (400, 422)
    unreadable_statuses: types.Statuses = Field((400,), description="for a body that is not JSON")
    wrong_type_statuses: types.Statuses = Field((415,), description="for a body without the media type of JSON")
    too_large_statuses: types.Statuses = (413,)
    nothing_recorded_statuses: types.Statuses = (400,)
    unavailable_statuses: types.Statuses = Field((503,), description="while a store cannot be used")
    too_many_jobs_statuses: types.Statuses = Field(
        (429, 503), description="when there are as many jobs as there can be"
    )
    internal_error_statuses: types.Statuses = Field((500,), description="for what the server did not foresee")
    unknown_statuses: types.Statuses = Field((404,), description="for what does not exist")
    cancelled_again_statuses: types.Statuses = (200, 404)
    stream_port: int = Field(50051, gt=0, le=65535)
    configured_status: str = "configured"
    cancelled_status: str = "cancelled"
    multichannel_streams: Literal["one each", "shared"] = Field(
        "one each", description="whether each channel of a multichannel job has its own stream, or all share one"
    )
    no_rows_yet_status: types.Status = 200
    rows_status: types.Status = 201
    rows_over_status: types.Status = 208
    bad_row_count_statuses: types.Statuses = (400,)
    healthy: types.Table = Field({"status": "ok"}, description="what the answer to a health check holds")
    headers: types.Table = Field(
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
    tls_needed_statuses: types.Statuses = Field(
        (400, 403, 421, 426), description="of a refusal without TLS, as proxies give it, beside a redirect to https"
    )

    @model_validator(mode="after")
    def _statuses_of_rows_differ(self) -> Self:
        if len({self.no_rows_yet_status, self.rows_status, self.rows_over_status}) < 3:
            raise ValueError(
                "no_rows_yet_status, rows_status and rows_over_status must differ: "
                "by them an answer says whether it has rows and whether more will come"
            )
        return self


class TimeLimits(_Group):
    """Time limits, s: how long the suite waits."""

    effect_appears_s: float = Field(10.0, gt=0, description="for a record, a consumer, a message to be consumed")
    analyzer_runs_s: float = Field(30.0, gt=0, description="for a pod to be Running")
    effect_disappears_s: float = Field(30.0, gt=0, description="after a cancel")
    settling_s: float = Field(0.5, ge=0, description="after the last answer, for effects that should not appear")
    job_created_s: float = Field(2.0, gt=0, description="PZ-14090")
    health_answered_s: float = Field(2.0, gt=0, description="PZ-14033: each of many health checks at once")
    unavailable_answered_s: float = Field(5.0, gt=0, description="PZ-14781: to be told that a store cannot be used")
    recovered_s: float = Field(10.0, gt=0, description="PZ-14744: until requests succeed again after an outage")
    part_recovers_s: float = Field(120.0, gt=0, description="until all works again when a stopped part is started")
    rows_late_s: float = Field(2.0, gt=0, description="PZ-14067: how much later than its own time a row may come")
    record_store_answers_s: float = Field(0.25, gt=0, description="PZ-13808: 95 of 100 queries of MongoDB")
    rows_appear_s: float = Field(10.0, gt=0, description="for a running job's next rows, beyond the rows' own time")
    playback_ends_s: float = Field(60.0, gt=0, description="for all rows of a playback")
    smallest_found_s: float = Field(20.0, gt=0, description="PZ-13572: for the smallest request that fails as one did")
    poll_interval_s: float = Field(0.1, gt=0)
    clock_tolerance_s: float = Field(2.0, ge=0, description="between this machine's clock and the server's")

    @property
    def between_settling_looks_s(self) -> float:
        """How often the stores are looked at while nothing should change, s: at least once half way."""
        return max(self.poll_interval_s, self.settling_s / 2)

    def wait_policy(self, setting: str, interval_s: float | None = None) -> WaitPolicy:
        """Wait as long as `setting` says, and look every `interval_s`, which is `poll_interval_s` if not given."""
        interval_s = self.poll_interval_s if interval_s is None else interval_s
        return WaitPolicy(getattr(self, setting), interval_s, f"time_limits.{setting}")


class Load(_Group):
    """Load: whether it is allowed, and what is promised under it. Latencies count from when a request is due."""

    allowed: bool = Field(False, description="whether a server that is not on this machine may be put under load")
    jobs_at_once: int = Field(200, gt=0, description="PZ-14088, PZ-13896: so many jobs there can be at once")
    created_p50_s: float = Field(1.0, gt=0, description="PZ-14790: half of all jobs are there by then")
    created_p95_s: float = Field(2.0, gt=0, description="PZ-14092: 95 in 100 jobs are there by then")
    created_p99_s: float = Field(4.0, gt=0, description="PZ-14091: 99 in 100 jobs are there by then")
    read_p95_s: float = Field(1.0, gt=0, description="PZ-14791, PZ-14792: 95 in 100 answers with metadata or rows")
    cancelled_p95_s: float = Field(2.0, gt=0, description="95 in 100 cancellations")
    first_row_p95_s: float = Field(3.0, gt=0, description="PZ-14799: from the request to its first row, 95 in 100 jobs")
    round_trips: int = Field(2, gt=0, description="PZ-14798: so many times an answer takes a network's delay at most")
    row_rate_tolerance: float = Field(0.2, gt=0, lt=1, description="PZ-13904: rows may come that much off the estimate")
    error_rate: float = Field(0.0, ge=0, le=1, description="the share of requests that may fail")
    cpu_s_a_job: float = Field(0.1, gt=0, description="PZ-14796: the server's CPU time for a job, s")
    memory_growth_mb: float = Field(32.0, gt=0, description="PZ-14795: how much the server's memory may grow")
    slow_query_s: float = Field(0.1, gt=0, description="PZ-14797: a query of the server that takes longer is slow")
    server_process: int | None = Field(
        None, gt=0, description="id of the server's process, if it is on this machine", examples=["4711"]
    )
    server_pods: str | None = Field(
        None, description="labels of the server's pods, for the metrics API", examples=["app=focus-server"]
    )


class EffectsOfAJob(_Group):
    """How many effects of each kind one accepted job has."""

    task_record: int = Field(1, ge=0)
    analyzer: int = Field(1, ge=0)
    analyzer_pod: int = Field(1, ge=0)
    work_queue: int = Field(1, ge=0)
    queue_consumer: int = Field(1, ge=0)
    stream_service: int = Field(0, ge=0, description="a deployed server has been seen to make one")


class Provider(_Group):
    """A command that makes the environment for one run.

    It prints the endpoints as one line of JSON in the shape of a profile, and takes the environment away again when
    its standard input ends. `{python}` is the interpreter that runs the suite. A command with `{jobs}` makes as many
    environments as there are jobs (`behave --jobs`), and prints a list of their endpoints.
    """

    command: tuple[str, ...]
    disposable_command: tuple[str, ...] | None = Field(
        None, description="makes one for the scenarios that stop, kill and scale its parts, when the first of them asks"
    )
    ready_within_s: float = Field(90.0, gt=0)


class Reports(_Group):
    """Where the results go."""

    directory: types.ExpandedPath = Field(ROOT / "reports", examples=["~/reports"])
    test_case_url: str | None = Field(
        None,
        description="pattern with {key}, for a link to a test case",
        pattern=r"\{key\}",
        examples=["https://jira.example/browse/{key}"],
    )


class Settings(BaseSettings):
    """The profile of one environment, complete and checked."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, env_nested_delimiter="__", extra="forbid", frozen=True)

    exclusive: bool = Field(False, description="nobody else uses the environment, so each change in it is the run's")
    focus_server: FocusServer
    stream: Stream = Stream()
    signal: Signal = Signal()
    paths: Paths = Paths()
    mongodb: MongoDB
    rabbitmq: RabbitMQ
    kubernetes: Kubernetes
    ssh: Ssh = Ssh()
    toxiproxy: Toxiproxy = Toxiproxy()
    workloads: Workloads = Workloads()
    limits: Limits = Limits()
    naming: Naming = Naming()
    answers: Answers = Answers()
    time_limits: TimeLimits = TimeLimits()
    load: Load = Load()
    effects_of_a_job: EffectsOfAJob = EffectsOfAJob()
    journals: types.ExpandedPath = Field(
        ROOT / ".run" / "journals",
        description="files by which the next run finds what a killed one left",
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
        """Environment variables win over the profile."""
        assert isinstance(env_settings, EnvSettingsSource)
        env_settings.env_vars = readable(env_settings.env_vars)
        return env_settings, init_settings

    def trusted_stream(self) -> Stream:
        """How a job's stream is reached, with the Focus Server's certificate authority where it has none of its own."""
        return self.stream.model_copy(update={"ca_file": self.stream.ca_file or self.focus_server.ca_file})

    def secrets(self) -> tuple[str, ...]:
        """The passwords of the addresses, which must never be shown."""
        urls = [self.mongodb.uri, self.mongodb.server_uri, self.rabbitmq.url, self.rabbitmq.management_url]
        return tuple(password for url in urls if url is not None if (password := password_of(url.get_secret_value())))
