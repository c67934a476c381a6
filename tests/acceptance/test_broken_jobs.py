"""The suite is run against servers that each have one defect in making or ending jobs: it must find and name it."""

import pytest

from tests.acceptance.running import Caught

CREATED = "A live job with every parameter set"
CANCELLED = "A running job is cancelled"
TEN = "Ten jobs for five clients at once"
ONE_OF_TWO = "One of two running jobs is cancelled"
TWICE = "A job is cancelled twice"
REFUSED = "A job with an FFT length of zero is refused and launches nothing"

RUNS = "its analyzer runs with its configuration"
EFFECTS = "the side effects are"
NOTHING_ELSE = "nothing else has changed"

ROWS = [
    Caught("task_not_written", CREATED, EFFECTS, "task record: +0 instead of +1"),
    Caught("task_written_twice", CREATED, EFFECTS, "task record: +2 instead of +1"),
    Caught(
        "configuration_changed_on_its_way",
        CREATED,
        RUNS,
        "configuration of the analyzer.nfftSelection is '1024' instead of 1024",
    ),
    Caught("queue_without_consumer", CREATED, EFFECTS, "queue consumer: +0 instead of +1"),
    Caught(
        "consumer_that_takes_and_never_acknowledges",
        CREATED,
        "its work queue is served by one consumer",
        "the message was taken, but never acknowledged",
    ),
    Caught(
        "wrong_image",
        CREATED,
        RUNS,
        "the image of the analyzer is baby-analyzer:previous instead of baby-analyzer:latest",
    ),
    Caught("pod_never_running", CREATED, RUNS, "the analyzer pod is Pending instead of Running"),
    Caught("empty_status", CREATED, "the job is accepted", "status is '' instead of 'configured'"),
    Caught("record_goes_bad", CREATED, NOTHING_ELSE, "no longer: status is 'error'"),
    Caught("record_doubled_for_a_moment", CREATED, EFFECTS, "task record: +2 instead of +1"),
    Caught("last_configuration_wins", TEN, "every job keeps all its promises", "config.channels."),
    Caught("cancel_marks_every_record", ONE_OF_TWO, "the other job keeps all its promises", "status is 'cancelled'"),
    Caught("first_cancel_finds_nothing", TWICE, "the cancelling is confirmed", "404"),
    Caught("analyzer_without_its_labels", CREATED, RUNS, "app.kubernetes.io/name"),
    Caught("id_that_is_none", CREATED, "the job is accepted", "job_id is 'job deadbeef!'"),
    Caught("refusal_that_names_everything", REFUSED, "the request is refused because of the FFT length", "stack trace"),
    Caught("fails_to_cancel_again", TWICE, "the cancelling does no harm", "500"),
    Caught("cancel_does_not_find_a_running_job", CANCELLED, "the cancelling is confirmed", "404"),
    Caught("analyzer_not_undone", CANCELLED, "only the record of the job remains", "is still there"),
    Caught(
        "cancelling_needs_the_analyzer", "The analyzer is deleted", "nothing is left behind", "there is no analyzer"
    ),
    Caught("queue_leaked_after_cancel", CANCELLED, "only the record of the job remains", "is still there"),
    Caught(
        "refused_request_launches_an_analyzer",
        REFUSED,
        NOTHING_ELSE,
        "analyzer: +1 instead of +0; new: baby-analyzer-job-",
    ),
    Caught(
        "refused_request_launches_an_analyzer_later",
        REFUSED,
        NOTHING_ELSE,
        "+1 instead of +0; new: baby-analyzer-job-",
    ),
]


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.defect)
def test_a_defect_turns_the_right_scenario_red(expect_caught, row):
    expect_caught(row)
