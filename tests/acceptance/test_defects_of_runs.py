"""Defects that are not the business of one scenario: `make prove` runs all the others."""

CREATED = "A live job with every parameter set"
REFUSED = "A job with an FFT length of zero is refused and launches nothing"


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
