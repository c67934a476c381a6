"""Judging what a server makes of one request that may be anything: refused without a trace, or fully carried out.

What is right is decided by the suite's own rules, those of `ConfigureRequest`.
"""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

from support import answers, refusals
from support.answers import Attempt
from support.case import Case
from support.client import Exchange
from support.errors import ExpectationFailed, ValidationError, require
from support.malformed import JSON
from support.side_effects import Census, no_effects, unexplained


class Judge:
    """Sends requests one after another, and cancels at once what was accepted; `accepted` and `refused` count them."""

    def __init__(self, case: Case) -> None:
        self.accepted = self.refused = 0
        self._case = case
        self._known: Census = case.books.census()

    def __call__(self, request: Any) -> None:
        """Send one request.

        Raises:
            ExpectationFailed: the server did not deal with it as the contract says.
        """
        case, paths = self._case, self._case.settings.paths
        body = json.dumps(request).encode()
        exchange = case.send("POST", paths.configure, raw=body, headers={"Content-Type": JSON})
        against = case.refusal_of(request)
        if exchange.status in case.settings.answers.accepted_statuses:
            self.accepted += 1
            try:
                self._expect_carried_out(Attempt(request, exchange), against)
            except ExpectationFailed:
                # What this one left must not be held against the next, which is tried to find a smaller one.
                with suppress(ExpectationFailed):
                    self._take_back(exchange)
                raise
            self._take_back(exchange)
        else:
            self.refused += 1
            self._expect_no_trace(exchange, against)

    def expect_both_kinds(self) -> None:
        """See that requests of both kinds were sent: otherwise nothing was shown of one of them.

        Raises:
            ExpectationFailed: none was accepted, or none refused.
        """
        told = f"{self.accepted} accepted, {self.refused} refused"
        require("some requests to be accepted and some refused", [] if self.accepted and self.refused else [told])

    def _take_back(self, exchange: Exchange) -> None:
        job_id = exchange.job_id()
        try:
            if job_id is not None:
                self._case.cancel(job_id)
                self._case.promises.are_cancelled([job_id])
        finally:
            self._known = self._case.books.census()

    def _expect_carried_out(self, attempt: Attempt, against: ValidationError | None) -> None:
        if against is not None:
            problems = [f"{'.'.join(map(str, one['loc']))}: {one['msg']}" for one in against.errors()]
            require("a refusal", problems, attempt.exchange)
        settings, promises = self._case.settings, self._case.promises
        job = answers.accepted(attempt, settings.answers, settings.naming)
        promises.record_is_complete(job)
        promises.analyzer_runs(job)
        promises.queues_have_consumers([job])

    def _expect_no_trace(self, exchange: Exchange, against: ValidationError | None) -> None:
        problems = refusals.wrong_error(exchange, self._case.settings.answers.refused_statuses)
        if against is None:
            problems.append("it is a valid configuration")
        before, self._known = self._known, self._case.books.census()
        problems += unexplained(before, self._known, no_effects(), ())
        require("a refusal without a trace", problems, exchange)
