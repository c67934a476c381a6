"""What the steps of one scenario work with, and what each leaves for the steps after it.

`environment.py` makes a `ScenarioState` for each scenario and hangs it on behave's context: `context.state`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Generic, NoReturn, Protocol, TypeVar

from requests import Response

from steps.parameter_types import Causes, Change
from support.api.client import FocusServerAPI
from support.api.exchange import Exchange
from support.api.job import Attempt, Job
from support.checks import answers
from support.checks.region_of_interest import RegionOfInterest, region_of
from support.checks.waterfall import Waterfall, Window
from support.contract.configuration import (
    ConfigureRequest,
    generate_config_payload,
    generate_playback_payload,
    generate_single_channel_payload,
)
from support.contract.limits import ViewType
from support.core.errors import APIError, ExpectationFailed
from support.evidence.evidence import Evidence
from support.faults.gateway import Gateway
from support.faults.recorder import Recording
from support.faults.slow_network import SlowNetwork
from support.fuzzing.verdicts import RequestVerdicts
from support.load.figures import Sample
from support.load.rows import Reading
from support.load.store_check import StoreCheck
from support.load.watch import ServerWatch
from support.observers.mongodb import Document
from support.observers.stores import Stores
from support.profile.settings import Settings
from support.scenario.scenario_client import ScenarioClient
from support.scenario.session import ScenarioSession

if TYPE_CHECKING:
    from support.checks.figures import Figures

T = TypeVar("T")

# With an FFT of 128 samples its last row ends with it.
PLAYBACK = timedelta(seconds=12)


class StepMissing(Exception):
    """A step needs what an earlier one should have left; the scenario is written wrongly."""


class ScenarioSkipped(Exception):
    """The scenario cannot be shown in this environment; the message says why."""


class FromStep(Generic[T]):
    """What a step leaves for later ones; a step that reads it too early is told what is missing, by example."""

    def __init__(self, example: str) -> None:
        self._example = example

    def __set_name__(self, owner: type[ScenarioState], name: str) -> None:
        self._name = name

    def __get__(self, state: ScenarioState, owner: type[ScenarioState]) -> T:
        if self._name not in vars(state):
            raise StepMissing(f"This step needs state.{self._name}: a step like '{self._example}' must come before it.")
        value: T = vars(state)[self._name]
        return value

    def __set__(self, state: ScenarioState, value: T) -> None:
        vars(state)[self._name] = value


@dataclass
class ScenarioState:
    """One scenario: the first fields are there from its beginning, the others once a step has set them."""

    session: ScenarioSession  # sends requests, and keeps account of what comes of them
    stores: Stores  # what looks into the stores themselves
    keep: Callable[[Evidence], None]  # puts evidence into the report
    options: Mapping[str, str]  # what the command line defines with `-D`
    known_issues: Sequence[str]  # keys of the issues that the scenario's failure would be put down to
    location: str  # file and line of the scenario

    # What is asked.
    configuration = FromStep[ConfigureRequest]("the configuration of a job")  # what a job is requested with
    configurations = FromStep[list[ConfigureRequest]]("10 different live configurations")  # what several jobs are
    task_id = FromStep[str]("the job is requested under a task id")  # the client's own
    window = FromStep[Window]("a recording of one minute")  # the time that the scenario asks about
    recordings = FromStep[list[Recording]]("a recording of one minute")  # the scenario's own, in the order of time
    documents = FromStep[list[Document]]("the product has made recordings")  # its recordings in MongoDB
    gateway = FromStep[Gateway]("a gateway in front of the server that passes requests on")  # it, and what it was asked
    begun = FromStep[str]("the job is requested, and RabbitMQ breaks down once its queue shows")  # that side effect

    # What came of it.
    attempts = FromStep[list[Attempt]]("the job is requested")  # the last requests for jobs, with their answers
    exchanges = FromStep[list[Exchange]]("the health of the server is asked for")  # the last requests of any kind
    meanwhile = FromStep[list[Exchange]]("the job is requested, and somebody looks it up …")  # before it was answered
    because_of = FromStep[Causes]("the request is refused because of the channel")  # what the server named
    failure = FromStep[APIError | None]("the job is requested through the gateway")  # what the client said of it
    failures = FromStep[list[APIError | None]]("a client asks for a job, the end of the job and …")  # of each question
    plaintext_responses = FromStep[dict[str, Response | None]]("every call of the server is made without TLS")
    put_again = FromStep[bool]("the same recording is put once more")  # whether MongoDB took it
    verdicts = FromStep[RequestVerdicts]("300 generated requests are sent")  # on the answers to them
    wrong_answer = FromStep[ExpectationFailed | None]("300 generated requests are sent")  # the first failure

    # Load.
    samples = FromStep[list[Sample]]("jobs are requested at this rate")  # how long each request took
    server_watch = FromStep[ServerWatch]("the jobs are requested and cancelled one after another")  # what it used
    store_check = FromStep[StoreCheck]("jobs are requested at this rate, and each …")  # what became of each job
    reading = FromStep[Reading]("its rows are asked for during 3 seconds")  # how many came in which time
    slow_network = FromStep[SlowNetwork]("a network that takes 100 ms in each direction")  # the way to the server

    # Jobs.
    job = FromStep[Job]("a running job")  # the one that the scenario is about
    other_job = FromStep[Job]("another running job with sensor range 100 to 199")  # a second one, beside that
    jobs = FromStep[list[Job]]("every job is accepted")  # those that were accepted last

    _waterfalls: list[Waterfall] = field(default_factory=list)
    _region: RegionOfInterest | None = None

    @property
    def settings(self) -> Settings:
        """The settings of the run."""
        return self.session.settings

    @property
    def client(self) -> ScenarioClient:
        """What sends the scenario's requests."""
        return self.session.client

    @property
    def exchange(self) -> Exchange:
        """The last of `exchanges`."""
        return self.exchanges[-1]

    @property
    def waterfall(self) -> Waterfall:
        """What was read of the present job's rows."""
        return self.waterfall_of(self.job)

    def waterfall_of(self, job: Job) -> Waterfall:
        """What was read of a job's rows."""
        for one in self._waterfalls:
            if one.job is job:
                return one
        self._waterfalls.append(Waterfall(job, self.settings, self.client.get))
        return self._waterfalls[-1]

    @property
    def region(self) -> RegionOfInterest:
        """The region of interest of the present job."""
        if self._region is None or self._region.job is not self.job:
            self._region = self.region_of_interest(self.job)
        return self._region

    def region_of_interest(self, job: Job) -> RegionOfInterest:
        """The region that a new job looks at, to be changed."""
        return RegionOfInterest(job, self.settings, self.stores, self.client.get, region_of(job))

    @property
    def figures(self) -> Figures:
        """The figures that follow from the configuration of the present job."""
        return self.figures_of(self.job)

    def figures_of(self, job: Job) -> Figures:
        """The figures that follow from the configuration of a job."""
        from support.checks import figures  # Here: it loads numpy, which most scenarios need not wait for.

        return figures.figures_of(job.payload, self.settings.limits, self.settings.answers)

    def expect_figure(self, figure: str, job: Job) -> None:
        """See that the answer gives a figure of a job as it follows from the configuration.

        Raises:
            ExpectationFailed: it does not.
        """
        from support.checks.figures import expect_figure  # Here: as above.

        expect_figure(figure, job, self.figures_of(job))

    def skip(self, reason: str) -> NoReturn:
        """Skip the scenario from this step on."""
        raise ScenarioSkipped(reason)

    def skip_unless(self, possible: object, reason: str) -> None:
        """Skip the scenario if it cannot be shown here."""
        if not possible:
            self.skip(reason)

    def skip_unless_alone(self) -> None:
        """Skip what others would feel, unless the run has the environment to itself."""
        self.skip_unless(self.settings.exclusive, "others would feel it: this needs an environment of one's own")

    def skip_if_impossible(self, why: Callable[[str], str | None], whom: Iterable[str], what: str) -> None:
        """Skip what others would feel, and what cannot be done to one of these; `why` it cannot be done, if so."""
        self.skip_unless_alone()
        for one in whom:
            if reason := why(one):
                self.skip(f"{what} {one}: {reason}")

    @property
    def recorded(self) -> list[tuple[datetime, datetime]]:
        """Beginning and end of each of `recordings`; raises StepMissing if one of them is still under way."""
        if len(self.ended) < len(self.recordings):
            raise StepMissing("This step needs recordings that have ended, and one of them is still under way.")
        return self.ended

    @property
    def ended(self) -> list[tuple[datetime, datetime]]:
        """Beginning and end of those of `recordings` that are not under way."""
        return [(one.start, one.end) for one in self.recordings if one.end is not None]

    def record(self, start: datetime, end: datetime) -> None:
        """Have one recording."""
        self.recordings = [self.session.recorder.put(start, end)]

    def record_for(self, duration: timedelta) -> None:
        """Have one recording of this length at a time of which there is no other, and ask about the whole of it."""
        start = self.session.recorder.free_time()
        self.window = (start, start + duration)
        self.record(*self.window)

    def payload_of(self, kind: str, changes: Iterable[Change] = ()) -> dict[str, Any]:
        """A valid payload of a kind of job, for a playback with its recording; then it is changed."""
        if kind == "playback":
            self.record_for(PLAYBACK)
            payload = generate_playback_payload(*self.window)
        else:
            payload = generate_single_channel_payload() if kind == "single channel job" else generate_config_payload()
        if kind == "waterfall view":
            payload |= {"view_type": int(ViewType.WATERFALL)}
        for change in changes:
            payload = change(payload, self.settings)
        return payload

    def configure(self, payload: Mapping[str, Any]) -> None:
        """Have the configuration of a job."""
        self.configuration = self.client.configuration(payload)

    def request_job(self, task_id: str | None = None) -> None:
        """Ask for a job with the present configuration."""
        self.asked(self.client.request_job(self.configuration, task_id))

    def configure_each(self, payloads: Iterable[Mapping[str, Any]]) -> None:
        """Have the configurations of several jobs."""
        self.configurations = [self.client.configuration(payload) for payload in payloads]

    def run_job(self, payload: Mapping[str, Any], task_id: str | None = None) -> None:
        """Have a job that runs, with this payload."""
        self.configure(payload)
        self.request_job(task_id)
        self.accept_one()
        self.session.promises.expect_running_analyzer(self.job)

    def request_raw(self, payload: Mapping[str, Any], task_id: str | None = None) -> None:
        """Ask for a job past the client's own checks."""
        self.asked(self.client.request_raw(payload, task_id))

    def asked(self, *attempts: Attempt) -> None:
        """Have asked for jobs."""
        self.attempts = list(attempts)
        self.exchanges = [attempt.exchange for attempt in attempts]

    def accept(self) -> None:
        """Read the answers to what was asked as those of accepted jobs."""
        accepted, naming = self.settings.answers, self.settings.naming
        self.jobs = [answers.expect_accepted(attempt, accepted, naming) for attempt in self.attempts]

    def accept_one(self) -> None:
        """Read the answer to what was asked as that of the accepted job that the scenario is about."""
        self.accept()
        (self.job,) = self.jobs

    def jobs_called(self, words: str) -> list[Job]:
        """The jobs that are meant by `the job`, `the other job`, `both jobs` or `every job`."""
        if words == "every job":
            return self.jobs
        if words == "both jobs":
            return [self.other_job, self.job]
        return [self.other_job if words == "the other job" else self.job]

    def ids_of(self, words: str) -> list[str]:
        """The ids of these jobs, or that of `an unknown job`."""
        if words == "an unknown job":
            return [self.settings.naming.unknown_job_id]
        return [job.job_id for job in self.jobs_called(words)]

    def failure_of_request(self, meanwhile: Callable[[], object] = lambda: None, **server: Any) -> APIError | None:
        """What the client says when it asks for the job; `server` are settings that are otherwise for it."""

        def request(client: FocusServerAPI) -> object:
            return client.configure_streaming_job(self.configuration)

        return self.client.failure_meanwhile(request, meanwhile, **server)

    def ask_for_recordings(self, start: datetime, end: datetime) -> None:
        """Ask the server what was recorded between two moments."""
        self.send_times({"start_time": int(start.timestamp()), "end_time": int(end.timestamp())})

    def send_times(self, times: Mapping[str, Any]) -> None:
        """Ask the server what was recorded in a time, which is sent as it stands, right or wrong."""
        self.exchanges = [self.client.send("POST", self.settings.paths.recordings, times)]


class Context(Protocol):
    """What steps may take of behave's context."""

    state: ScenarioState
    table: Sequence[Mapping[str, str]]  # The table below the step
