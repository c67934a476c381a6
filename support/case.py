"""One scenario's dealings with the system: what it asks for, and how it is taken away again."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import quote, unquote

from support import evidence
from support.answers import Attempt
from support.books import Books
from support.client import Exchange, FocusServerAPI
from support.configuration import ConfigureRequest
from support.errors import APIError, ExpectationFailed, ValidationError
from support.evidence import Evidence
from support.journal import CaseJournal
from support.promises import Promises
from support.settings import Settings
from support.side_effects import Census
from support.stores import Stores
from support.trace_key import stamp


class Case:
    """What the steps of one scenario work with."""

    def __init__(
        self, settings: Settings, stores: Stores, journal: CaseJournal, keep: Callable[[Evidence], None]
    ) -> None:
        """Open the books.

        Raises:
            EnvironmentBroken: a store cannot be reached.
        """
        self.settings = settings
        self.promises = Promises(settings, stores)
        self.books = Books(settings, stores, self.promises)
        self.exchanges: list[Exchange] = []
        self.closed_with: Census | None = None
        self._stores, self._journal, self._keep = stores, journal, keep
        self._log_start = evidence.size_of(settings.focus_server.log_file)
        self._chance = random.Random()
        self._closed = False

    def client(self, on_exchange: Callable[[Exchange], None] | None = None) -> FocusServerAPI:
        """A client whose exchanges go into the books; one for each thread."""

        def record(exchange: Exchange) -> None:
            self._record(exchange)
            if on_exchange is not None:
                on_exchange(exchange)

        settings = self.settings
        return FocusServerAPI(settings.focus_server, settings.answers, settings.limits, record)

    def mark(self, payload: Mapping[str, Any], pinned: frozenset[str] = frozenset()) -> dict[str, Any]:
        """Make a payload recognisable in a shared environment; where we are alone it stays as it is."""
        if self.settings.exclusive:
            return dict(payload)
        marked, key = stamp(payload, pinned, self.settings.limits, self._chance)
        self.books.enter_request(key)
        self._journal.requested(key)
        return marked

    def configuration(self, payload: Mapping[str, Any], pinned: frozenset[str] = frozenset()) -> ConfigureRequest:
        """A request for a job with this payload, marked where that is needed; `pinned` fields stay as they are."""
        return ConfigureRequest.model_validate(self.mark(payload, pinned), context=self.settings.limits)

    def request_job(self, request: ConfigureRequest) -> Attempt:
        """Ask for a job as a user's client does.

        Raises:
            ExpectationFailed: the server was reached and gave no answer, or not in time.
            EnvironmentBroken: it could not be reached.
        """
        exchanges: list[Exchange] = []
        try:
            self.client(exchanges.append).configure_streaming_job(request)
        except APIError as error:
            # An answer of any kind is judged by the scenario; none at all is a failure already.
            if exchanges[-1].status is None:
                raise error.judged() from None
        return Attempt(request.payload(), exchanges[-1])

    def request_jobs(self, requests: Iterable[ConfigureRequest], workers: int) -> list[Attempt]:
        """Ask for several jobs by workers that run at the same time; in the order of `requests`."""
        with ThreadPoolExecutor(max_workers=workers) as pool:
            return list(pool.map(self.request_job, requests))

    def request_raw(self, payload: Mapping[str, Any]) -> Attempt:
        """Ask for a job with whatever the payload holds, past the client's own checks."""
        return Attempt(payload, self._send("POST", "/configure", payload))

    def cancel(self, job_id: str) -> Exchange:
        """Ask for the end of a job."""
        return self._send("DELETE", f"/job/{quote(job_id, safe='')}")

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

    def hand_to_client(self, something: Any) -> ValidationError | None:
        """Give the client something that may be no valid configuration; its refusal, or None when it sent it."""
        try:
            self.client().configure_streaming_job(something)
        except ValidationError as refusal:
            return refusal
        except APIError as error:
            raise error.judged() from None
        return None

    def expect_nothing_sent(self) -> None:
        """See that no request left the client.

        Raises:
            ExpectationFailed: one did.
        """
        if self.exchanges:
            raise ExpectationFailed("expected nothing to be sent\n" + "\n".join(f"  - {e}" for e in self.exchanges))

    def expect_nothing_else(self) -> None:
        """See that nothing but what the scenario states has changed, and does not change late.

        Raises:
            ExpectationFailed: it has.
        """
        self.books.expect_nothing_else(settle=bool(self.exchanges))

    def leave_nothing_behind(self) -> None:
        """Keep the evidence, cancel every job of the scenario, and see that nothing else is left. Once is enough.

        Raises:
            ExpectationFailed: a job could not be cancelled, or something of it is still there.
            EnvironmentBroken: it could not be done; it may be tried again.
        """
        if self._closed:
            return
        self._keep_evidence()
        problems = [problem for job_id in self.books.jobs_to_cancel() if (problem := self._refusal_to_cancel(job_id))]
        try:
            self.closed_with = self.books.expect_nothing_left() if self.exchanges else self.books.census()
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
            self._keep(evidence.of_log(log_file, self._log_start, self.books.own_jobs))

    def _keep_evidence(self) -> None:
        """Keep what stands in the stores before it is cleaned up; exchanges are kept as they happen."""
        settings = self.settings
        for found in evidence.of_jobs(self._stores, settings.naming, settings.effects_of_a_job, self.books.own_jobs):
            self._keep(found)
        if len(self.exchanges) > 1:
            self._keep(evidence.of_latencies(self.exchanges))

    def _refusal_to_cancel(self, job_id: str) -> str | None:
        """Cancel one job; what went wrong, if anything."""
        try:
            exchange = self.cancel(job_id)
        except ExpectationFailed as error:
            return f"cancelling {job_id}: {error}"
        return None if exchange.status in self.settings.answers.cancelled_statuses else f"cancelling {exchange}"

    def _send(self, method: str, path: str, body: Any = None) -> Exchange:
        try:
            return self.client().send(method, path, body)
        except APIError as error:
            raise error.judged() from None

    def _record(self, exchange: Exchange) -> None:
        """Enter an exchange into the books; the journal knows of a job before anything else happens to it."""
        job_id = exchange.job_id() if (exchange.method, exchange.path) == ("POST", "/configure") else None
        if job_id is not None:
            self._journal.created(job_id)
            self.books.enter_job(job_id)
        if exchange.method == "DELETE" and exchange.status in self.settings.answers.cancelled_statuses:
            self.books.enter_cancelled(unquote(exchange.path.rpartition("/")[2]))
        self.exchanges.append(exchange)
        if len(self.exchanges) <= evidence.SHOWN_EXCHANGES:
            self._keep(evidence.of_exchange(exchange))
