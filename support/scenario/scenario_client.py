"""What one scenario sends to the server: each request as the feature describes it, by as many clients as it says."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

from support.api.client import FocusServerAPI, Headers
from support.api.exchange import Exchange
from support.api.job import Attempt
from support.api.raw_body import RawBody
from support.contract.configuration import ConfigureRequest, fields_set
from support.core.errors import APIError, ExpectationFailed, ValidationError
from support.observers.request_marks import TraceKey, stamp
from support.profile.settings import Settings

_MANY = 10  # jobs to be cancelled at the end
_CLIENTS = 4

R = TypeVar("R")
A = TypeVar("A")


class ScenarioClient:
    """Sends requests and returns what came back, whatever its status; `exchanges` has all of them, in order.

    Every exchange is published to the `subscribers`. Before a request that is marked is sent, `announce` is called with
    the key by which it can be recognised.

    All that sends raises ExpectationFailed when the server was reached and gave no answer, or not in time, and
    EnvironmentBroken when it could not be reached.
    """

    def __init__(
        self,
        settings: Settings,
        announce: Callable[[TraceKey], None],
        *subscribers: Callable[[Exchange], None],
    ) -> None:
        self.exchanges: list[Exchange] = []
        self._settings, self._announce = settings, announce
        self._subscribers = (*subscribers, self.exchanges.append)
        self._chance = random.Random()
        self._own = threading.local()  # A client is not to be shared between threads.

    def send(
        self, method: str, path: str, body: Any = None, *, raw: RawBody | None = None, headers: Headers | None = None
    ) -> Exchange:
        """Send `body` as JSON, or `raw` as it is."""
        with _judged():
            return self._client().send(method, path, body, raw=raw, headers=headers)

    def connect(self, patience_s: float) -> None:
        """Have a connection of the thread that calls, so that its next request does not wait for one.

        Answers to this thread are waited for so long, where the usual time is shorter: how late one may be is judged
        with many others.
        """
        server = self._settings.focus_server
        patient = server.model_copy(update={"request_timeout_s": max(patience_s, server.request_timeout_s)})
        settings = self._settings.model_copy(update={"focus_server": patient})
        self._own.client = FocusServerAPI(settings, *self._subscribers)
        self._own.client.connect()

    def close(self) -> None:
        """Close the connections of the thread that calls; those of other threads end with these."""
        if hasattr(self._own, "client"):
            self._own.client.close()

    def get(self, path: str) -> Exchange:
        """Ask for what stands at a path."""
        return self.send("GET", path)

    def send_at_once(self, requests: Sequence[tuple[str, str]], clients: int) -> list[Exchange]:
        """Send several requests, method and path, by several clients at the same time; in the order of `requests`."""
        return _at_once(lambda request: self.send(*request), requests, clients)

    def configuration(self, payload: Mapping[str, Any]) -> ConfigureRequest:
        """A request for a job with this payload, marked where that is needed; raises ValidationError if invalid."""
        return ConfigureRequest.model_validate(self.mark(payload)[0], context=self._settings.limits)

    def validation_error(self, payload: Any) -> ValidationError | None:
        """What the client's own checks find wrong with a payload; None when they would send it."""
        try:
            ConfigureRequest.model_validate(payload, context=self._settings.limits)
        except ValidationError as error:
            return error
        return None

    def mark(
        self, payload: Mapping[str, Any], pinned: Collection[str] | None = None
    ) -> tuple[dict[str, Any], TraceKey | None]:
        """Make a payload recognisable in a shared environment; where the run is alone it stays as it is, without a key.

        Fields in `pinned` are left alone; if it is not given, these are the fields that differ from the usual payload,
        which the scenario has set.
        """
        if self._settings.exclusive:
            return dict(payload), None
        pinned = fields_set(payload) if pinned is None else pinned
        marked, key = stamp(payload, pinned, self._settings.limits, self._chance)
        self._announce(key)
        return marked, key

    def request_job(self, request: ConfigureRequest, task_id: str | None = None) -> Attempt:
        """Ask for a job, under the client's own id for it if there is one."""
        payload = request.payload()
        with _judged():
            return Attempt(payload, self._client().request_job(payload, task_id))

    def request_jobs(self, requests: Iterable[ConfigureRequest], clients: int) -> list[Attempt]:
        """Ask for several jobs by several clients at the same time; in the order of `requests`."""
        return _at_once(self.request_job, requests, clients)

    def request_job_meanwhile(self, request: ConfigureRequest, meanwhile: Callable[[], object]) -> Attempt:
        """Ask for a job, and call `meanwhile` while the server works on it; if that fails, the answer is told, too."""
        with ThreadPoolExecutor(max_workers=1) as pool:
            asked = pool.submit(self.request_job, request)
            try:
                meanwhile()
            except ExpectationFailed as error:
                raise ExpectationFailed(f"{error}\n  - answered in the end: {asked.result().exchange}") from None
            return asked.result()

    def request_raw(self, payload: Mapping[str, Any], task_id: str | None = None) -> Attempt:
        """Ask for a job with any payload, valid or not."""
        marked, _ = self.mark(payload)
        error = self.validation_error(marked)
        with _judged():
            return Attempt(marked, self._client().request_job(marked, task_id), error)

    def cancel(self, job_id: str) -> Exchange:
        """Ask for the end of a job."""
        with _judged():
            return self._client().request_cancellation(job_id)

    def cancel_at_once(self, job_id: str, clients: int) -> list[Exchange]:
        """Ask for the end of a job by several clients at the same time."""
        return _at_once(self.cancel, [job_id] * clients, clients)

    def cancelling_problems(self, job_ids: Iterable[str]) -> list[str]:
        """Cancel jobs, many of them by several clients at once; a line for each that could not be cancelled."""

        def problem(job_id: str) -> str | None:
            try:
                exchange = self.cancel(job_id)
            except ExpectationFailed as error:
                return f"cancelling {job_id}: {error}"
            return f"cancelling {exchange}" if exchange.cancelled_job is None else None

        ordered = list(job_ids)
        each = map(problem, ordered) if len(ordered) < _MANY else _at_once(problem, ordered, _CLIENTS)
        return [one for one in each if one is not None]

    def use_temporary_job(self, request: ConfigureRequest, work: Callable[[str], None]) -> None:
        """Do some work with the id of a job that exists only for it; it must be made, and be cancelled at the end."""
        with _judged(), self._client().temporary_job(request) as response:
            work(response.job_id)

    def failure_of(self, call: Callable[[FocusServerAPI], object], **server: Any) -> APIError | None:
        """The error of a client's call that should fail; `server` has the settings `focus_server` that it has not."""
        changed = self._settings.focus_server.model_copy(update=server)
        settings = self._settings.model_copy(update={"focus_server": changed})
        try:
            call(FocusServerAPI(settings, *self._subscribers))
        except APIError as failure:
            return failure
        return None

    def failure_meanwhile(
        self, call: Callable[[FocusServerAPI], object], meanwhile: Callable[[], object], **server: Any
    ) -> APIError | None:
        """The error of a call that should fail, as in `failure_of`; `meanwhile` is called while it is under way."""
        with ThreadPoolExecutor(max_workers=1) as pool:
            failure = pool.submit(self.failure_of, call, **server)
            meanwhile()
            return failure.result()

    def _client(self) -> FocusServerAPI:
        """The client of the thread that calls."""
        if not hasattr(self._own, "client"):
            self._own.client = FocusServerAPI(self._settings, *self._subscribers)
        client: FocusServerAPI = self._own.client
        return client


def _at_once(send: Callable[[R], A], requests: Iterable[R], clients: int) -> list[A]:
    with ThreadPoolExecutor(max_workers=clients) as pool:
        return list(pool.map(send, requests))


@contextmanager
def _judged() -> Iterator[None]:
    try:
        yield
    except APIError as error:
        raise error.judged() from None
