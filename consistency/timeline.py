"""The short timeline of a violation: what concerns that job, with the faults beside it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from pydantic import BaseModel

from consistency.checkers import Violation
from consistency.operations import Disturbed, Operation
from consistency.seen import Seen
from support.observers.happenings import Happening
from support.profile.settings import object_name_of

_BESIDE_S = 1.0
_MOST_CREATIONS = 5


class Moment(BaseModel):
    """Something that was at one time, s after the beginning, or lasted `until_s`."""

    at_s: float
    until_s: float | None = None
    who: str
    what: str

    def __str__(self) -> str:
        until = f" to {self.until_s:8.3f} s" if self.until_s is not None else " " * 14
        return f"{self.at_s:8.3f} s{until}  {self.who:<12}  {self.what}"


class Told(BaseModel):
    """A violation as it is shown and kept."""

    promise: str
    problem: str
    job_id: str | None
    timeline: list[Moment]

    def __str__(self) -> str:
        return f"{self.promise}{f', {self.job_id}' if self.job_id else ''}: {self.problem}"


def tell(
    violation: Violation,
    operations: Sequence[Operation],
    disturbed: Sequence[Disturbed],
    happened: Sequence[Happening],
    started: datetime,
    seen: Seen,
    at_s: float,
) -> Told:
    """A violation with its timeline; `happened` is what stores tell of effects, `seen` what they show at `at_s`."""
    job_id = violation.job_id
    moments = [_of_store(one, started) for one in happened if job_id is not None and _is_shown(one, job_id)]
    about = violation.operations or _creations_beside(moments, operations)
    moments += [_of_operation(one) for one in about]
    faults = [_of_fault(each) for each in _beside(moments, disturbed)]
    end = [] if job_id is None else [Moment(at_s=at_s, who="at the end", what=seen.told(job_id))]
    timeline = sorted([*moments, *faults], key=lambda one: one.at_s) + end
    return Told(promise=violation.promise, problem=violation.problem, job_id=job_id, timeline=timeline)


def _beside(moments: Sequence[Moment], disturbed: Sequence[Disturbed]) -> list[Disturbed]:
    """The faults that were there at about the time of one of these moments, and the last one before them."""
    first_s = min((one.at_s for one in moments), default=0.0)
    before = [each for each in disturbed if each.ended_s is not None and each.ended_s < first_s - _BESIDE_S]
    at_the_time = [
        each
        for each in disturbed
        if any(each.overlaps(one.at_s - _BESIDE_S, (one.until_s or one.at_s) + _BESIDE_S) for one in moments)
    ]
    return [*before[-1:], *at_the_time]


def _of_fault(each: Disturbed) -> Moment:
    return Moment(at_s=each.begun_s, until_s=each.ended_s, who=each.fault.part, what=each.fault.what)


def _is_shown(one: Happening, job_id: str) -> bool:
    """Whether it is of this job. Of Kubernetes, changes are left out: it counts and marks all the time."""
    is_of_it = one.effect.job_id is not None and object_name_of(one.effect.job_id) == object_name_of(job_id)
    return is_of_it and (one.event != "changed" or one.kind == "task record")


def _of_store(one: Happening, started: datetime) -> Moment:
    event = "was changed" if one.event == "changed" else one.event
    return Moment(at_s=(one.at - started).total_seconds(), who="the stores", what=f"{one.kind} {event}")


def _creations_beside(moments: Sequence[Moment], operations: Sequence[Operation]) -> list[Operation]:
    """The creations without a job that were under way when the first of an effect came that belongs to nobody."""
    if not moments:
        return []
    at_s = min(one.at_s for one in moments)
    under_way = [one for one in operations if one.kind == "create" and one.invoked_s <= at_s <= one.completed_s]
    return [one for one in under_way if one.job_id is None][:_MOST_CREATIONS]


def _of_operation(one: Operation) -> Moment:
    answer = str(one.status) if one.status is not None else "no answer"
    said = [
        f"{one.kind} :{one.outcome}",
        answer,
        *([one.told] if one.told else []),
        *([one.detail] if one.detail else []),
    ]
    return Moment(at_s=one.invoked_s, until_s=one.completed_s, who=f"client {one.client}", what=", ".join(said))
