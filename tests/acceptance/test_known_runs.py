"""Scenarios that are known to fail: what a run makes of them, on the sandbox, as a user has it."""

from support.runner.closing_steps import KNOWN_ISSUE_STILL_SHOWS
from tests.acceptance.test_runs import NOTHING, allure_results, what_is_left

JOB = ("Given a running job", "Then the side effects are those of one job")
TWO_JOBS = ("Given a running job", "Then the side effects are those of 2 jobs")


UNSAID = ("Given a live configuration with every parameter set", "When the job is requested")
TAG = "@known-issue:PZ-99"


def test_a_failure_that_is_known_does_not_turn_the_run_red(run_behave, feature, stores):
    ran = run_behave(feature(*TWO_JOBS, tags=TAG))
    assert ran.status == 0, ran.printed
    assert "Known issue PZ-99: expected these side effects and no others" in ran.printed
    assert "task record: +1 instead of +2" in ran.printed
    assert "Known issues, which do not turn the run red:\n  PZ-99  " in ran.printed
    assert "0 scenarios passed, 0 failed, 0 skipped, 1 pending_warn" in ran.printed
    (result,) = allure_results(ran)
    assert (result["status"], result["statusDetails"]["known"]) == ("failed", True)
    assert result["statusDetails"]["message"].startswith("Known issue PZ-99: expected these side effects")
    assert {"name": "tag", "value": "known-issue:PZ-99"} in result["labels"]
    assert "server log" in {attachment["name"] for attachment in result["attachments"]}
    assert what_is_left(stores) == NOTHING


def test_what_a_scenario_leaves_unsaid_may_be_known_as_well(run_behave, feature, stores):
    ran = run_behave(feature(*UNSAID, tags=TAG))
    assert ran.status == 0, ran.printed
    assert "Known issue PZ-99: expected no side effects but those that the scenario states" in ran.printed
    assert what_is_left(stores) == NOTHING


def test_a_scenario_that_passes_though_it_is_known_to_fail_is_red(run_behave, feature, stores):
    path = feature(*JOB, tags=TAG)
    ran = run_behave(path)
    status, step, message = ran.scenarios["Of the test"]
    assert (status, step) == ("failed", KNOWN_ISSUE_STILL_SHOWS), ran.printed
    assert "remove @known-issue:PZ-99 at" in message
    assert "own.feature:3" in message
    assert ran.status == 1
    (result,) = allure_results(ran)
    assert (result["status"], result["statusDetails"].get("known")) == ("failed", None)
    assert what_is_left(stores) == NOTHING


def test_a_broken_environment_is_red_all_the_same(run_behave, feature, stores):
    ran = run_behave(feature("Given MongoDB cannot be reached", tags=TAG), FOCUS__TOXIPROXY__MONGODB="nobody-knows-it")
    # The clean-up cannot repair it either, and the hook is red, too.
    assert ran.scenarios["Of the test"][:2] == ("hook_error", "MongoDB cannot be reached"), ran.printed
    assert ran.status == 1
    assert "Known issue" not in ran.printed
    (result,) = allure_results(ran)
    assert result["status"] == "broken"
    assert what_is_left(stores) == NOTHING


def test_an_environment_that_goes_away_in_clean_up_is_red(run_behave, feature, defective_server, stores, real_server):
    steps = ("Given a running job", "And another running job", "Then the side effects are those of 3 jobs")
    ran = run_behave(feature(*steps, tags=TAG), **defective_server("gone_after_two_requests"))
    assert ran.status == 1
    (result,) = allure_results(ran)
    assert result["status"] == "broken"
    assert "The Focus Server cannot be reached" in result["statusDetails"]["message"]
    for job_id in stores.records.job_ids_not_in("cancelled"):
        real_server.cancel_job(job_id)


def test_each_row_of_an_outline_is_known_by_the_tags_of_its_own_examples(run_behave, feature, stores):
    rows = ("@known-issue:PZ-99", "Examples:", "| n |", "| 2 |", "| 1 |", "Examples:", "| n |", "| 1 |", "| 3 |")
    steps = ("Given a running job", "Then the side effects are those of <n> jobs", *rows)
    ran = run_behave(feature(*steps, keyword="Scenario Outline"))
    results = {result["name"].rpartition("@")[2].strip(): result for result in allure_results(ran)}
    known = {row: result.get("statusDetails", {}).get("known") for row, result in results.items()}
    statuses = {row: result["status"] for row, result in results.items()}
    assert statuses == {"1.1": "failed", "1.2": "failed", "2.1": "passed", "2.2": "failed"}, ran.printed
    assert known == {"1.1": True, "1.2": None, "2.1": None, "2.2": None}
    assert "remove @known-issue:PZ-99" in results["1.2"]["statusDetails"]["message"]
    assert ran.status == 1
    assert what_is_left(stores) == NOTHING


def test_clean_up_that_fails_is_red_all_the_same(run_behave, feature, defective_server, stores, real_server):
    ran = run_behave(feature(*TWO_JOBS, tags=TAG), **defective_server("queue_leaked_after_cancel"))
    assert ran.status == 1, ran.printed
    (result,) = allure_results(ran)
    assert "is still there" in result["statusDetails"]["message"]
    assert not result["statusDetails"]["message"].startswith("Known issue")
    for queue in stores.queues.names():
        real_server.cancel_job(queue.removeprefix("grpc-job-"))
    assert what_is_left(stores) == NOTHING
