"""A formatter for behave that records which calls a run makes: to the server, to the stores, and the pauses between.

It listens at the seams by which every call leaves the suite: `requests.Session.send` (the server, the management API),
pymongo's command listener, `ApiConnection.ask` (Kubernetes), `Broker` (AMQP), and `time.sleep` of the main thread. The
file has `{"tenant": {…}, "scenarios": [{"location", "calls", "unplayable"}]}`; `bare_script` makes its calls again. A
scenario is unplayable when it makes calls at the same time, or others than these.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any
from urllib.parse import urlencode, urlsplit

import requests
from behave.formatter.base import Formatter, StreamOpener
from behave.model import Scenario
from bson import json_util
from pymongo import monitoring

import support.core.eventually as waiting
import support.observers.stream as stream
from kubeconfig.calls import ApiConnection
from support.observers.rabbitmq import Broker
from support.profile.provider import ProvidedEnvironment

Call = dict[str, Any]
Original = Callable[..., Any]

_OF_HISTORY = ("$changeStream", "$cmd.aggregate")
_OF_THE_DRIVER = ("lsid", "$db", "$clusterTime", "$readPreference", "txnNumber")
_NOT_REPEATED = ("User-Agent", "Accept-Encoding", "Accept", "Connection", "Content-Length", "Authorization")


class Recording:
    """The calls of each scenario. They may come from any thread, but one at a time, or the scenario is unplayable."""

    def __init__(self) -> None:
        self.scenarios: list[dict[str, Any]] = []
        self.tenant: dict[str, str] = {}
        self._lock, self._running = threading.Lock(), 0
        self._current: dict[str, Any] | None = None

    def begin(self, location: str) -> None:
        """A scenario begins."""
        self._current = {"location": location, "calls": [], "unplayable": None}
        self.scenarios.append(self._current)

    def end(self) -> None:
        """What comes now is of no scenario."""
        self._current = None

    def give_up(self, why: str) -> None:
        """The present scenario cannot be played, because of this."""
        if self._current is not None and self._current["unplayable"] is None:
            self._current["unplayable"] = why

    def began(self, call: Call) -> Call:
        """A call begins; what is only known at its end may be added to it later."""
        with self._lock:
            self._running += 1
            if self._running > 1:
                self.give_up("calls at the same time")
            if self._current is not None:
                self._current["calls"].append(call)
        return call

    def ended(self) -> None:
        """A call has ended."""
        with self._lock:
            self._running -= 1

    @contextmanager
    def call(self, call: Call) -> Iterator[Call]:
        """A call, from its beginning to its end."""
        self.began(call)
        try:
            yield call
        finally:
            self.ended()


class _Commands(monitoring.CommandListener):
    """Records the commands to MongoDB; not those that read its history, which hold for one database only."""

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._of_history: set[int] = set()

    def started(self, event: monitoring.CommandStartedEvent) -> None:
        if any(mark in str(event.command) for mark in _OF_HISTORY):
            self._of_history.add(event.request_id)
            return
        command = {name: value for name, value in event.command.items() if name not in _OF_THE_DRIVER}
        self._recording.began({"to": "mongodb", "database": event.database_name, "command": json_util.dumps(command)})

    def succeeded(self, event: monitoring.CommandSucceededEvent) -> None:
        self._ended(event.request_id)

    def failed(self, event: monitoring.CommandFailedEvent) -> None:
        self._ended(event.request_id)

    def _ended(self, request: int) -> None:
        if request in self._of_history:
            self._of_history.discard(request)
        else:
            self._recording.ended()


class CallRecorder(Formatter):
    """Writes the recording at the end of the run."""

    def __init__(self, stream_opener: StreamOpener, config: Any) -> None:
        super().__init__(stream_opener, config)
        self._recording = Recording()
        self._answered_at, self._ports = 0.0, set[int]()
        self._settles, self._publishes = False, False
        monitoring.register(_Commands(self._recording))
        _replace(ProvidedEnvironment, "endpoints", self._endpoints)
        _replace(requests.Session, "send", self._send)
        _replace(ApiConnection, "ask", self._ask)
        _replace(Broker, "declared", self._declared)
        _replace(Broker, "publish", self._publish)
        _replace(Broker, "on_channel", self._on_channel)
        _replace(stream, "health_of", self._health_of)
        _replace(waiting, "_until_the_next", self._until_the_next)
        _replace(time, "sleep", self._sleep)
        sys.addaudithook(self._heard)

    def scenario(self, scenario: Scenario) -> None:
        """A scenario begins."""
        self._answered_at = time.monotonic()
        self._recording.begin(str(scenario.location))

    def eof(self) -> None:
        """A feature has ended."""
        self._recording.end()

    def close(self) -> None:
        """The run has ended."""
        self._recording.end()
        self.open()
        json.dump({"tenant": self._recording.tenant, "scenarios": self._recording.scenarios}, self.stream)
        self.close_stream()

    def _endpoints(self, original: Original, provided: Any) -> Any:
        """What names the tenant, so that another can stand in its place; the ports that calls may go to."""
        (told,) = all_told = original(provided)
        management = urlsplit(told["rabbitmq"]["management_url"])
        self._recording.tenant = {
            "server": told["focus_server"]["base_url"],
            "management": f"{management.scheme}://{management.netloc.rpartition('@')[2]}",
            "namespace": told["kubernetes"]["namespace"],
            "database": told["mongodb"]["database"],
        }
        addresses = (
            told["focus_server"]["base_url"],
            told["rabbitmq"]["management_url"],
            told["rabbitmq"]["url"],
            told["mongodb"]["uri"],
        )
        self._ports |= {port for address in addresses if (port := urlsplit(address).port)}
        return all_told

    def _send(self, original: Original, session: Any, request: Any, **options: Any) -> Any:
        """A request to the server, or to the management API."""
        body = request.body or b""
        octets = body if isinstance(body, bytes) else body.encode()
        headers = {name: value for name, value in request.headers.items() if name not in _NOT_REPEATED}
        call = {"to": "http", "method": request.method, "url": request.url, "headers": headers}
        with self._recording.call({**call, "body": octets.decode("latin-1")}) as recorded:
            try:
                response = original(session, request, **options)
            except Exception:
                self._recording.give_up("a request without an answer")
                raise
            recorded["status"] = response.status_code
            recorded["job_id"] = _job_id(response)
        if request.url.startswith(self._recording.tenant["server"]):
            self._answered_at = time.monotonic()
        return response

    def _ask(self, original: Original, connection: Any, question: Any) -> Any:
        """A request to Kubernetes."""
        if port := urlsplit(connection.cluster.server).port:
            self._ports.add(port)
        if question.method != "GET":
            self._recording.give_up("a change of an object of Kubernetes")
        query = f"?{urlencode(list(question.query))}" if question.query else ""
        with self._recording.call({"to": "kubernetes", "path": question.path + query}):
            return original(connection, question)

    def _declared(self, original: Original, broker: Any, name: str) -> Any:
        """A look at a queue."""
        with self._recording.call({"to": "queue", "name": name}):
            return original(broker, name)

    def _publish(self, original: Original, broker: Any, name: str, body: bytes) -> Any:
        """A message that probes a consumer."""
        self._publishes = True
        try:
            with self._recording.call({"to": "consumer", "name": name, "body": body.decode("latin-1")}):
                return original(broker, name, body)
        finally:
            self._publishes = False

    def _on_channel(self, original: Original, *arguments: Any, **options: Any) -> Any:
        """Anything else over AMQP."""
        if not self._publishes:
            self._recording.give_up("another use of the broker")
        return original(*arguments, **options)

    def _health_of(self, original: Original, *arguments: Any, **options: Any) -> Any:
        self._recording.give_up("a question to a stream")
        return original(*arguments, **options)

    def _until_the_next(self, original: Original, started: float, policy: Any) -> Any:
        self._settles = policy.setting.endswith("settling_s")
        return original(started, policy)

    def _sleep(self, original: Original, seconds: float) -> None:
        """A pause; one that waits for late effects ends a fixed time after the last answer, so it is told as that."""
        if threading.current_thread() is threading.main_thread():
            after_answer_s = time.monotonic() + seconds - self._answered_at
            pause = (
                {"to": "settle", "after_answer_s": after_answer_s} if self._settles else {"to": "pause", "s": seconds}
            )
            with self._recording.call(pause):
                original(seconds)
            self._settles = False
        else:
            original(seconds)

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Something leaves by another way: SSH, a proxy's API, a gateway of the scenario's own."""
        is_network = event in ("socket.connect", "socket.bind") and isinstance(arguments[1], tuple)
        if is_network and (event == "socket.bind" or arguments[1][1] not in self._ports):
            self._recording.give_up("a connection to something else")


def _replace(owner: Any, name: str, replacement: Callable[..., Any]) -> None:
    """Have a function of a class or module called by its replacement, which gets it first."""
    original = getattr(owner, name)
    setattr(owner, name, wraps(original)(lambda *arguments, **options: replacement(original, *arguments, **options)))


def _job_id(response: requests.Response) -> str | None:
    try:
        told = response.json()
    except ValueError:
        return None
    found = told.get("job_id") if isinstance(told, dict) and response.request.method == "POST" else None
    return found if isinstance(found, str) else None
