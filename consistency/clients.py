"""What the clients do: each decision becomes a request, and what came of it an operation of the history."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any, NamedTuple

import requests

from consistency.operations import Creation, Decision, Kind, Operation, Outcome, State
from consistency.recording import Recording
from consistency.seen import Mark
from support.api.client import FocusServerAPI
from support.api.exchange import Exchange
from support.api.job import Attempt
from support.checks.answers import expect_accepted
from support.core.errors import APIError, ExpectationFailed
from support.observers.request_marks import TraceKey
from support.profile.settings import Answers, Settings

_ASKS_AGAIN_AFTER_S = 0.3
_SHOWN = 300  # characters of an answer


class KnownJobs:
    """The ids of the jobs that were acknowledged, by their creations. It may be used by several threads at once."""

    def __init__(self, unknown_job_id: str) -> None:
        """`unknown_job_id` is what is asked for while there is no job to ask for."""
        self._unknown, self._lock = unknown_job_id, threading.Lock()
        self._job_ids: dict[Creation, str] = {}

    def add(self, creation: Creation, job_id: str) -> None:
        """A creation was acknowledged."""
        with self._lock:
            self._job_ids[creation] = job_id

    def of(self, creation: Creation) -> str:
        """The id of its job; if it was not acknowledged, of the last one of that client's before it that was."""
        with self._lock:
            earlier = [one for one in self._job_ids if one.client == creation.client and one.number <= creation.number]
            return self._job_ids[max(earlier)] if earlier else self._unknown


class Judgement(NamedTuple):
    """What an answer tells about an operation; `wrong` is what is wrong with the answer itself."""

    outcome: Outcome
    told: State | None = None
    wrong: str = ""


def judge(kind: Kind, exchange: Exchange, answers: Answers, *, was_sent: bool) -> Judgement:
    """What came of an operation.

    A creation that is refused is undone, says the contract; a cancellation that is refused may be half done, and can be
    repeated. A look changes nothing: one that tells nothing may be left out of account.
    """
    status = exchange.status
    undone: Judgement = Judgement("info" if kind == "cancel" else "fail")
    if status is None:
        return Judgement("fail") if kind == "look" or not was_sent else Judgement("info")
    if status in answers.unavailable_statuses:
        has_job = kind == "create" and exchange.job_id() is not None
        return undone._replace(wrong=f"a refusal has a job id: {exchange}"[:_SHOWN] if has_job else "")
    if kind == "create" and status in answers.accepted_statuses and exchange.job_id() is not None:
        return Judgement("ok", "configured")
    if kind == "cancel" and status in answers.cancelled_statuses:
        return Judgement("ok", "cancelled")
    if kind != "create" and status in answers.unknown_statuses:
        return Judgement("ok", "absent")
    states: dict[Any, State] = {answers.configured_status: "configured", answers.cancelled_status: "cancelled"}
    if kind == "look" and status == requests.codes.ok and exchange.told("status") in states:
        return Judgement("ok", states[exchange.told("status")])
    return undone._replace(wrong=f"it is no answer to this: {exchange}"[:_SHOWN])


class Client:
    """Does one operation after another. Every exchange is published to the subscribers, as by `FocusServerAPI`."""

    def __init__(
        self,
        name: str,
        settings: Settings,
        jobs: KnownJobs,
        recording: Recording,
        announce: Callable[[TraceKey], None],
        *subscribers: Callable[[Exchange], None],
    ) -> None:
        """`announce` is told by what the request of a job is recognised, before it is sent."""
        self._name, self._settings, self._jobs, self._recording = name, settings, jobs, recording
        self._announce = announce
        self._last: Exchange | None = None
        self._api = FocusServerAPI(settings, *subscribers, self._keep)

    def do(self, decision: Decision) -> Operation:
        """Carry out a decision."""
        if decision.payload is None:
            return self.ask(decision.kind, self._jobs.of(decision.creation))
        made = self.create(decision.payload)
        if made.outcome == "ok" and made.job_id is not None:
            self._jobs.add(decision.creation, made.job_id)
        return made

    def create(self, payload: dict[str, Any]) -> Operation:
        """Ask for a job."""
        mark = Mark.of(payload)
        assert mark is not None, "without one nobody knows what an unanswered request has made"
        self._announce(mark.key())
        return self._request("create", None, payload, lambda: self._api.request_job(payload))

    def ask(self, kind: Kind, job_id: str) -> Operation:
        """Look at a job, or cancel it."""
        if kind == "cancel":
            return self._request(kind, job_id, None, lambda: self._api.request_cancellation(job_id))
        path = self._settings.paths.metadata.format(job_id=job_id)
        return self._request(kind, job_id, None, lambda: self._api.send("GET", path))

    def _request(
        self, kind: Kind, job_id: str | None, payload: dict[str, Any] | None, send: Callable[[], Exchange]
    ) -> Operation:
        invoked_s = self._recording.now()
        exchange, was_sent = self._exchange(send)
        completed_s = self._recording.now()
        outcome, told, wrong = judge(kind, exchange, self._settings.answers, was_sent=was_sent)
        created_at = None
        if payload is not None and outcome == "ok":
            job_id = exchange.job_id()
            created_at, wrong = self._check_accepted(Attempt(payload, exchange))
        operation = Operation(
            client=self._name,
            kind=kind,
            job_id=job_id,
            outcome=outcome,
            invoked_s=invoked_s,
            completed_s=completed_s,
            told=told,
            status=exchange.status,
            detail=(exchange.detail() or exchange.failure)[:_SHOWN],
            wrong=wrong,
            payload=payload,
            sent_at=exchange.sent_at,
            created_at=created_at,
        )
        self._recording.completed(operation)
        if not was_sent:
            time.sleep(_ASKS_AGAIN_AFTER_S)  # As a client does: else all of its operations fail before a part is back.
        return operation

    def _exchange(self, send: Callable[[], Exchange]) -> tuple[Exchange, bool]:
        """What came of a request, and whether it was sent."""
        try:
            return send(), True
        except APIError as error:
            assert self._last is not None
            # A server that dies may also break off a TLS connection after it was asked.
            return self._last, not error.unreachable or isinstance(error.__cause__, requests.exceptions.SSLError)

    def _check_accepted(self, attempt: Attempt) -> tuple[datetime | None, str]:
        """When an acknowledged job was made, as the answer says, and what is wrong with the answer."""
        try:
            return expect_accepted(attempt, self._settings.answers, self._settings.naming).created_at, ""
        except ExpectationFailed as failure:
            return None, str(failure)

    def _keep(self, exchange: Exchange) -> None:
        self._last = exchange
