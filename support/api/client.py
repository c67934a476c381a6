"""The client of the Focus Server (contract, "Client flow" and "Other endpoints")."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from typing import Annotated, Any
from urllib.parse import quote, unquote

import requests
from pydantic import AfterValidator, InstanceOf, TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError
from urllib3.exceptions import NewConnectionError

from support.api.exchange import Exchange
from support.api.raw_body import RawBody
from support.contract.configuration import ConfigureRequest, ConfigureResponse, is_task_id
from support.core.errors import APIError
from support.core.http_access import HttpAccess
from support.core.validation import path_of
from support.profile.settings import Settings

Headers = Mapping[str, str]

_REQUEST: TypeAdapter[ConfigureRequest] = TypeAdapter(InstanceOf[ConfigureRequest])
_SHOWN_BYTES = 2000


def _require_task_id(text: str) -> str:
    if not is_task_id(text):
        raise PydanticCustomError("task_id", "a task_id is {prefix}_{YYYYMMDDHHMMSS}_{8 hex}")
    return text


_TASK_ID: TypeAdapter[str] = TypeAdapter(Annotated[str, AfterValidator(_require_task_id)])


class FocusServerAPI:
    """Speaks to one Focus Server. Not to be shared between threads: each worker gets its own.

    Each exchange, also a failed one, is published once: to the subscribers, in their order. Making a client raises
    SettingsError if the certificates to trust, or the proxy that leads to the server, cannot be used.
    """

    def __init__(self, settings: Settings, *subscribers: Callable[[Exchange], None]) -> None:
        server = settings.focus_server
        self._base_url = server.base_url.rstrip("/")
        self._timeout_s = server.request_timeout_s
        self._answers, self._paths, self._limits = settings.answers, settings.paths, settings.limits
        self._subscribers = subscribers
        self._access = HttpAccess.to(server.base_url, server.ca_file, "focus_server.ca_file")
        self._session = self._access.session()

    def configure_streaming_job(self, request: ConfigureRequest, task_id: str | None = None) -> ConfigureResponse:
        """Ask for a job; `task_id` is the client's own id for it, if it has one.

        Raises:
            ValidationError: `request` is no `ConfigureRequest`, or was made without its rules being checked, or
                `task_id` is malformed; nothing was sent.
            APIError: the server refused, failed, or answered something that is no `ConfigureResponse`.
        """
        _REQUEST.validate_python(request)
        valid = ConfigureRequest.model_validate(dict(request), context=self._limits)
        if task_id is not None:
            _TASK_ID.validate_python(task_id)
        exchange = self.request_job(valid.payload(), task_id)
        self._require(exchange, self._answers.accepted_statuses)
        try:
            return ConfigureResponse.model_validate_json(exchange.answer_text)
        except ValidationError as error:
            missing = ", ".join(path_of(problem["loc"]) for problem in error.errors())
            raise APIError(
                f"the answer lacks or misstates {missing or 'everything: it is no JSON'}: {exchange}",
                status=exchange.status,
            ) from error

    def cancel_job(self, job_id: str) -> None:
        """End a job and everything made for it; raises APIError otherwise, with status 404 for an unknown job."""
        self._require(self.request_cancellation(job_id), self._answers.cancelled_statuses)

    def connect(self) -> None:
        """Have a connection, so that the next request does not wait for one. A failure is told by that request."""
        with suppress(OSError):
            self._session.get(self._base_url + self._paths.health, timeout=self._timeout_s)

    def close(self) -> None:
        """Close the connections. Another request makes new ones."""
        self._session.close()

    def acknowledge(self) -> None:
        """Raise APIError unless the server says that it is alive."""
        self._require(self.send("GET", self._paths.health), (200,))

    @contextmanager
    def temporary_job(self, request: ConfigureRequest) -> Iterator[ConfigureResponse]:
        """Have a job for the length of a `with` block; it is cancelled at the end, also after an exception."""
        response = self.configure_streaming_job(request)
        try:
            yield response
        finally:
            self.cancel_job(response.job_id)

    def request_job(self, payload: Mapping[str, Any], task_id: str | None = None) -> Exchange:
        """Send a configuration, valid or not, and return what came back, as `send` does."""
        paths = self._paths
        path = paths.configure if task_id is None else paths.configure_by_task.format(task_id=quote(task_id, safe=""))
        return self.send("POST", path, payload)

    def request_cancellation(self, job_id: str) -> Exchange:
        """Ask for the end of a job, and return what came back, as `send` does."""
        return self.send("DELETE", self._paths.job.format(job_id=quote(job_id, safe="")))

    def send(
        self, method: str, path: str, body: Any = None, *, raw: RawBody | None = None, headers: Headers | None = None
    ) -> Exchange:
        """Send `body` as JSON, or `raw` as it is, and return what came back, whatever its status.

        Raises APIError if no usable answer came, or not in time, or the server could not be reached.
        """
        # In this order: if the machine pauses between the two, no answer seems to have come before it did.
        started, sent_at = time.perf_counter(), datetime.now(UTC)
        response: requests.Response | None = None
        cause: OSError | None = None
        try:
            response = self._session.request(
                method,
                self._base_url + path,
                json=body,
                data=raw,
                headers=headers,
                timeout=self._timeout_s,
                allow_redirects=False,
            )
        except OSError as error:  # Also what requests has no error of its own for: a ca_file that is not there.
            cause = error
        status = response.status_code if response is not None else None
        cancelled = method == "DELETE" and status in self._answers.cancelled_statuses
        exchange = Exchange(
            method=method,
            path=path,
            request_body=body if raw is None else bytes(raw)[:_SHOWN_BYTES].decode(errors="backslashreplace"),
            sent_at=sent_at,
            elapsed_s=time.perf_counter() - started,
            status=status,
            answer_text=response.content.decode(errors="replace") if response is not None else "",
            answer_headers=response.headers if response is not None else {},
            failure=f"{type(cause).__name__}: {cause}" if cause else "",
            asks_for_job=method == "POST" and self._paths.creates_jobs(path),
            cancelled_job=unquote(path.rpartition("/")[2]) if cancelled else None,
        )
        for publish_to in self._subscribers:
            publish_to(exchange)
        if cause is not None:
            raise self._no_answer(exchange, cause) from cause
        if self._access.proxy is not None and exchange.status == requests.codes.proxy_authentication:
            raise self._unusable(
                f"cannot be reached{self._access.through}: the proxy wants a user and a password, or others."
            )
        return exchange

    def _no_answer(self, exchange: Exchange, cause: OSError) -> APIError:
        reason = getattr(cause.args[0], "reason", None) if cause.args else None
        if isinstance(cause, requests.exceptions.SSLError) or not isinstance(cause, requests.RequestException):
            return self._unusable(f"cannot be trusted ({reason or cause}). {self._access.on_distrust}")
        if isinstance(cause, requests.exceptions.ProxyError):
            return self._unusable(f"cannot be reached{self._access.through}: {self._access.on_proxy_failure(cause)}")
        if isinstance(cause, requests.ConnectTimeout | requests.exceptions.InvalidURL):
            reason = reason or cause
        elif isinstance(cause, requests.Timeout):
            return APIError(f"no answer within {self._timeout_s:g} s: {exchange}")
        elif not isinstance(reason, NewConnectionError):
            return APIError(f"the connection broke before there was an answer: {exchange}")
        return APIError(
            f"The Focus Server cannot be reached at {self._base_url}{self._access.through} ({type(reason).__name__}). "
            "Is it running? Is focus_server.base_url right?",
            unreachable=True,
        )

    def _unusable(self, why: str) -> APIError:
        return APIError(f"The Focus Server at {self._base_url} {why}", unreachable=True)

    def _require(self, exchange: Exchange, statuses: tuple[int, ...]) -> None:
        if exchange.status not in statuses:
            wanted = " or ".join(str(status) for status in statuses)
            raise APIError(
                f"answered {exchange.status} instead of {wanted}: {exchange}",
                status=exchange.status,
                detail=exchange.detail(),
            )
