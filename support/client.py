"""The client of the Focus Server (contract, "Client flow" and "Other endpoints")."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import requests
from pydantic import InstanceOf, TypeAdapter, ValidationError

from support.configuration import ConfigureRequest, ConfigureResponse
from support.errors import APIError, EnvironmentBroken
from support.settings import Answers, FocusServer

_REQUEST: TypeAdapter[ConfigureRequest] = TypeAdapter(InstanceOf[ConfigureRequest])


@dataclass(frozen=True)
class Exchange:
    """One request and what came of it. `status` is None when no answer came; `failure` then says why."""

    method: str
    path: str
    request_body: Any
    sent_at: datetime
    elapsed_s: float
    status: int | None = None
    answer_text: str = ""
    failure: str = ""

    def answer(self) -> Any:
        """The answer's JSON, or None when it is none."""
        try:
            return json.loads(self.answer_text)
        except ValueError:
            return None

    def job_id(self) -> str | None:
        """The job id that the answer names, if it names one."""
        answer = self.answer()
        job_id = answer.get("job_id") if isinstance(answer, dict) else None
        return job_id if isinstance(job_id, str) and job_id else None

    def detail(self) -> str:
        """What the answer gives as the reason of a refusal (contract, "Errors"), as text; empty when it gives none."""
        answer = self.answer()
        if not isinstance(answer, dict) or not answer.get("detail"):
            return ""
        detail = answer["detail"]
        return detail if isinstance(detail, str) else json.dumps(detail, ensure_ascii=False)

    def __str__(self) -> str:
        seen = self.failure if self.status is None else f"{self.status} {self.answer_text[:500]}"
        return f"{self.method} {self.path} -> {seen} ({self.elapsed_s:.3f} s)"


class FocusServerAPI:
    """Speaks to one Focus Server. Not to be shared between threads: each worker gets its own.

    `on_exchange` is told of every exchange that took place, also of those that failed.
    """

    def __init__(self, server: FocusServer, answers: Answers, on_exchange: Callable[[Exchange], None]) -> None:
        self._base_url = server.base_url.rstrip("/")
        self._timeout_s = server.request_timeout_s
        self._answers = answers
        self._on_exchange = on_exchange
        self._session = requests.Session()
        self._session.trust_env = False
        self._session.verify = str(server.ca_file) if server.ca_file else True

    def configure_streaming_job(self, request: ConfigureRequest) -> ConfigureResponse:
        """Ask for a job.

        Raises:
            ValidationError: `request` is no `ConfigureRequest`; nothing was sent.
            APIError: the server refused, failed, or answered something that is no `ConfigureResponse`.
        """
        _REQUEST.validate_python(request)
        exchange = self.send("POST", "/configure", request.payload())
        self._require(exchange, self._answers.accepted_statuses)
        try:
            return ConfigureResponse.model_validate_json(exchange.answer_text)
        except ValidationError as error:
            missing = ", ".join(".".join(str(part) for part in problem["loc"]) for problem in error.errors())
            raise APIError(
                f"the answer lacks or misstates {missing or 'everything: it is no JSON'}: {exchange}",
                status=exchange.status,
            ) from error

    def cancel_job(self, job_id: str) -> None:
        """End a job and everything that was made for it.

        Raises:
            APIError: the server did not; `status` is 404 for a job it does not know.
        """
        self._require(self.send("DELETE", f"/job/{job_id}"), (200,))

    def acknowledge(self) -> None:
        """Ask the server whether it is alive.

        Raises:
            APIError: it says that it is not.
            EnvironmentBroken: it does not answer.
        """
        self._require(self.send("GET", "/ack"), (200,))

    @contextmanager
    def temporary_job(self, request: ConfigureRequest) -> Iterator[ConfigureResponse]:
        """A job for the length of a `with` block; cancelled at its end, whatever happened in it."""
        response = self.configure_streaming_job(request)
        try:
            yield response
        finally:
            self.cancel_job(response.job_id)

    def send(self, method: str, path: str, body: Any = None) -> Exchange:
        """Send anything and return what came back, whatever its status.

        Raises:
            EnvironmentBroken: the server could not be reached at all.
            APIError: it was reached and did not answer properly or in time.
        """
        sent_at, started = datetime.now(UTC), time.perf_counter()
        status, text, cause = None, "", None
        try:
            response = self._session.request(
                method, self._base_url + path, json=body, timeout=self._timeout_s, allow_redirects=False
            )
            status, text = response.status_code, response.text
        except requests.RequestException as error:
            cause = error
        exchange = Exchange(
            method=method,
            path=path,
            request_body=body,
            sent_at=sent_at,
            elapsed_s=time.perf_counter() - started,
            status=status,
            answer_text=text,
            failure=f"{type(cause).__name__}: {cause}" if cause else "",
        )
        self._on_exchange(exchange)
        if isinstance(cause, requests.Timeout) and not isinstance(cause, requests.ConnectTimeout):
            raise APIError(f"no answer within {self._timeout_s:g} s: {exchange}") from cause
        if isinstance(cause, requests.ConnectionError):
            raise EnvironmentBroken(
                f"The Focus Server cannot be reached at {self._base_url} ({exchange.failure}). "
                "Is it running? Is focus_server.base_url right?"
            ) from cause
        if cause is not None:
            raise APIError(f"no usable answer: {exchange}") from cause
        return exchange

    def _require(self, exchange: Exchange, statuses: tuple[int, ...]) -> None:
        if exchange.status not in statuses:
            wanted = " or ".join(str(status) for status in statuses)
            raise APIError(
                f"answered {exchange.status} instead of {wanted}: {exchange}",
                status=exchange.status,
                detail=exchange.detail(),
            )
