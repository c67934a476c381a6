"""The verdict on one request of any content: it must be refused without a trace, or carried out completely.

What is valid is decided by the suite's own rules, those of `ConfigureRequest`.
"""

from __future__ import annotations

import json
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from support.api.exchange import Exchange
from support.api.job import Attempt
from support.checks import answers, named_fields, refusals
from support.contract.broken_rules import BrokenRule, broken_rules
from support.core.errors import ExpectationFailed, ValidationError, require
from support.core.validation import validation_problems
from support.fuzzing.malformed_bodies import JSON
from support.observers.request_marks import MARKED_FIELDS, TraceKey
from support.observers.side_effects import Snapshot, no_effects, unstated_problems
from support.scenario.session import ScenarioSession

if TYPE_CHECKING:
    from support.fuzzing.generated_requests import GeneratedRequest

ACCEPTED, REFUSED, FOR_ONE_RULE = "accepted", "refused", "for one rule alone"
_PLAIN_NAME = re.compile(r"[\w.$-]+", re.ASCII)


class RequestVerdicts:
    """Sends requests one after another, and cancels at once what was accepted; `counts` has the answers, kind by kind.

    Where the environment is shared, what a request left is found by the mark that it carried. Some can't be marked:
    they are no configuration at all, or too little of it is left. There only the answer is judged.
    """

    def __init__(self, session: ScenarioSession) -> None:
        self.counts: dict[str, Counter[str]] = defaultdict(Counter)
        self._session = session
        self._known = self._snapshot()

    def expect_right_answer(self, request: GeneratedRequest) -> None:
        """Send one request; raise ExpectationFailed unless the server does with it what the contract says."""
        client, settings = self._session.client, self._session.settings
        body, key, counts = request.body, None, self.counts[request.kind]
        # One of the marked fields alone has too few values to prove that what carries it is ours.
        if request.violating is not None and len(MARKED_FIELDS - request.violating) > 1:
            body, key = client.mark(body, request.violating)
        raw = json.dumps(body).encode()
        exchange = client.send("POST", settings.paths.configure, raw=raw, headers={"Content-Type": JSON})
        error = client.validation_error(body)
        if exchange.status in settings.answers.accepted_statuses:
            counts[ACCEPTED] += 1
            try:
                self._expect_carried_out(Attempt(body, exchange), error)
            except ExpectationFailed:
                # What this request left must not count against the next one, which is tried to find a smaller one.
                with suppress(ExpectationFailed):
                    self._cancel(exchange)
                raise
            self._cancel(exchange)
        else:
            counts[REFUSED] += 1
            rules = [] if error is None else broken_rules(error)
            counts[FOR_ONE_RULE] += len(rules) == 1
            # Of several mistakes the client may know one only: what else a refusal names may be wrong as well.
            alone = rules[0] if request.mistakes == len(rules) == 1 else None
            self._expect_no_trace(exchange, error, key, misnaming(exchange, body, alone))

    def expect_each_kind(self, valid: Iterable[str], violations: Iterable[str]) -> None:
        """Raise ExpectationFailed unless each valid kind was accepted, and each violation refused for its rule alone.

        Otherwise nothing was shown of it.
        """
        never = [f"{kind}: never accepted" for kind in valid if not self.counts[kind][ACCEPTED]]
        never += [f"{kind}: never refused for it alone" for kind in violations if not self.counts[kind][FOR_ONE_RULE]]
        require("requests of each kind", never)

    def _snapshot(self) -> Snapshot | None:
        """What there is now; None in a shared environment, where only a mark can tell what is ours."""
        return self._session.ledger.snapshot() if self._session.settings.exclusive else None

    def _cancel(self, exchange: Exchange) -> None:
        job_id = exchange.job_id()
        try:
            if job_id is not None:
                self._session.client.cancel(job_id)
                self._session.promises.expect_cancelled_jobs([job_id])
        finally:
            self._known = self._snapshot()

    def _expect_carried_out(self, attempt: Attempt, error: ValidationError | None) -> None:
        if error is not None:
            require("a refusal", validation_problems(error), attempt.exchange)
        settings, promises = self._session.settings, self._session.promises
        job = answers.expect_accepted(attempt, settings.answers, settings.naming)
        promises.expect_complete_record(job)
        promises.expect_running_analyzer(job)
        promises.expect_consumers([job])

    def _expect_no_trace(
        self, exchange: Exchange, error: ValidationError | None, key: TraceKey | None, misnamed: Sequence[str]
    ) -> None:
        problems = [*refusals.error_problems(exchange, self._session.settings.answers.refused_statuses), *misnamed]
        if error is None:
            problems.append("it is a valid configuration")
        before, self._known = self._known, self._snapshot()
        if before is not None and self._known is not None:
            problems += unstated_problems(before, self._known, no_effects(), ())
        elif key is not None:
            problems += [
                f"a job was made of it: {job_id}" for job_id in sorted(self._session.ledger.jobs_carrying(key))
            ]
        require("a refusal without a trace", problems, exchange)


def misnaming(exchange: Exchange, body: Any, rule: BrokenRule | None) -> list[str]:
    """What is wrong with the fields that a refusal names where this rule alone is broken; a line each."""
    if rule is None or not rule.about:
        return []
    detail = exchange.told("detail")
    # The name of an unknown field may be anything, and be written in many ways: `"`, `\"`, `&quot;`.
    if not all(_PLAIN_NAME.fullmatch(cause.field) for cause in rule.about):
        return named_fields.needless_problems(detail, rule.about, body)
    return named_fields.naming_problems(detail, rule.about, body, either=True)
