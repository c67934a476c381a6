"""One scenario's dealings with the system: what it asks for, and how it is taken away again."""

from __future__ import annotations

import math
import random
import threading
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, ExitStack
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import quote, unquote

from support.api.client import FocusServerAPI, Headers
from support.api.exchange import Exchange
from support.api.job import Attempt, Job
from support.checks import answers
from support.checks.promises import Promises
from support.checks.region_of_interest import RegionOfInterest, region_of
from support.checks.waterfall import Waterfall
from support.contract.configuration import ConfigureRequest, fields_set
from support.core.errors import APIError, ExpectationFailed, ValidationError
from support.core.eventually import eventually
from support.evidence import evidence
from support.evidence.evidence import Evidence
from support.faults.disturbances import Disturbances
from support.faults.recorder import Recorder
from support.observers.request_marks import TraceKey, stamp
from support.observers.side_effects import Look, Snapshot
from support.observers.sightings import SightingLog
from support.observers.stores import Stores
from support.profile.settings import Settings
from support.scenario.effect_ledger import EffectLedger
from support.scenario.journal import ScenarioJournal

if TYPE_CHECKING:
    from support.checks.figures import Figures


T = TypeVar("T")


class ScenarioSession:
    """What the steps of one scenario work with."""

    def __init__(
        self, settings: Settings, stores: Stores, journal: ScenarioJournal, keep: Callable[[Evidence], None]
    ) -> None:
        """Open the ledger.

        Raises:
            EnvironmentBroken: a store cannot be reached.
        """
        self.settings = settings
        self._sightings = SightingLog()
        self.promises = Promises(settings, stores, self._sightings)
        self.ledger = EffectLedger(settings, stores, self.promises, self._sightings)
        self.exchanges: list[Exchange] = []
        self.closed_with: Snapshot | None = None
        self._asked: dict[str, Exchange] = {}  # by job id
        self._stores, self._journal, self._keep = stores, journal, keep
        self._log_start = evidence.size_of(settings.focus_server.log_file)
        self._chance = random.Random()
        collection = stores.database.collection(settings.mongodb.recordings_collection)
        self.recorder = Recorder(collection, stores.recordings, journal, self._chance)
        self.disturbances = Disturbances(settings, stores, journal, self.ledger.enter_disturbance)
        self._fixtures = ExitStack()
        self._answered_at = -math.inf  # monotonic; nothing late can come of no request
        self._api = self.client()
        self._closed = False

    def client(self, on_exchange: Callable[[Exchange], None] | None = None) -> FocusServerAPI:
        """A client whose exchanges go into the ledger; one for each thread."""

        def record(exchange: Exchange) -> None:
            self._record(exchange)
            if on_exchange is not None:
                on_exchange(exchange)

        settings = self.settings
        return FocusServerAPI(settings, record)

    def mark(self, payload: Mapping[str, Any]) -> dict[str, Any]:
        """Make a payload recognisable in a shared environment; where we are alone it stays as it is.

        Fields that the scenario set, which are those that differ from the usual payload, are left alone.
        """
        return self.marked(payload, fields_set(payload))[0]

    def marked(self, payload: Mapping[str, Any], pinned: Collection[str]) -> tuple[dict[str, Any], TraceKey | None]:
        """As `mark`, but the fields that are left alone are those in `pinned`; and the key, if there is one."""
        if self.settings.exclusive:
            return dict(payload), None
        marked, key = stamp(payload, pinned, self.settings.limits, self._chance)
        self.ledger.enter_request(key)
        self._journal.requested(key)
        return marked, key

    def jobs_carrying(self, key: TraceKey) -> set[str]:
        """Ids of the jobs, in any store, of the request that has this key."""
        return self._stores.job_ids_carrying([key])

    def configuration(self, payload: Mapping[str, Any]) -> ConfigureRequest:
        """A request for a job with this payload, marked where that is needed."""
        return ConfigureRequest.model_validate(self.mark(payload), context=self.settings.limits)

    def request_job(self, request: ConfigureRequest, task_id: str | None = None) -> Attempt:
        """Ask for a job as a user's client does.

        Raises:
            ExpectationFailed: the server was reached and gave no answer, or not in time.
            EnvironmentBroken: it could not be reached.
        """
        exchanges: list[Exchange] = []
        try:
            self.client(exchanges.append).configure_streaming_job(request, task_id)
        except APIError as error:
            # An answer of any kind is judged by the scenario; none at all is a failure already.
            if exchanges[-1].status is None:
                raise error.judged() from None
        return Attempt(request.payload(), exchanges[-1])

    def request_job_meanwhile(self, request: ConfigureRequest, meanwhile: Callable[[], object]) -> Attempt:
        """Ask for a job as `request_job` does, and do something while the server is at it.

        Raises:
            ExpectationFailed: as `request_job`, or what was done meanwhile found something else than it expected.
            EnvironmentBroken: as `request_job`.
        """
        with ThreadPoolExecutor(max_workers=1) as pool:
            asked = pool.submit(self.request_job, request)
            try:
                meanwhile()
            except ExpectationFailed as error:
                raise ExpectationFailed(f"{error}\n  - answered in the end: {asked.result().exchange}") from None
            return asked.result()

    def request_jobs(self, requests: Iterable[ConfigureRequest], workers: int) -> list[Attempt]:
        """Ask for several jobs by workers that run at the same time; in the order of `requests`."""
        with ThreadPoolExecutor(max_workers=workers) as pool:
            return list(pool.map(self.request_job, requests))

    def request_raw(self, payload: Mapping[str, Any], task_id: str | None = None) -> Attempt:
        """Ask for a job with whatever the payload holds, past the client's own checks."""
        paths, marked = self.settings.paths, self.mark(payload)
        path = paths.configure if task_id is None else paths.configure_by_task.format(task_id=quote(task_id, safe=""))
        against = self.refusal_of(marked)
        return Attempt(marked, self.send("POST", path, marked), against)

    def refusal_of(self, payload: Mapping[str, Any]) -> ValidationError | None:
        """What the client's own checks say against a payload; None when they would send it."""
        try:
            ConfigureRequest.model_validate(payload, context=self.settings.limits)
        except ValidationError as refusal:
            return refusal
        return None

    def cancel(self, job_id: str) -> Exchange:
        """Ask for the end of a job."""
        return self.send("DELETE", self.settings.paths.job.format(job_id=quote(job_id, safe="")))

    def figures(self, job: Job) -> Figures:
        """The figures that follow from the configuration that was sent for a job."""
        from support.checks.figures import figures_of  # Here: it loads numpy, which most scenarios need not wait for.

        return figures_of(job.payload, self.settings.limits, self.settings.answers)

    def expect_figure(self, figure: str, job: Job) -> None:
        """See that a figure of a job is told as it follows from the configuration.

        Raises:
            ExpectationFailed: it is not.
        """
        from support.checks.figures import expect_figure  # Here: as above.

        expect_figure(figure, job, self.figures(job))

    def waterfall(self, job: Job) -> Waterfall:
        """The rows of a job, none of them read yet."""
        return Waterfall(job, self.settings, lambda path: self.send("GET", path))

    def use_temporary_job(self, request: ConfigureRequest, work: Callable[[str], None]) -> None:
        """Do some work with a job that exists only for it.

        Raises:
            ExpectationFailed: the job was not created, or not cancelled at the end.
        """
        try:
            with self.client().temporary_job(request) as response:
                work(response.job_id)
        except APIError as error:
            raise error.judged() from None

    def hand_to_client(self, something: Any, task_id: str | None = None) -> ValidationError | None:
        """Give the client something that may be no valid request; its refusal, or None when it sent it."""
        try:
            self.client().configure_streaming_job(something, task_id)
        except ValidationError as refusal:
            return refusal
        except APIError as error:
            raise error.judged() from None
        return None

    def enter(self, fixture: AbstractContextManager[T]) -> T:
        """Have a fixture until the scenario ends."""
        return self._fixtures.enter_context(fixture)

    def failure_of(self, call: Callable[[FocusServerAPI], object], **server: Any) -> APIError | None:
        """What a client says of a call that should fail; `server` says what is otherwise for it."""
        changed = self.settings.focus_server.model_copy(update=server)
        client = FocusServerAPI(self.settings.model_copy(update={"focus_server": changed}), self._record)
        try:
            call(client)
        except APIError as failure:
            return failure
        return None

    def expect_nothing_sent(self) -> None:
        """See that no request left the client.

        Raises:
            ExpectationFailed: one did.
        """
        if self.exchanges:
            raise ExpectationFailed("expected nothing to be sent\n" + "\n".join(f"  - {e}" for e in self.exchanges))

    def expect_in_time(self, exchanges: Sequence[Exchange], setting: str) -> None:
        """See that every answer came within `time_limits.{setting}`, and keep a picture of how long they took.

        Raises:
            ExpectationFailed: some came later.
        """
        limit_s = getattr(self.settings.time_limits, setting)
        self.keep_times("how long each answer took", [exchange.elapsed_s for exchange in exchanges], limit_s, setting)
        answers.expect_in_time(exchanges, limit_s, setting)

    def until_recovered(self, expected: str, ask: Callable[[], Exchange], statuses: Collection[int]) -> None:
        """Ask until the answer has one of these statuses, after an outage; keep a picture of how long that took.

        Raises:
            ExpectationFailed: it has not within `time_limits.recovered_s`.
        """
        limits, setting, started = self.settings.time_limits, "recovered_s", time.monotonic()
        eventually(
            expected,
            ask,
            lambda seen: [] if seen.status in statuses else [f"seen: {seen}"],
            limits.wait_policy(setting),
        )
        took_s = time.monotonic() - started
        self.keep_times("how long after the outage it was answered", [took_s], limits.recovered_s, setting)

    def keep_times(self, title: str, values_s: Sequence[float], limit_s: float, setting: str) -> None:
        """Keep a picture of how long something took each time, and of its limit, s: `time_limits.{setting}`."""
        self._keep(evidence.of_times(title, values_s, limit_s, setting))

    def expect_nothing_else(self) -> None:
        """See that nothing but what the scenario states has changed, and does not change late.

        Raises:
            ExpectationFailed: it has.
        """
        self.ledger.expect_nothing_else(time.monotonic() - self._answered_at)

    def leave_nothing_behind(self) -> None:
        """Keep the evidence, cancel every job of the scenario, and see that nothing else is left. Once is enough.

        Raises:
            ExpectationFailed: a job could not be cancelled, or something of it is still there.
            EnvironmentBroken: it could not be done; it may be tried again.
        """
        if self._closed:
            return
        self._keep_evidence()
        self._fixtures.close()
        self.disturbances.undo()
        problems = self.recorder.take_away()
        self.closed_with = self.ledger.untouched()
        if self.closed_with is None:
            unanswered = self.ledger.unanswered()
            to_cancel = self.ledger.jobs_to_cancel(unanswered)
            problems += filter(None, (self._refusal_to_cancel(job_id) for job_id in to_cancel))
            try:
                self.closed_with = self.ledger.expect_nothing_left(unanswered)
            except ExpectationFailed as error:
                problems += str(error).splitlines()
        self._closed = True
        if problems:
            raise ExpectationFailed("expected nothing to be left behind\n" + "\n".join(f"  {p}" for p in problems))
        self._journal.settled()

    def keep_server_log(self) -> None:
        """Keep what the server's log says, for a scenario that failed."""
        log_file = self.settings.focus_server.log_file
        if log_file is not None:
            self._keep(evidence.of_log(log_file, self._log_start, self.ledger.own_jobs))

    def _keep_evidence(self) -> None:
        """Keep what stands in the stores before it is cleaned up; exchanges are kept as they happen."""
        settings = self.settings
        look = Look(self._stores, self._sightings)
        for found in evidence.of_jobs(look, settings.naming, settings.effects_of_a_job, self._asked):
            self._keep(found)
        if len(self.exchanges) > 1:
            self._keep(evidence.of_latencies(self.exchanges))
        if self.promises.unseen:
            self._keep(evidence.of_unseen(self.promises.unseen))

    def _refusal_to_cancel(self, job_id: str) -> str | None:
        """Cancel one job; what went wrong, if anything."""
        try:
            exchange = self.cancel(job_id)
        except ExpectationFailed as error:
            return f"cancelling {job_id}: {error}"
        return None if exchange.status in self.settings.answers.cancelled_statuses else f"cancelling {exchange}"

    def region_of_interest(self, job: Job) -> RegionOfInterest:
        """The region that a new job looks at, to be changed."""
        return RegionOfInterest(job, self.settings, self._stores, lambda path: self.send("GET", path), region_of(job))

    def send(
        self, method: str, path: str, body: Any = None, *, raw: bytes | None = None, headers: Headers | None = None
    ) -> Exchange:
        """Send anything, one after another, and give what came back, whatever it is.

        Raises:
            ExpectationFailed: the server was reached and gave no answer, or not in time.
            EnvironmentBroken: it could not be reached.
        """
        try:
            return self._api.send(method, path, body, raw=raw, headers=headers)
        except APIError as error:
            raise error.judged() from None

    def send_at_once(self, requests: Sequence[tuple[str, str]], workers: int) -> list[Exchange]:
        """Send several requests, method and path, by workers that run at the same time; in the order given.

        Raises:
            ExpectationFailed: one of them was not answered in time.
            EnvironmentBroken: the server could not be reached.
        """
        clients = threading.local()

        def send(request: tuple[str, str]) -> Exchange:
            clients.own = getattr(clients, "own", None) or self.client()
            exchange: Exchange = clients.own.send(*request)
            return exchange

        try:
            with ThreadPoolExecutor(max_workers=workers) as pool:
                return list(pool.map(send, requests))
        except APIError as error:
            raise error.judged() from None

    def _record(self, exchange: Exchange) -> None:
        """Enter an exchange into the ledger; the journal knows of a job before anything else happens to it."""
        asks_for_job = exchange.method == "POST" and self.settings.paths.creates_jobs(exchange.path)
        job_id = exchange.job_id() if asks_for_job else None
        if job_id is not None:
            self._journal.created(job_id)
            self.ledger.enter_job(job_id)
            self._asked.setdefault(job_id, exchange)
        if exchange.method == "DELETE" and exchange.status in self.settings.answers.cancelled_statuses:
            self.ledger.enter_cancelled(unquote(exchange.path.rpartition("/")[2]))
        self.exchanges.append(exchange)
        self._answered_at = time.monotonic()
        if len(self.exchanges) <= evidence.SHOWN_EXCHANGES:
            self._keep(evidence.of_exchange(exchange))
