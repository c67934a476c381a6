"""The connection to RabbitMQ's management API: what AMQP does not tell, and what only an administrator may do."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar
from urllib.parse import quote, unquote, urlsplit

import requests

from support.core.http_access import HttpAccess
from support.observers.store_calls import StoreCalls, UnusableAnswer
from support.profile.settings import RabbitMQ

_ADVICE = (
    "Is its management plugin enabled? Is rabbitmq.management_url right, and does that user have a management tag and "
    "may use that virtual host? Without rabbitmq.management_url the suite does without it, and sees less."
)
_SHOWN_CHARACTERS = 150

T = TypeVar("T")
Queue = Mapping[str, Any]


class ManagementAPI:
    """What the management API tells of one virtual host."""

    def __init__(self, settings: RabbitMQ, virtual_host: str) -> None:
        assert settings.management_url is not None
        address = urlsplit(settings.management_url.get_secret_value())
        # Out of the address, so that no error can show them.
        # In UTF-8, as RabbitMQ reads them: requests by itself takes latin-1, or fails.
        user, password = (unquote(part or "").encode() for part in (address.username, address.password))
        self._credentials = requests.auth.HTTPBasicAuth(user, password)
        self._address = f"{address.scheme}://{address.netloc.rpartition('@')[2]}{address.path}".rstrip("/")
        ca_file = settings.management_ca_file or settings.ca_file
        self._access = HttpAccess.to(self._address, ca_file, "rabbitmq.management_ca_file (else rabbitmq.ca_file)")
        self._virtual_host = virtual_host
        self._session = self._new_session()
        self._calls = StoreCalls(
            "RabbitMQ", settings.timeout_s, "rabbitmq.timeout_s", _ADVICE, forget=self._forget, trust=self._access.trust
        )

    def names(self) -> list[str]:
        """Names of all the queues; exact at once."""
        return [queue["name"] for queue in self._queues("the names of the queues", columns="name")]

    def definitions(self) -> Mapping[str, list[Mapping[str, Any]]]:
        """What was declared besides queues, by its kind: exchanges, bindings, policies.

        Limits of the virtual host are left out: the suite itself sets one.
        """
        path = f"/api/definitions/{quote(self._virtual_host, safe='')}"
        answered = self._ask("what was declared", "GET", path, _object)
        return {
            kind: declared
            for kind, declared in answered.items()
            if kind in ("exchanges", "bindings", "policies")
            and isinstance(declared, list)
            and all(isinstance(one, dict) for one in declared)
        }

    def consumed(self, name: str) -> int | None:
        """Messages of a queue that consumers acknowledged, by the statistics, which lag behind by their interval.

        None: the statistics have nothing of this queue, be it that they are off or that they have not come yet.
        """
        found = self._queue(name, f"the statistics of the queue {name}", columns="name,message_stats")
        statistics = found.get("message_stats")
        counts = statistics if isinstance(statistics, Mapping) else {}
        if not any(_number(counts.get(count)) for count in ("publish", "deliver", "deliver_no_ack", "ack")):
            return None
        # A consumer that was promised not to acknowledge has consumed a message when it was delivered.
        return (_number(counts.get("ack")) or 0) + (_number(counts.get("deliver_no_ack")) or 0)

    def unacknowledged(self, name: str) -> int | None:
        """Messages of a queue that consumers took and have not acknowledged; exact at once, also without statistics.

        None: this broker does not tell.
        """
        columns = "name,messages_unacknowledged"
        asked = f"the unacknowledged messages of the queue {name}"
        found = self._queue(name, asked, columns=columns, disable_stats="true", enable_queue_totals="true")
        return _number(found.get("messages_unacknowledged"))

    def has_statistics(self) -> bool:
        """Whether the broker says that it keeps statistics; where it says nothing of them, it is taken to."""
        overview = self._ask("whether it keeps statistics", "GET", "/api/overview", _object)
        return overview.get("disable_stats") is not True

    def change(self, asked: str, method: str, path: str, body: Any = None) -> None:
        """Change something of the virtual host, whose name stands for `{}` in the path; `asked` says what."""
        self._ask(asked, method, path.format(quote(self._virtual_host, safe="")), lambda answered: None, body=body)

    def close(self) -> None:
        """Give the connections back."""
        self._calls.close(self._session.close)

    def _queue(self, name: str, asked: str, **parameters: str) -> Queue:
        return next((queue for queue in self._queues(asked, **parameters) if queue["name"] == name), {})

    def _queues(self, asked: str, **parameters: str) -> list[Queue]:
        return self._ask(asked, "GET", f"/api/queues/{quote(self._virtual_host, safe='')}", _queues, parameters)

    def _ask(
        self,
        asked: str,
        method: str,
        path: str,
        read: Callable[[Any], T],
        parameters: Mapping[str, str] | None = None,
        body: Any = None,
    ) -> T:
        """What `read` makes of the JSON that is answered, which is None when nothing is."""
        address, session = f"{self._address}{path}", self._session

        def call() -> T:
            try:
                limit_s = self._calls.driver_limit_s
                answer = session.request(
                    method, address, params=parameters, json=body, timeout=limit_s, allow_redirects=False
                )
            except requests.exceptions.ProxyError as error:
                raise UnusableAnswer(
                    f"it was not reached{self._access.through}: {self._access.on_proxy_failure(error)}"
                ) from None
            said = f"it answered{self._access.through} {answer.status_code} {answer.reason}"
            text = answer.content.decode(errors="replace")
            if not 200 <= answer.status_code < 300:
                to = f" to {answer.headers['Location']}" if "Location" in answer.headers else ""
                raise UnusableAnswer(f"{said}{to}: {_start(text)}")
            try:
                answered = json.loads(text) if text else None
            except (ValueError, RecursionError):
                form = answer.headers.get("Content-Type", "something")
                raise UnusableAnswer(f"{said}, but {form} instead of JSON: {_start(text)}") from None
            return read(answered)

        return self._calls.make(f"{asked} ({method} {address})", call)

    def _new_session(self) -> requests.Session:
        session = self._access.session()
        session.auth = self._credentials
        return session

    def _forget(self) -> None:
        self._session = self._new_session()


def _object(answered: Any) -> Mapping[str, Any]:
    if not isinstance(answered, dict):
        raise UnusableAnswer(f"it answered no object: {_start(answered)}")
    return answered


def _queues(answered: Any) -> list[Queue]:
    if not isinstance(answered, list) or not all(
        isinstance(queue, dict) and isinstance(queue.get("name"), str) for queue in answered
    ):
        raise UnusableAnswer(f"it answered no list of queues with their names: {_start(answered)}")
    return answered


def _number(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _start(answered: Any) -> str:
    text = " ".join((answered if isinstance(answered, str) else json.dumps(answered)).split())
    return text if len(text) <= _SHOWN_CHARACTERS else f"{text[:_SHOWN_CHARACTERS]}…"
