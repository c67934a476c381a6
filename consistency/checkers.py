"""What a history must hold, as functions of what clients were told and of what the stores show: nothing is asked here.

Each function gives the violations of one promise.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from consistency.linearisability import unexplained
from consistency.operations import STORES, Disturbed, Operation, Part
from consistency.seen import Mark, Seen
from support.api.job import Job
from support.checks import job_effects
from support.profile.settings import Settings, object_name_of

ANSWER = "an answer is wrong"
LATE = "an answer is too late"
NONE = "a request is not answered"
REFUSED = "a request is refused although nothing is disturbed"
TWICE = "an id is given out twice"
NOT_WHOLE = "an acknowledged job is not whole"
NOT_ABSENT = "a refused job is there"
NOT_GONE = "a cancelled job is not gone"
HALF_GONE = "a job is half cancelled"
HALF = "a job without an answer is half made"
NOBODYS = "an effect belongs to no job"
UNEXPLAINED = "an answer cannot be explained by any order"


@dataclass(frozen=True)
class Violation:
    """A promise that was not kept: which one, what is wrong, and with which job; `operations` are those about it."""

    promise: str
    problem: str
    job_id: str | None = None
    operations: tuple[Operation, ...] = ()


def answer_violations(
    operations: Sequence[Operation], disturbed: Sequence[Disturbed], settings: Settings
) -> Iterator[Violation]:
    """Answers that are wrong by themselves, that come too late, or not, or that refuse what nothing stands against."""
    limits = settings.time_limits
    for one in operations:
        parts = _parts_within(limits.unavailable_answered_s, one, disturbed)
        limit_s = limits.unavailable_answered_s * max(1, len(parts))
        before = [each for each in disturbed if each.overlaps(one.invoked_s - limits.recovered_s, one.completed_s)]
        about = (one.job_id, (one,))
        if one.wrong:
            yield Violation(ANSWER, one.wrong, *about)
        if "Focus Server" not in _parts_within(limit_s, one, disturbed):
            if one.status is None:
                yield Violation(NONE, f"{one.detail}, though the Focus Server was not disturbed by then", *about)
            elif one.took_s > limit_s:
                limit = f"time_limits.unavailable_answered_s = {limits.unavailable_answered_s:g} s"
                yield Violation(LATE, f"it came after {one.took_s:.2f} s ({limit})", *about)
        if not before and one.status in settings.answers.unavailable_statuses:
            limit = f"time_limits.recovered_s = {limits.recovered_s:g} s"
            yield Violation(REFUSED, f"{one.status} {one.detail}; nothing was disturbed for {limit}", *about)


def id_violations(operations: Sequence[Operation]) -> Iterator[Violation]:
    """Ids that were given to several jobs."""
    for job_id, made in _by_job(one for one in operations if _is_acknowledged(one)).items():
        if len(made) > 1:
            yield Violation(TWICE, f"it was answered {len(made)} times", job_id, tuple(made))


def store_violations(
    operations: Sequence[Operation], seen: Seen, settings: Settings, *, is_last: bool = False
) -> Iterator[Violation]:
    """Jobs of which the stores show something else than clients were told, and effects of no job.

    When it `is_last`, a job whose cancellation was never answered must be whole or gone. Before, it may be half gone:
    the cancellation is to be repeated.
    """
    about = _by_job(operations)
    known: set[str] = set()
    for made in (one for one in operations if one.kind == "create"):
        carrying = seen.marked.get(mark, ()) if (mark := Mark.of(made.payload)) is not None else ()
        known |= {*carrying, *([made.job_id] if made.job_id else [])}
        if _is_acknowledged(made) and made.job_id is not None:
            concerned = tuple(about[made.job_id])
            yield from _of_acknowledged(made, concerned, seen, settings, is_last=is_last)
            for other in sorted(set(carrying) - {made.job_id}):
                yield Violation(TWICE, f"its request has made {other}, too: {seen.told(other)}", made.job_id, concerned)
        elif made.outcome == "fail":
            for job_id in sorted(carrying):
                yield Violation(NOT_ABSENT, f"there is {seen.told(job_id)}", job_id, (made,))
        else:
            for job_id in sorted(carrying):
                if problems := whole_problems(made.job(job_id), seen, settings):
                    yield Violation(HALF, "; ".join(problems), job_id, (made,))
            if len(carrying) > 1:
                yield Violation(TWICE, f"one request has made {', '.join(sorted(carrying))}", None, (made,))
    yield from _of_nobody(seen, known)


def order_violations(operations: Sequence[Operation], states: Mapping[str, Operation]) -> Iterator[Violation]:
    """Jobs with answers that no order explains; `states` are those in which the stores show jobs at the end."""
    for job_id, about in _by_job(operations).items():
        told = [*about, *([states[job_id]] if job_id in states else [])]
        if (first := unexplained(told)) is not None:
            said = f"the stores show it as {first.told}" if first.client == STORES else _told(first)
            yield Violation(UNEXPLAINED, said, job_id, tuple(about))


def final_states(operations: Sequence[Operation], seen: Seen, settings: Settings, at_s: float) -> dict[str, Operation]:
    """The state in which the stores show each acknowledged job, as one more look at it."""
    answers = settings.answers
    states = {answers.configured_status: "configured", answers.cancelled_status: "cancelled"}
    return {
        job_id: Operation(
            client=STORES, kind="look", job_id=job_id, outcome="ok", invoked_s=at_s, completed_s=at_s, told=told
        )
        for job_id in {one.job_id for one in operations if _is_acknowledged(one) and one.job_id is not None}
        for told in [states.get(str(next(iter(seen.records.get(job_id, ())), {}).get("status")), "absent")]
    }


def whole_problems(job: Job, seen: Seen, settings: Settings) -> list[str]:
    """What a job lacks of record, analyzer and queue with its consumer."""
    return [
        *job_effects.record_problems(job, list(seen.records.get(job.job_id, ())), settings),
        *job_effects.analyzer_problems(job, seen.analyzer(job.job_id), settings),
        *job_effects.consumer_problems({settings.naming.work_queue_of(job.job_id): seen.queues.get(job.job_id)}),
    ]


def gone_problems(job_id: str, seen: Seen, settings: Settings) -> list[str]:
    """What of a cancelled job is still there; its record is to be kept."""
    records = list(seen.records.get(job_id, ()))
    return [
        *job_effects.cancelled_record_problems(job_id, records, settings.answers.cancelled_status),
        *job_effects.running_problems(seen.analyzer(job_id), seen.queues.get(job_id)),
    ]


def _of_acknowledged(
    made: Operation, about: tuple[Operation, ...], seen: Seen, settings: Settings, *, is_last: bool
) -> Iterator[Violation]:
    assert made.job_id is not None
    cancels = [one for one in about if one.kind == "cancel" and one.outcome != "fail" and one.told != "absent"]
    records = seen.records.get(made.job_id, ())
    is_marked = any(record.get("status") == settings.answers.cancelled_status for record in records)
    if any(one.outcome == "ok" or is_marked for one in cancels):
        if problems := gone_problems(made.job_id, seen, settings):
            yield Violation(NOT_GONE, "; ".join(problems), made.job_id, about)
    elif (is_last or not cancels) and (problems := whole_problems(made.job(made.job_id), seen, settings)):
        yield Violation(HALF_GONE if cancels else NOT_WHOLE, "; ".join(problems), made.job_id, about)


def _of_nobody(seen: Seen, known: Collection[str]) -> Iterator[Violation]:
    names = {*known, *map(object_name_of, known)}
    strange: dict[str | None, list[str]] = defaultdict(list)
    for kind, effect in seen.new:
        if effect.job_id not in names and not effect.goes:
            strange[effect.job_id].append(f"{kind} {effect.name}")
    for job_id, effects in strange.items():
        yield Violation(NOBODYS, ", ".join(sorted(effects)), job_id)


def _parts_within(time_s: float, one: Operation, disturbed: Sequence[Disturbed]) -> set[Part]:
    """The parts that were disturbed while an answer was waited for, in so much time after it was asked for.

    Each of them may cost the server one time limit. What is disturbed later is no excuse: the answer was due.
    """
    until_s = min(one.completed_s, one.invoked_s + time_s)
    return {each.fault.part for each in disturbed if each.overlaps(one.invoked_s, until_s)}


def _is_acknowledged(one: Operation) -> bool:
    return one.kind == "create" and one.outcome == "ok"


def _by_job(operations: Sequence[Operation] | Iterator[Operation]) -> dict[str, list[Operation]]:
    groups: dict[str, list[Operation]] = defaultdict(list)
    for one in operations:
        if one.job_id is not None:
            groups[one.job_id].append(one)
    return groups


def _told(one: Operation) -> str:
    return f"the {one.kind} by client {one.client} at {one.completed_s:.3f} s was answered: {one.told or 'done'}"
