"""The suite is run against servers that each have one defect: the right scenario must fail and name the fault."""

import pytest

CREATED = "A live job with every parameter set"
CANCELLED = "A running job is cancelled"
ONE_SENSOR = "A single sensor's view of several sensors is refused and launches nothing"
TEN = "Ten jobs for five clients at once"
ONE_OF_TWO = "One of two running jobs is cancelled"
TWICE = "A job is cancelled twice"
REFUSED = "A job with nothing to transform is refused and launches nothing"


def test_without_a_defect_all_is_green(run_behave):
    ran = run_behave()
    assert {status for status, *_ in ran.scenarios.values()} == {"passed"}, ran.printed
    assert ran.status == 0
    assert {CREATED, CANCELLED, ONE_SENSOR, REFUSED} <= set(ran.scenarios)


@pytest.mark.parametrize(
    ("defect", "scenario", "step", "message"),
    [
        ("task_not_written", CREATED, "the side effects are", "task record: +0 instead of +1"),
        ("task_written_twice", CREATED, "the side effects are", "task record: +2 instead of +1"),
        (
            "configuration_changed_on_its_way",
            CREATED,
            "its analyzer runs with its configuration",
            "configuration of the analyzer.nfftSelection is '1024' instead of 1024",
        ),
        ("queue_without_consumer", CREATED, "the side effects are", "queue consumer: +0 instead of +1"),
        (
            "consumer_that_takes_and_never_acknowledges",
            CREATED,
            "its work queue is served by one consumer",
            "the message was taken, but never acknowledged",
        ),
        (
            "wrong_image",
            CREATED,
            "its analyzer runs with its configuration",
            "the image of the analyzer is baby-analyzer:previous instead of baby-analyzer:latest",
        ),
        (
            "pod_never_running",
            CREATED,
            "its analyzer runs with its configuration",
            "the analyzer pod is Pending instead of Running",
        ),
        ("empty_status", CREATED, "the job is accepted", "status is '' instead of 'configured'"),
        (
            "single_channel_takes_a_range",
            ONE_SENSOR,
            "the request is refused because of the sensor range",
            "the status is 200 instead of 400 or 422",
        ),
        ("record_goes_bad", CREATED, "nothing else has changed", "no longer: status is 'error'"),
        ("record_doubled_for_a_moment", CREATED, "the side effects are", "task record: +2 instead of +1"),
        ("last_configuration_wins", TEN, "every job keeps all its promises", "config.channels."),
        ("cancel_marks_every_record", ONE_OF_TWO, "the other job keeps all its promises", "status is 'cancelled'"),
        ("first_cancel_finds_nothing", TWICE, "the cancelling is confirmed", "404"),
        ("analyzer_without_its_labels", CREATED, "its analyzer runs with its configuration", "app.kubernetes.io/name"),
        ("id_that_is_none", CREATED, "the job is accepted", "job_id is 'job deadbeef!'"),
        ("refusal_that_names_everything", REFUSED, "the request is refused because of the FFT length", "stack trace"),
        ("cancel_does_not_find_a_running_job", CANCELLED, "the cancelling is confirmed", "404"),
        ("queue_leaked_after_cancel", CANCELLED, "only the record of the job remains", "is still there"),
        (
            "refused_request_launches_an_analyzer",
            REFUSED,
            "nothing else has changed",
            "analyzer: +1 instead of +0; new: baby-analyzer-job-",
        ),
        (
            "refused_request_launches_an_analyzer_later",
            REFUSED,
            "nothing else has changed",
            "analyzer: +1 instead of +0; new: baby-analyzer-job-",
        ),
    ],
)
def test_a_defect_turns_the_right_scenario_red(run_behave, defective_server, defect, scenario, step, message):
    ran = run_behave("--name", scenario, FOCUS__FOCUS_SERVER__BASE_URL=defective_server(defect))
    status, failed_step, error = ran.scenarios[scenario]
    assert (status, failed_step) == ("failed", step), ran.printed
    assert message in error
    assert ran.status == 1


def test_a_defect_is_caught_in_a_shared_environment_too(run_behave, defective_server):
    """The copy of the record carries another id; it is recognised by the marks in its configuration."""
    ran = run_behave(
        "--name",
        CREATED,
        FOCUS__EXCLUSIVE="false",
        FOCUS__FOCUS_SERVER__BASE_URL=defective_server("task_written_twice"),
    )
    status, failed_step, error = ran.scenarios[CREATED]
    assert (status, failed_step) == ("failed", "the side effects are"), ran.printed
    assert "task record: +2 instead of +1" in error


def test_what_comes_after_the_scenario_is_told_with_its_name(run_behave, defective_server):
    ran = run_behave(
        "--name",
        REFUSED,
        FOCUS__FOCUS_SERVER__BASE_URL=defective_server("refused_request_launches_an_analyzer_too_late"),
    )
    assert ran.scenarios[REFUSED][0] == "passed"
    assert ran.status == 1
    assert f"after '{REFUSED} -- @1.1 an FFT of nothing' had ended: analyzer: +1 instead of +0" in ran.printed
