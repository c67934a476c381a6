from types import SimpleNamespace

import pytest
from stand_ins import job, settings

from support import answers
from support.errors import ExpectationFailed
from support.promises import Promises

TASK_ID = "smoke_20260101000000_0123abcd"


def jobs(*figures):
    return [job({"lines_dt": figure}) for figure in figures]


def told(answer):
    return answer["lines_dt"]


def test_a_figure_of_each_answer_in_proportion_to_the_one_before():
    answers.in_proportion(jobs(0.064, 0.128, 0.256), "time", told, 2)
    for wrong in ((0.064, 0.128, 0.257), (0.256, 0.128), (0.1, 0.1)):
        with pytest.raises(ExpectationFailed, match="each time to be 2 times"):
            answers.in_proportion(jobs(*wrong), "time", told, 2)


def test_mappings_are_those_of_the_answers():
    one = job({"channel_to_stream_index": {"1": 0}})
    assert answers.mappings([one, job()]) == [{"1": 0}, {}]


def test_the_answer_repeats_the_task_id():
    answers.carries_task_id(job({"task_id": TASK_ID}), TASK_ID)
    for wrong in ({}, {"task_id": TASK_ID + "0"}):
        with pytest.raises(ExpectationFailed, match="to repeat the task id"):
            answers.carries_task_id(job(wrong), TASK_ID)


@pytest.mark.parametrize(
    ("records", "problem"),
    [
        ([{"client_task_id": TASK_ID}], None),
        ([{"client_task_id": TASK_ID}, {"client_task_id": "other"}], "client_task_id is 'other'"),
        ([{}], "client_task_id is None"),
        ([], "there is no record"),
    ],
)
def test_the_record_carries_the_task_id(records, problem):
    stores = SimpleNamespace(records=SimpleNamespace(of_job=lambda job_id: records))
    promises = Promises(settings(), stores)
    if problem is None:
        promises.record_carries_task_id(job(), TASK_ID)
        return
    with pytest.raises(ExpectationFailed, match=problem):
        promises.record_carries_task_id(job(), TASK_ID)
