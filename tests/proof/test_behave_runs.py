import json

from proof.behave_runs import ScenarioOutcome, read_run


def step(name, status, message=None):
    return {"name": name, "result": {"status": status, **({"error_message": message} if message else {})}}


def scenario(name, status, *steps):
    return {"type": "scenario", "name": name, "status": status, "steps": list(steps)}


def reported(place, *scenarios):
    (place / "behave.json").write_text(json.dumps([{"elements": [*scenarios, {"type": "background", "name": ""}]}]))
    return read_run(1, "", place)


def test_the_step_that_failed_first_is_told(tmp_path):
    failed = scenario("A job", "failed", step("a", "passed"), step("b", "failed", ["no", "job"]), step("c", "error"))
    assert reported(tmp_path, failed).scenarios == {"A job": ScenarioOutcome("failed", "b", "no\njob")}


def test_of_rows_of_one_outline_the_red_one_counts(tmp_path):
    rows = [
        scenario("A job -- @1.1 one", "passed"),
        scenario("A job -- @1.2 two", "failed", step("a", "failed", "x")),
        scenario("A job -- @1.3 three", "passed"),
    ]
    found = reported(tmp_path, *rows)
    assert found.scenarios == {"A job": ScenarioOutcome("failed", "a", "x")}
    assert found.statuses == {"passed": 2, "failed": 1}


def test_what_did_not_run_has_no_outcome(tmp_path):
    found = reported(tmp_path, scenario("A job", "skipped"), scenario("Another", "untested"))
    assert found.scenarios == {}
    assert found.statuses["skipped"] == 1


def test_the_last_scenario_before_a_rule_with_a_background_has_its_status(tmp_path):
    background = {"type": "background", "name": "", "status": "passed"}
    found = reported(tmp_path, {"type": "background", "name": ""}, scenario("A job", None), background)
    assert found.scenarios == {"A job": ScenarioOutcome("passed")}
    assert found.statuses == {"passed": 1}


def test_a_killed_run_has_reported_nothing(tmp_path):
    (tmp_path / "behave.json").write_text('[{"elements": [')
    assert read_run(0, "", tmp_path).scenarios == {}
