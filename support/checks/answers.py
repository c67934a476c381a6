"""What an answer of the server must say: judged from the answer alone, before any store is looked into."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

from pydantic import ValidationError

from support.api.exchange import Exchange
from support.api.job import Attempt, Job
from support.checks.refusals import status_problems
from support.contract.configuration import ConfigureResponse
from support.core.errors import ExpectationFailed, failure_text, require
from support.core.validation import validation_problems
from support.profile.settings import Answers, Naming


def expect_accepted(attempt: Attempt, answers: Answers, naming: Naming) -> Job:
    """Give the job; raise ExpectationFailed unless it was accepted with a complete answer (contract, step G)."""
    exchange = attempt.exchange
    require("the job to be accepted", status_problems(exchange, *answers.accepted_statuses), exchange)
    try:
        response = ConfigureResponse.model_validate_json(exchange.answer_text)
    except ValidationError as error:
        raise ExpectationFailed(failure_text("a complete answer", validation_problems(error), exchange)) from None
    problems = []
    if not re.fullmatch(naming.job_id_pattern, response.job_id):
        problems.append(f"job_id is {_short(response.job_id)}, not of the form {naming.job_id_pattern}")
    if response.status != answers.configured_status:
        problems.append(f"status is {_short(response.status)} instead of {answers.configured_status!r}")
    if response.stream_port != answers.stream_port:
        problems.append(f"stream_port is {response.stream_port} instead of {answers.stream_port}")
    written = exchange.told("created_at")
    if response.created_at is None or not str(written).endswith("Z"):
        problems.append(f"created_at is {_short(written)}, not ISO 8601 ending in Z")
    require("the answer of an accepted job", problems, exchange)
    return Job(response.job_id, attempt.payload, exchange, response.created_at)


def _short(value: object) -> str:
    return f"{value!r:.200}"


def expect_distinct_ids(jobs: Sequence[Job]) -> None:
    """Raise ExpectationFailed unless no two jobs share an id."""
    shared = [job_id for job_id, count in Counter(job.job_id for job in jobs).items() if count > 1]
    problems = [f"given out twice: {', '.join(shared)}"] if shared else []
    require(f"{len(jobs)} different job ids", problems)


def expect_other_mappings(jobs: Sequence[Job]) -> None:
    """Raise ExpectationFailed unless each answer tells another mapping of channels to streams."""
    told = _mappings(jobs)
    require("no two mappings alike", ["some are"] if any(told.count(one) > 1 for one in told) else [], told)


def expect_one_mapping(jobs: Sequence[Job]) -> None:
    """Raise ExpectationFailed unless all answers tell the same mapping of channels to streams."""
    told = _mappings(jobs)
    require("all mappings alike", ["some differ"] if any(one != told[0] for one in told) else [], told)


def _mappings(jobs: Sequence[Job]) -> list[object]:
    """What each answer tells; raise ExpectationFailed if one tells nothing."""
    told = [job.exchange.told("channel_to_stream_index") for job in jobs]
    require("mappings of channels to streams", [] if all(told) else ["an answer tells none"], told)
    return told


def expect_task_id(job: Job, task_id: str) -> None:
    """Raise ExpectationFailed unless the answer repeats the client's own id."""
    told = job.exchange.told("task_id")
    require(f"the answer to repeat the task id {task_id}", [] if told == task_id else [f"it says {told!r}"])


def expect_in_time(exchanges: Sequence[Exchange], limit_s: float, setting: str) -> None:
    """Raise ExpectationFailed unless every answer came within `limit_s`, which is `time_limits.{setting}`."""
    late = [exchange for exchange in exchanges if exchange.elapsed_s >= limit_s]
    problems = [f"{len(late)} of {len(exchanges)} came later"] if late else []
    require(f"an answer in under {limit_s:g} s (time_limits.{setting})", problems, late[0] if late else None)


def expect_cancelled(exchanges: Sequence[Exchange], job_id: str, answers: Answers) -> None:
    """Raise ExpectationFailed unless the end of a job was confirmed (contract, DELETE /job/{job_id}).

    Of several who cancelled it at once the first is told so, and the others what is told when it is cancelled again.
    """
    confirmation = next((one for one in exchanges if one.status in answers.cancelled_statuses), exchanges[0])
    wanted = {"job_id": job_id, "status": answers.cancelled_status}
    problems = status_problems(confirmation, *answers.cancelled_statuses)
    problems += [f"{name} is {confirmation.told(name)!r}" for name in wanted if confirmation.told(name) != wanted[name]]
    require(f"the cancelling to be confirmed, with {wanted}", problems, confirmation)
    for exchange in exchanges:
        if exchange is not confirmation:
            expect_cancelled_again(exchange, answers)


def expect_cancelled_again(exchange: Exchange, answers: Answers) -> None:
    """Raise ExpectationFailed unless a job that was cancelled before may be cancelled again."""
    problems = status_problems(exchange, *answers.cancelled_again_statuses)
    require("a job that was cancelled before to be cancelled once more", problems, exchange)
