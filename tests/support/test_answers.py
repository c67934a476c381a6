from types import SimpleNamespace

import pytest
from stand_ins import JOB_ID, exchange, job, settings

from support.api.job import Attempt
from support.checks import answers
from support.checks.promises import Promises
from support.core.errors import ExpectationFailed
from support.profile.settings import Answers, Naming

TASK_ID = "smoke_20260101000000_0123abcd"


ANSWER = {
    "job_id": JOB_ID,
    "status": "configured",
    "stream_url": "grpc://127.0.0.1",
    "stream_port": 50051,
    "created_at": "2026-01-01T00:00:00Z",
}
CANCELLED = exchange({"job_id": JOB_ID, "status": "cancelled"})


def asked(answer, status=200):
    return Attempt({}, exchange(answer, status, method="POST"))


def test_a_job_is_accepted_with_a_whole_answer():
    assert answers.expect_accepted(asked(ANSWER), Answers(), Naming()).job_id == JOB_ID


@pytest.mark.parametrize(
    ("status", "change", "told"),
    [
        (500, {}, "to be accepted"),
        (200, {"job_id": ""}, "a complete answer"),
        (200, {"job_id": "job deadbeef!"}, "job_id is 'job deadbeef!'"),
        (200, {"status": ""}, "status is '' instead of 'configured'"),
        (200, {"stream_port": 1}, "stream_port is 1 instead of 50051"),
        (200, {"created_at": None}, "created_at is None"),
        (200, {"created_at": "2026-01-01T00:00:00+02:00"}, "not ISO 8601 ending in Z"),
    ],
)
def test_a_job_is_not_accepted_with_less(status, change, told):
    with pytest.raises(ExpectationFailed) as failure:
        answers.expect_accepted(asked(ANSWER | change, status), Answers(), Naming())
    assert told in str(failure.value)


def test_mappings_that_differ_are_not_alike():
    one, other = (job({"channel_to_stream_index": {channel: 0}}) for channel in ("1", "2"))
    answers.expect_one_mapping([one, one])
    answers.expect_other_mappings([one, other])
    with pytest.raises(ExpectationFailed, match="some differ"):
        answers.expect_one_mapping([one, one, other])
    with pytest.raises(ExpectationFailed, match="some are"):
        answers.expect_other_mappings([one, other, one])


def test_mappings_that_are_not_told_are_neither_alike_nor_different():
    for expect in (answers.expect_one_mapping, answers.expect_other_mappings):
        for told in ({}, {"channel_to_stream_index": {}}):
            with pytest.raises(ExpectationFailed, match="an answer tells none"):
                expect([job(told)])


def test_the_answer_repeats_the_task_id():
    answers.expect_task_id(job({"task_id": TASK_ID}), TASK_ID)
    for wrong in ({}, {"task_id": TASK_ID + "0"}):
        with pytest.raises(ExpectationFailed, match="to repeat the task id"):
            answers.expect_task_id(job(wrong), TASK_ID)


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
        promises.expect_task_id_in_record(job(), TASK_ID)
        return
    with pytest.raises(ExpectationFailed, match=problem):
        promises.expect_task_id_in_record(job(), TASK_ID)


def test_answers_in_time_are_all_in_time():
    answers.expect_in_time([exchange(elapsed_s=0.1), exchange(elapsed_s=1.9)], 2, "job_created_s")
    with pytest.raises(ExpectationFailed, match="1 of 2 came later"):
        answers.expect_in_time([exchange(elapsed_s=0.1), exchange(elapsed_s=2)], 2, "job_created_s")


def test_jobs_have_ids_of_their_own():
    answers.expect_distinct_ids([job()])
    with pytest.raises(ExpectationFailed, match=f"given out twice: {JOB_ID}"):
        answers.expect_distinct_ids([job(), job()])


@pytest.mark.parametrize(
    ("status", "answer", "told"),
    [
        (500, {}, "to be confirmed"),
        (200, {"job_id": JOB_ID, "status": "running"}, "to be confirmed"),
        (200, {"job_id": "job_00000000", "status": "cancelled"}, "to be confirmed"),
        (200, None, "to be confirmed"),
    ],
)
def test_a_cancelling_is_confirmed_with_the_job_and_its_status(status, answer, told):
    answers.expect_cancelled([CANCELLED], JOB_ID, Answers())
    with pytest.raises(ExpectationFailed, match=told):
        answers.expect_cancelled([exchange(answer, status)], JOB_ID, Answers())


def test_of_two_who_cancel_a_job_at_once_one_is_told_so_and_the_other_is_not_told_of_an_error():
    for other in (CANCELLED, exchange({"detail": "no such job"}, 404)):
        answers.expect_cancelled([other, CANCELLED], JOB_ID, Answers())
    with pytest.raises(ExpectationFailed, match="once more"):
        answers.expect_cancelled([CANCELLED, exchange({}, 500)], JOB_ID, Answers())
    with pytest.raises(ExpectationFailed, match="to be confirmed"):
        answers.expect_cancelled([exchange({}, 404), exchange({}, 404)], JOB_ID, Answers())
