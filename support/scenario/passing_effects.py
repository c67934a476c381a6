"""What came to the stores during a scenario although nothing stated it, be it gone again by now: read from the history.

Looks compare what there is. Only the history shows what was there for a moment: a second record of a job, an exchange
that nobody needs, a queue of a request that was refused.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from support.observers.happenings import Happening
from support.observers.mongodb import RECORDING
from support.observers.side_effects import KINDS, no_effects
from support.observers.surroundings import shown
from support.profile.settings import EffectsOfAJob, object_name_of


@dataclass(frozen=True)
class Allowance:
    """What may have come: everything of its `jobs` once, and of `undone` others, which were begun and not answered.

    In a scenario that `is_disturbed` (a store was cut off, something was deleted) the product may make anew what a job
    of its has lost. Where it `is_recorded`, recordings may come, end and go.
    """

    jobs: Collection[str]
    undone: int
    is_disturbed: bool
    is_recorded: bool = False


def passing_problems(happened: Sequence[Happening], allowed: Allowance, each: EffectsOfAJob) -> list[str]:
    """What came that may not have come, a line each, with its times."""
    return [_told(one, happened) for one in _unstated(happened, allowed, each)]


def _unstated(happened: Sequence[Happening], allowed: Allowance, each: EffectsOfAJob) -> Iterator[Happening]:
    own = {object_name_of(job_id) for job_id in allowed.jobs}
    limits = {kind.name: getattr(each, kind.setting) for kind in KINDS}
    counts: dict[tuple[str, str], int] = {}
    others: dict[str, None] = {}
    for one in happened:
        is_recorders = allowed.is_recorded and one.kind == RECORDING
        if one.kind not in limits and not is_recorders and not _is_told_before(one, happened):
            yield one
        if one.event != "came" or one.kind not in limits:
            continue
        job = None if one.effect.job_id is None else object_name_of(one.effect.job_id)
        if job is not None and job not in own:
            others[job] = None
        is_known = job is not None and (job in own or list(others).index(job) < allowed.undone)
        if not is_known:
            yield one
        elif job is not None and not allowed.is_disturbed:
            counts[one.kind, job] = counts.get((one.kind, job), 0) + 1
            if counts[one.kind, job] > limits[one.kind]:
                yield one


def late_problems(
    happened: Sequence[Happening],
    scenario_of: Mapping[str, str],
    before: str | None,
    *,
    exclusive: bool,
    is_recorded: bool = False,
) -> list[str]:
    """What came after the scenario `before` had ended, with the scenario whose job it carries, where it carries one.

    Where it `is_recorded`, recordings may come, end and go.
    """
    problems = []
    for one in happened:
        if is_recorded and one.kind == RECORDING:
            continue
        cause = scenario_of.get(one.effect.job_id or "") or scenario_of.get(object_name_of(one.effect.job_id or ""))
        counts = one.event == "came" or (one.kind not in no_effects() and not _is_told_before(one, happened))
        if counts and (cause or (exclusive and before)):
            problems.append(f"after '{cause or before}' had ended: {_told(one, happened)}")
    return problems


def _told(one: Happening, happened: Sequence[Happening]) -> str:
    said = f"the {one.kind} {one.effect.name} {one.event.replace('changed', 'was changed')} at {_time(one)}"
    gone = (other for other in happened if other.event == "went" and other.at >= one.at and _same(one, other))
    end = next(gone, None) if one.event == "came" else None
    passed = f" and was gone at {_time(end)}" if end is not None else ""
    content = f": {shown(one.kind, one.content)}" if one.kind not in no_effects() and one.content else ""
    return f"{said}{passed}{content}"


def _is_told_before(one: Happening, happened: Sequence[Happening]) -> bool:
    """Whether something went of which it is told that it came, with the time at which it was gone."""
    return one.event == "went" and any(other.event == "came" and _same(one, other) for other in happened)


def _same(one: Happening, other: Happening) -> bool:
    return (one.kind, one.effect.identity) == (other.kind, other.effect.identity)


def _time(one: Happening) -> str:
    return f"{one.at:%H:%M:%S.}{one.at.microsecond // 1000:03d} UTC"


def of_ours(
    happened: Sequence[Happening], jobs: Collection[str], is_marked: Callable[[Happening], bool]
) -> list[Happening]:
    """Of an environment that is shared with others: what carries a job of the scenario, or a mark of its requests."""
    own = {object_name_of(job_id) for job_id in jobs}
    marked = {(one.kind, one.effect.identity) for one in happened if is_marked(one)}
    return [
        one
        for one in happened
        if (one.kind, one.effect.identity) in marked
        or (one.effect.job_id is not None and object_name_of(one.effect.job_id) in own)
    ]
