"""Without a defect everything is green; and what is not the business of one scenario alone."""

import pytest

from sandbox.defects import DEFECTS
from tests.acceptance import (
    test_broken_jobs,
    test_broken_knowledge,
    test_broken_limits,
    test_broken_views,
    test_broken_wire,
)
from tests.acceptance.running import LIMITS, steps_of
from tests.acceptance.test_broken_jobs import CREATED, REFUSED

TABLES = (test_broken_jobs, test_broken_limits, test_broken_views, test_broken_knowledge, test_broken_wire)
# What these do is not the business of one scenario.
IN_OTHER_TESTS = {
    "answers_with_its_password",
    "dies_of_a_request",
    "error_though_created",
    "gone_after_two_requests",
    "refused_request_launches_an_analyzer_too_late",
}

# The sandbox's own pace, and one that does not disturb: nothing is waited for in vain here.
PACE = {name: "0.1" for name in LIMITS if name.endswith("SETTLING_S")}
AT_LEAST = 450


@pytest.mark.catalogue
@pytest.mark.timeout(900)
def test_without_a_defect_all_is_green_and_nothing_is_skipped(run_behave):
    ran = run_behave(limit_s=800, **PACE)
    assert set(ran.statuses) == {"passed"}, ran.printed
    assert ran.statuses["passed"] > AT_LEAST
    assert ran.status == 0


def test_every_row_names_a_scenario_and_a_step_of_it():
    closing = {"nothing else has changed", "nothing is left behind"}
    unknown = [row for table in TABLES for row in table.ROWS if row.step not in closing | steps_of(row.scenario)]
    assert unknown == []


def test_every_defect_is_caught_somewhere():
    caught = {row.defect for table in TABLES for row in table.ROWS}
    assert caught | IN_OTHER_TESTS == set(DEFECTS)


def test_a_defect_is_caught_in_a_shared_environment_too(run_behave, defective_server):
    """The copy of the record carries another id; it is recognised by the marks in its configuration."""
    ran = run_behave("--name", CREATED, FOCUS__EXCLUSIVE="false", **defective_server("task_written_twice"))
    status, failed_step, error = ran.scenarios[CREATED]
    assert (status, failed_step) == ("failed", "the side effects are"), ran.printed
    assert "task record: +2 instead of +1" in error


def test_what_comes_after_the_scenario_is_told_with_its_name(run_behave, defective_server):
    ran = run_behave("--name", REFUSED, **defective_server("refused_request_launches_an_analyzer_too_late"))
    assert ran.scenarios[REFUSED][0] == "passed"
    assert ran.status == 1
    # Or its pod, if it came while it was being looked for.
    told = f"after '{REFUSED} -- @1.1 a length of zero' had ended: analyzer"
    assert told in ran.printed, ran.printed[-3000:]
