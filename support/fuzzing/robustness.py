"""Judging what a server makes of one request that may be anything: refused without a trace, or fully carried out.

What is right is decided by the suite's own rules, those of `ConfigureRequest`.
"""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Iterable
from contextlib import suppress
from typing import TYPE_CHECKING

from support.api.exchange import Exchange
from support.api.job import Attempt
from support.checks import answers, refusals
from support.contract.limits import PARAMETERS
from support.core.errors import ExpectationFailed, ValidationError, require
from support.core.validation import path_of, validation_problems
from support.fuzzing.malformed_bodies import JSON
from support.observers.request_marks import MARKED_FIELDS, TraceKey
from support.observers.side_effects import Snapshot, no_effects, unstated_problems
from support.scenario.session import ScenarioSession

if TYPE_CHECKING:
    from support.fuzzing.generated_requests import Request

ACCEPTED, REFUSED, ALONE = "accepted", "refused", "for one rule alone"


class Judge:
    """Sends requests one after another, and cancels at once what was accepted; `counts` has what came, kind by kind.

    Where the environment is shared, what a request left is found by the mark that it carried. Of one that cannot be
    marked (it is no configuration at all, or its mistakes leave too little of it) nothing is claimed there but what
    was answered.
    """

    def __init__(self, session: ScenarioSession) -> None:
        self.counts: dict[str, Counter[str]] = defaultdict(Counter)
        self._session = session
        self._known = self._all()

    def __call__(self, request: Request) -> None:
        """Send one request.

        Raises:
            ExpectationFailed: the server did not deal with it as the contract says.
        """
        session, body, key = self._session, request.body, None
        # One of the marked fields alone has too few values for what carries it to be ours.
        if request.mistaken is not None and len(MARKED_FIELDS - request.mistaken) > 1:
            body, key = session.marked(body, request.mistaken)
        raw = json.dumps(body).encode()
        exchange = session.send("POST", session.settings.paths.configure, raw=raw, headers={"Content-Type": JSON})
        against, count = session.refusal_of(body), self.counts[request.kind]
        if exchange.status in session.settings.answers.accepted_statuses:
            count[ACCEPTED] += 1
            try:
                self._expect_carried_out(Attempt(body, exchange), against)
            except ExpectationFailed:
                # What this one left must not be held against the next, which is tried to find a smaller one.
                with suppress(ExpectationFailed):
                    self._take_back(exchange)
                raise
            self._take_back(exchange)
        else:
            count[REFUSED] += 1
            count[ALONE] += against is not None and len(rules_broken(against)) == 1
            self._expect_no_trace(exchange, against, key)

    def expect_each(self, valid: Iterable[str], mistakes: Iterable[str]) -> None:
        """See that each kind came: otherwise nothing was shown of it.

        Raises:
            ExpectationFailed: a valid kind was never accepted, or a mistake never refused for one rule alone.
        """
        never = [f"{kind}: never accepted" for kind in valid if not self.counts[kind][ACCEPTED]]
        never += [f"{kind}: never refused for it alone" for kind in mistakes if not self.counts[kind][ALONE]]
        require("requests of each kind", never)

    def _all(self) -> Snapshot | None:
        """What there is now; None in a shared environment, where only a mark can tell what is ours."""
        return self._session.ledger.snapshot() if self._session.settings.exclusive else None

    def _take_back(self, exchange: Exchange) -> None:
        job_id = exchange.job_id()
        try:
            if job_id is not None:
                self._session.cancel(job_id)
                self._session.promises.expect_cancelled_jobs([job_id])
        finally:
            self._known = self._all()

    def _expect_carried_out(self, attempt: Attempt, against: ValidationError | None) -> None:
        if against is not None:
            require("a refusal", validation_problems(against), attempt.exchange)
        settings, promises = self._session.settings, self._session.promises
        job = answers.expect_accepted(attempt, settings.answers, settings.naming)
        promises.expect_complete_record(job)
        promises.expect_running_analyzer(job)
        promises.expect_consumers([job])

    def _expect_no_trace(self, exchange: Exchange, against: ValidationError | None, key: TraceKey | None) -> None:
        problems = refusals.error_problems(exchange, self._session.settings.answers.refused_statuses)
        if against is None:
            problems.append("it is a valid configuration")
        before, self._known = self._known, self._all()
        if before is not None and self._known is not None:
            problems += unstated_problems(before, self._known, no_effects(), ())
        elif key is not None:
            problems += [f"a job was made of it: {job_id}" for job_id in sorted(self._session.jobs_carrying(key))]
        require("a refusal without a trace", problems, exchange)


def rules_broken(refusal: ValidationError) -> list[str]:
    """The rules of the contract that a refusal names: each of those of the whole, and one for each wrong field."""
    rules: dict[str, None] = {}
    for error in refusal.errors():
        # A time may be a number or a text, and is told to be neither, each in a place of its own.
        place = error["loc"][:-1] if error["loc"][:-1] in _TIMES else error["loc"]
        messages = error["msg"].split("; ") if error["type"] == "contract" else [error["msg"]]
        for message in [""] if place in _TIMES else messages:
            rules[f"{path_of(place)}: {message}" if place else message] = None
    return list(rules)


_TIMES = {PARAMETERS["start time"].path, PARAMETERS["end time"].path}
