"""What came and went without being stated, as a history tells it."""

from datetime import UTC, datetime, timedelta

import pytest
from product import ALONE
from stand_ins import JOB_ID

from support.observers.happenings import Happening
from support.observers.side_effects import Effect
from support.scenario.passing_effects import Allowance, late_problems, of_ours, passing_problems

NOON = datetime(2026, 5, 4, 12, tzinfo=UTC)
OTHER = "job_0ther000"


def happening(event, kind, identity, job_id=JOB_ID, after_ms=0, content=None):
    effect = Effect(identity, job_id, f"name of {identity}")
    return Happening(NOON + timedelta(milliseconds=after_ms), event, kind, effect, content)


ONE_JOB = [
    happening("came", "task record", "r"),
    happening("came", "analyzer", "j", JOB_ID),
    happening("came", "analyzer pod", "p", JOB_ID),
    happening("changed", "analyzer pod", "p", JOB_ID),
    happening("came", "work queue", "q"),
    happening("came", "queue consumer", "c"),
    happening("went", "work queue", "q"),
]


def problems(happened, jobs=(JOB_ID,), undone=0, *, is_disturbed=False):
    return passing_problems(happened, Allowance(jobs, undone, is_disturbed), ALONE.effects_of_a_job)


def test_what_a_job_has_may_come_and_go():
    assert problems(ONE_JOB) == []


@pytest.mark.parametrize("kind", ["task record", "analyzer", "analyzer pod", "work queue", "queue consumer"])
def test_a_second_one_that_is_gone_is_told_with_its_times(kind):
    passing = [happening("came", kind, "x", after_ms=7), happening("went", kind, "x", after_ms=47)]
    told = f"the {kind} name of x came at 12:00:00.007 UTC and was gone at 12:00:00.047 UTC"
    assert problems([*ONE_JOB, *passing]) == [told]


def test_a_kind_that_a_job_has_none_of_may_not_come():
    assert problems([*ONE_JOB, happening("came", "stream service", "s")]) == [
        "the stream service name of s came at 12:00:00.000 UTC"
    ]


@pytest.mark.parametrize("job_id", [OTHER, None])
def test_what_is_of_no_job_that_was_answered_is_told(job_id):
    assert len(problems([*ONE_JOB, happening("came", "work queue", "x", job_id)])) == 1


def test_what_a_request_that_was_not_answered_had_begun_may_come_and_go():
    begun = [happening("came", "task record", "x", OTHER), happening("went", "task record", "x", OTHER)]
    assert problems(begun, jobs=(), undone=1) == []
    assert len(problems([*begun, happening("came", "task record", "y", "job_third")], jobs=(), undone=1)) == 1
    assert len(problems([*begun, happening("came", "task record", "y", OTHER)], jobs=(), undone=1)) == 1


def test_where_something_was_disturbed_a_job_may_get_anew_what_it_lost():
    again = [*ONE_JOB, happening("came", "queue consumer", "c2")]
    assert problems(again, is_disturbed=True) == []
    stray = happening("came", "queue consumer", "c3", OTHER)
    assert len(problems([*again, stray], is_disturbed=True)) == 1


@pytest.mark.parametrize("event", ["came", "changed", "went"])
def test_what_is_of_no_kind_may_neither_come_nor_change_nor_go(event):
    said = {"came": "came", "changed": "was changed", "went": "went"}[event]
    assert problems([*ONE_JOB, happening(event, "exchange", "e", None)], is_disturbed=True) == [
        f"the exchange name of e {said} at 12:00:00.000 UTC"
    ]


def test_what_is_of_no_kind_is_told_once_with_its_content():
    passing = [happening("came", "exchange", "e", None, content={"durable": True}), happening("went", "exchange", "e")]
    said = "the exchange name of e came at 12:00:00.000 UTC and was gone at 12:00:00.000 UTC: {'durable': True}"
    assert problems([*ONE_JOB, *passing]) == [said]
    assert late_problems(passing, {}, "the first", exclusive=True) == [f"after 'the first' had ended: {said}"]


def test_where_a_recorder_is_at_work_recordings_may_come_end_and_go():
    recorded = [happening(event, "recording", "r", None) for event in ("came", "changed", "went")]
    odd = happening("came", "document of the collection recordings", "o", None)
    recording = Allowance((), 0, is_disturbed=False, is_recorded=True)
    for told in (
        passing_problems([*recorded, odd], recording, ALONE.effects_of_a_job),
        late_problems([*recorded, odd], {}, "the first", exclusive=True, is_recorded=True),
    ):
        assert len(told) == 1
        assert "collection recordings name of o came" in told[0]


def test_a_job_is_known_by_its_name_on_kubernetes_too():
    assert problems([happening("came", "analyzer", "j", JOB_ID.replace("_", "-"))]) == []


def test_what_is_late_is_told_with_the_scenario_that_caused_it():
    late = [happening("came", "work queue", "q"), happening("went", "work queue", "q", after_ms=40)]
    stray = happening("came", "work queue", "stray", None)
    told = "the work queue name of q came at 12:00:00.000 UTC and was gone at 12:00:00.040 UTC"
    first = {JOB_ID: "the first"}
    assert late_problems(late, first, "the second", exclusive=True) == [f"after 'the first' had ended: {told}"]
    assert late_problems(late, {}, "the second", exclusive=True) == [f"after 'the second' had ended: {told}"]
    assert late_problems([stray], first, None, exclusive=True) == []
    assert late_problems([*late, stray], first, None, exclusive=False) == [f"after 'the first' had ended: {told}"]


def test_where_it_is_shared_only_what_is_ours_counts():
    marked = happening("came", "task record", "m", OTHER, content={"mark": 1})
    gone = happening("went", "task record", "m", OTHER)
    theirs = happening("came", "task record", "t", "job_theirs")
    happened = [happening("came", "work queue", "q"), marked, gone, theirs, happening("came", "exchange", "e", None)]
    assert of_ours(happened, [JOB_ID], lambda one: bool(one.content)) == [happened[0], marked, gone]
