"""One scenario's dealings with the system: what it asked for, what that changed, and how it is taken away again.

The books of a scenario are balanced twice. Before clean-up the three stores must show exactly the side effects that
the scenario stated (none, if it stated none); after clean-up nothing but cancelled records may be left.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from support import evidence
from support.answers import Attempt
from support.client import Exchange, FocusServerAPI
from support.configuration import ConfigureRequest
from support.errors import APIError, ExpectationFailed, ValidationError
from support.eventually import Patience, eventually, steadily
from support.evidence import Evidence
from support.journal import Journal
from support.promises import Promises
from support.settings import Settings
from support.side_effects import Census, no_effects, take_census, unexplained
from support.stores import Stores
from support.trace_key import TraceKey, stamp


class Case:
    """The ledger of one scenario."""

    def __init__(self, settings: Settings, stores: Stores, journal: Journal, keep: Callable[[Evidence], None]) -> None:
        """Take the census that everything later is compared with.

        Raises:
            EnvironmentBroken: a store or the server cannot be reached.
        """
        self.settings = settings
        self.promises = Promises(settings, stores)
        self.exchanges: list[Exchange] = []
        self._stores, self._journal, self._keep = stores, journal, keep
        self._log_start = evidence.size_of(settings.focus_server.log_file)
        self._chance = random.Random()
        self._keys: list[TraceKey] = []
        self._answered: dict[str, None] = {}
        self._cancelled: set[str] = set()
        self._stated: Mapping[str, int] = no_effects()
        self._closed = False
        self._before = self._census()

    # -- what a scenario does

    def client(self) -> FocusServerAPI:
        """A client whose exchanges go into the books; one for each thread."""
        return FocusServerAPI(self.settings.focus_server, self.settings.answers, self._record)

    def mark(self, payload: Mapping[str, Any], pinned: frozenset[str] = frozenset()) -> dict[str, Any]:
        """Make a payload recognisable in a shared environment; where we are alone it stays as it is."""
        if self.settings.exclusive:
            return dict(payload)
        marked, key = stamp(payload, pinned, self.settings.limits, self._chance)
        self._keys.append(key)
        self._journal.requested(key)
        return marked

    def request_job(self, request: ConfigureRequest) -> Attempt:
        """Ask for a job as a user's client does.

        Raises:
            ExpectationFailed: the server was reached and gave no answer in time.
            EnvironmentBroken: it could not be reached.
        """
        exchanges: list[Exchange] = []
        client = FocusServerAPI(self.settings.focus_server, self.settings.answers, self._recording_to(exchanges))
        try:
            client.configure_streaming_job(request)
        except APIError as error:
            # An answer of any kind is judged by the scenario; none at all is a failure already.
            if exchanges[-1].status is None:
                raise ExpectationFailed(str(error)) from error
        return Attempt(request.payload(), exchanges[-1])

    def request_jobs(self, requests: list[ConfigureRequest], workers: int) -> list[Attempt]:
        """Ask for several jobs by workers that run at the same time; in the order of `requests`."""
        with ThreadPoolExecutor(max_workers=workers) as pool:
            return list(pool.map(self.request_job, requests))

    def request_raw(self, payload: Mapping[str, Any]) -> Attempt:
        """Ask for a job with whatever the payload holds, past the client's own checks."""
        return Attempt(payload, self._send("POST", "/configure", payload))

    def cancel(self, job_id: str) -> Exchange:
        """Ask for the end of a job."""
        return self._send("DELETE", f"/job/{job_id}")

    def abandon_temporary_job(self, request: ConfigureRequest) -> None:
        """Work with a temporary job, and fail in the middle of it."""
        failure = RuntimeError("the work with a temporary job fails here, as the scenario says")
        try:
            with self.client().temporary_job(request):
                raise failure
        except RuntimeError as error:
            if error is not failure:
                raise
        except APIError as error:
            raise ExpectationFailed(str(error)) from error

    def ask_client(self, payload: Mapping[str, Any]) -> ValidationError | None:
        """Ask for a job with values that may be wrong; the client's refusal, or None when it sent the request."""
        try:
            request = ConfigureRequest.model_validate(payload, context=self.settings.limits)
        except ValidationError as refusal:
            return refusal
        self.request_job(request)
        return None

    def hand_to_client(self, something: Any) -> ValidationError | None:
        """Give the client something else than a configuration; its refusal, or None when it took it."""
        try:
            self.client().configure_streaming_job(something)
        except ValidationError as refusal:
            return refusal
        except APIError:
            return None
        return None

    def expect_nothing_sent(self) -> None:
        """See that no request left the client.

        Raises:
            ExpectationFailed: one did.
        """
        if self.exchanges:
            raise ExpectationFailed("expected nothing to be sent\n" + "\n".join(f"  - {e}" for e in self.exchanges))

    @property
    def own_jobs(self) -> tuple[str, ...]:
        """The ids that the server has answered with in this scenario, in order."""
        return tuple(self._answered)

    # -- the books

    def state_effects(self, changes: Mapping[str, int]) -> None:
        """Say what the scenario changes, kind by kind, and wait until it is so. What is not named stays zero.

        Raises:
            ExpectationFailed: the stores show something else.
        """
        self._stated = {**no_effects(), **changes}
        limits = self.settings.time_limits
        eventually(
            "these side effects and no others",
            self._census,
            self._not_as_stated,
            Patience(limits.analyzer_runs_s, limits.poll_interval_s, "time_limits.analyzer_runs_s"),
        )

    def only_records_remain(self) -> None:
        """See that of every job of the scenario nothing is left but its record, and that it says cancelled.

        Raises:
            ExpectationFailed: there is more, or less.
        """
        self.promises.are_cancelled(self.own_jobs)
        self.state_effects({"task record": len(self.own_jobs)})

    def expect_nothing_else(self) -> None:
        """See that the stores show what was stated, and go on showing it until late effects would have come.

        Raises:
            ExpectationFailed: they do not.
        """
        limits = self.settings.time_limits
        settling = Patience(
            limits.settling_s if self.exchanges else 0, limits.poll_interval_s, "time_limits.settling_s"
        )
        steadily("no side effects but those that the scenario states", self._census, self._not_as_stated, settling)

    def leave_nothing_behind(self) -> None:
        """Keep the evidence, cancel every job of the scenario, and see that nothing else is left. Runs once.

        Raises:
            ExpectationFailed: a job could not be cancelled, or something of it is still there.
        """
        if self._closed:
            return
        self._closed = True
        self._keep_evidence()
        jobs = {*self.own_jobs, *self._unanswered()}
        problems = [
            problem for job_id in sorted(jobs - self._cancelled) if (problem := self._refusal_to_cancel(job_id))
        ]
        if self.exchanges:
            problems += self._what_is_left(jobs)
        if problems:
            raise ExpectationFailed("expected nothing to be left behind\n" + "\n".join(f"  {p}" for p in problems))
        for job_id in jobs:
            self._journal.removed(job_id)

    def keep_server_log(self) -> None:
        """Keep what the server's log says, for a scenario that failed."""
        log_file = self.settings.focus_server.log_file
        if log_file is not None:
            self._keep(evidence.of_log(log_file, self._log_start, self.own_jobs))

    def _keep_evidence(self) -> None:
        """Keep what stands in the stores before it is cleaned up; exchanges are kept as they happen."""
        settings = self.settings
        for found in evidence.of_jobs(self._stores, settings.naming, settings.effects_of_a_job, self.own_jobs):
            self._keep(found)
        if len(self.exchanges) > 1:
            self._keep(evidence.of_latencies(self.exchanges))

    def _refusal_to_cancel(self, job_id: str) -> str | None:
        """Cancel one job; what went wrong, if anything."""
        try:
            exchange = self.cancel(job_id)
        except ExpectationFailed as error:
            return f"cancelling {job_id}: {error}"
        return None if exchange.status == 200 else f"cancelling {job_id}: {exchange}"

    def _what_is_left(self, jobs: Collection[str]) -> list[str]:
        """What the stores show beyond the cancelled records that the contract keeps."""
        # Not as stated: a scenario that failed may have stated something wrong.
        each = self.settings.effects_of_a_job.task_record
        records = no_effects() | {"task record": each * len(self.own_jobs)}
        limits = self.settings.time_limits
        try:
            if jobs:
                self.promises.are_cancelled(jobs)
            eventually(
                "only the records of the scenario's jobs to be left",
                self._census,
                lambda seen: unexplained(self._before, seen, records, self.own_jobs),
                Patience(limits.effect_disappears_s, limits.poll_interval_s, "time_limits.effect_disappears_s"),
            )
        except ExpectationFailed as error:
            return str(error).splitlines()
        return []

    def _unanswered(self) -> set[str]:
        """Jobs that carry our mark though no answer named them (shared environments only)."""
        found: set[str] = set()
        for key in self._keys:
            found |= self._stores.records.job_ids_carrying(key)
            found |= self._stores.analyzers.job_ids_carrying(key, self.settings.naming.analyzer_configuration_variable)
        return found - set(self._answered)

    def _census(self) -> Census:
        own = {*self._answered, *self._unanswered()}
        return take_census(self._stores, self.settings.naming, own, exclusive=self.settings.exclusive)

    def _not_as_stated(self, seen: Census) -> list[str]:
        return unexplained(self._before, seen, self._stated, self.own_jobs)

    def _send(self, method: str, path: str, body: Any = None) -> Exchange:
        try:
            return self.client().send(method, path, body)
        except APIError as error:
            raise ExpectationFailed(str(error)) from error

    def _record(self, exchange: Exchange) -> None:
        """Enter an exchange into the books; the journal knows of a job before anything else happens to it."""
        if exchange.method == "DELETE" and exchange.status == 200:
            self._cancelled.add(exchange.path.rpartition("/")[2])
        job_id = exchange.job_id() if exchange.method == "POST" else None
        if job_id is not None and exchange.path == "/configure":
            self._journal.created(job_id)
            self._answered[job_id] = None
        self.exchanges.append(exchange)
        if len(self.exchanges) <= evidence.SHOWN_EXCHANGES:
            self._keep(evidence.of_exchange(exchange))

    def _recording_to(self, exchanges: list[Exchange]) -> Callable[[Exchange], None]:
        def record(exchange: Exchange) -> None:
            exchanges.append(exchange)
            self._record(exchange)

        return record
