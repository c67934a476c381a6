"""Files for other programs: they follow their schemas, and read back they say of each case what the run said."""

import base64
import csv
import io
import json
import shutil
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from jsonschema import Draft202012Validator, FormatChecker
from junitparser import Error, Failure, JUnitXml, Properties, Skipped
from small_checkout import FEATURES, PLAN, VERDICTS

from reporting.cucumber import ENVIRONMENT_BROKE, as_cucumber
from reporting.evidence import Which
from reporting.junit import as_junit
from reporting.lint import lint
from reporting.page import as_page
from reporting.results import read_results
from reporting.tables import as_csv, as_document
from reporting.verdicts import Status, fold
from reporting.xray import Dialect, Execution, NothingForThePlan, NothingWasRun, as_xray

MADE = datetime(2030, 1, 2, tzinfo=UTC)
WERE_RUN = {key: verdict for key, verdict in VERDICTS.items() if verdict != "not run"}
# As the documentation of each Xray names them, whatever the export says.
MEANS = {
    Dialect.SERVER: {"PASS": "passed", "FAIL": "failed", "ABORTED": "broken", "EXECUTING": "incomplete"},
    Dialect.CLOUD: {"PASSED": "passed", "FAILED": "failed", "TODO": "broken", "EXECUTING": "incomplete"},
}


def check(document, schema):
    Draft202012Validator.check_schema(schema)
    Draft202012Validator(schema, format_checker=FormatChecker()).validate(document)


def folded(statuses):
    by_key = {}
    for key, status in statuses:
        by_key.setdefault(key, []).append(status)
    return {key: fold(found).value for key, found in by_key.items()}


@pytest.mark.parametrize("url", [None, "https://tests.example/{key}"])
def test_the_document_follows_its_schema_and_has_the_verdicts(ran, traced, schema, url):
    for made in (traced, ran.traced()):
        document = as_document(made, lint(ran.features, made), test_case_url=url, made=MADE)
        check(json.loads(json.dumps(document)), schema("traceability"))
    document = as_document(traced, [], test_case_url=url, made=MADE)
    assert {one["key"]: one["state"] for one in document["cases"]} == {**VERDICTS, "PZ-10007": "planned"}
    assert document["totals"]["by_state"] == {"failed": 4, "broken": 1, "incomplete": 1, "not run": 2, "planned": 1}
    assert document["totals"]["by_area"]["second"] == {"incomplete": 1, "not run": 2, "planned": 1}
    assert [one["reason"] for one in document["extra"]] == ['it has no case for <this> & "that".']


def test_the_rows_have_the_verdicts(traced):
    rows = list(csv.DictReader(io.StringIO(as_csv(traced))))
    assert {row["key"]: row["result"] for row in rows} == {**VERDICTS, "PZ-10007": "planned"}
    broken = next(row for row in rows if row["key"] == "PZ-10008")
    assert broken["scenarios"] == "features/jobs/one.feature:23\nfeatures/views/two.feature:4"
    assert "connection refused" in broken["message"]


def test_a_cell_is_no_formula(ran, checkout):
    plan = PLAN.replace("Passes,first", "=1+1,first")
    made = checkout({**FEATURES, "config/test_cases.csv": plan})
    assert next(csv.DictReader(io.StringIO(as_csv(made.traced()))))["title"] == "'=1+1"


@pytest.mark.parametrize("evidence", Which)
@pytest.mark.parametrize("dialect", Dialect)
class TestXray:
    def test_it_follows_its_schema(self, traced, schema, dialect, evidence):
        check(as_xray(traced, dialect, execution=Execution(), evidence=evidence), schema(f"xray-{dialect}"))

    def test_the_other_schema_refuses_it(self, traced, schema, dialect, evidence):
        other = Dialect.CLOUD if dialect is Dialect.SERVER else Dialect.SERVER
        document = as_xray(traced, dialect, execution=Execution(), evidence=evidence)
        assert not Draft202012Validator(schema(f"xray-{other}")).is_valid(document)

    def test_read_back_it_has_the_verdicts(self, traced, dialect, evidence):
        document = json.loads(json.dumps(as_xray(traced, dialect, execution=Execution(), evidence=evidence)))
        assert {test["testKey"]: MEANS[dialect][test["status"]] for test in document["tests"]} == WERE_RUN

    def test_evidence_is_that_of_the_run(self, traced, dialect, evidence):
        name = {Dialect.SERVER: "evidences", Dialect.CLOUD: "evidence"}[dialect]
        document = as_xray(traced, dialect, execution=Execution(), evidence=evidence)
        files = {test["testKey"]: test.get(name, []) for test in document["tests"]}
        counts = {Which.NONE: (0, 0), Which.RED: (1, 0), Which.ALL: (1, 2)}
        # PZ-10004 has a scenario that passed, with two steps, and one that was not run.
        assert (len(files["PZ-10003"]), len(files["PZ-10004"])) == counts[evidence]
        for file in files["PZ-10003"]:
            assert base64.b64decode(file["data"]) == b"said\x1bnothing"
            assert (file["filename"], file["contentType"]) == ("001-server-log-of-the-job.txt", "text/plain")


def test_the_execution_says_when_where_and_what_was_run(traced):
    info = as_xray(traced, Dialect.CLOUD, execution=Execution(test_plan="PZ-14024"))["info"]
    assert (info["version"], info["testEnvironments"], info["testPlanKey"]) == ("1.2", ["test-bench"], "PZ-14024")
    assert info["summary"].startswith("Focus Server 1.2 on test bench, ")
    assert datetime.fromisoformat(info["startDate"]) <= datetime.fromisoformat(info["finishDate"])
    assert as_xray(traced, Dialect.CLOUD, execution=Execution(key="PZ-9"))["testExecutionKey"] == "PZ-9"


def test_the_execution_of_a_part_says_so(traced):
    said = "Part of the suite: 6 of 8 scenarios were run"
    assert as_xray(traced, Dialect.SERVER, execution=Execution())["info"]["description"].splitlines()[0] == said
    whole = tuple(one for one in traced.scenarios if one.status in (Status.PASSED, Status.FAILED, Status.BROKEN))
    document = as_xray(replace(traced, scenarios=whole), Dialect.SERVER, execution=Execution())
    assert "Part of the suite" not in document["info"]["description"]


def test_one_scenario_has_its_steps_and_several_are_iterations(traced):
    tests = {test["testKey"]: test for test in as_xray(traced, Dialect.CLOUD, execution=Execution())["tests"]}
    steps = tests["PZ-10003"]["steps"]
    assert [(step["comment"], step["status"]) for step in steps] == [
        ("Given the network is down", "TODO"),
        ("Then this works", "TODO"),
    ]
    assert "connection refused" in steps[0]["actualResult"]
    fails, works = tests["PZ-10002"]["iterations"]
    assert (fails["status"], works["status"], fails["parameters"]) == (
        "FAILED", "PASSED", [{"name": "does what", "value": "fails"}, {"name": "answer", "value": "wrong"}],
    )  # fmt: skip
    assert "1 of 2 scenarios passed" in tests["PZ-10002"]["comment"]
    assert "features/jobs/one.feature:23" in tests["PZ-10002"]["comment"]


def test_a_known_issue_is_told_with_its_ticket_and_fails_its_case_all_the_same(ran, checkout, tmp_path, schema):
    results = shutil.copytree(ran.root / "reports/runs/one/allure-results", tmp_path / "results")
    for path in results.glob("*-result.json"):
        result = json.loads(path.read_text())
        if result["name"] == "It fails -- @1.1":
            result["statusDetails"]["known"] = True
            path.write_text(json.dumps(result))
    tagged = {name: text.replace("@PZ-10002", "@PZ-10002 @known-issue:PZ-777") for name, text in FEATURES.items()}
    traced = checkout({**tagged, "config/test_cases.csv": PLAN}).traced(read_results(results))
    document = as_xray(traced, Dialect.CLOUD, execution=Execution())
    check(document, schema("xray-cloud"))
    tests = {test["testKey"]: test for test in document["tests"]}
    assert (tests["PZ-10002"]["status"], tests["PZ-10002"]["defects"]) == ("FAILED", ["PZ-777"])
    assert "defects" not in tests["PZ-10003"]
    case = as_document(traced, [], test_case_url=None, made=MADE)["cases"][1]
    # The other scenario has the tag, too, and passes.
    assert [one["known_issues"] for one in case["scenarios"]] == [["PZ-777"], []]
    page = as_page(traced, [], test_case_url=None, allure_site=None, made=MADE)
    # PZ-10001, PZ-10002 and PZ-10008 are shown by it.
    assert page.count("known issue: PZ-777") == 3
    # Beside it, PZ-10008 has a scenario that broke.
    assert page.count("known: PZ-777") == 2
    rows = csv.DictReader(io.StringIO(as_csv(traced)))
    assert {row["key"] for row in rows if row["known_issues"] == "PZ-777"} == {"PZ-10001", "PZ-10002", "PZ-10008"}


def test_without_a_run_there_is_no_execution(ran):
    with pytest.raises(NothingWasRun, match="run the features first"):
        as_xray(ran.traced(), Dialect.CLOUD, execution=Execution())


@pytest.fixture
def beyond_the_plan(ran, traced):
    """The traceability of a run of scenarios beyond the plan only."""
    results = tuple(result for result in traced.run.results if result.name == "The plan forgot it")
    return ran.traced(replace(traced.run, results=results))


def test_of_scenarios_beyond_the_plan_only_there_is_nothing_for_the_plan(beyond_the_plan):
    for dialect in Dialect:
        with pytest.raises(NothingForThePlan, match="nothing for the plan"):
            as_xray(beyond_the_plan, dialect, execution=Execution())


def test_of_scenarios_beyond_the_plan_only_junit_and_cucumber_hold_them(beyond_the_plan, ran):
    (suite,) = JUnitXml.fromstring(as_junit(beyond_the_plan))
    (case,) = suite
    assert (suite.name, suite.tests, case.name, case.is_passed) == ("Beyond the plan", 1, "The plan forgot it", True)
    assert case.child(Properties) is None
    elements = [one for feature in as_cucumber(beyond_the_plan, ran.features) for one in feature["elements"]]
    statuses = {one["name"]: {step["result"]["status"] for step in one["steps"]} for one in elements}
    assert [name for name, status in statuses.items() if status == {"passed"}] == ["The plan forgot it"]


def test_beside_cases_of_the_plan_junit_leaves_out_what_is_beyond_it(traced):
    assert "The plan forgot it" not in as_junit(traced).decode()


def test_junit_read_back_by_another_library_has_the_verdicts(traced):
    kinds = {Failure: Status.FAILED, Error: Status.BROKEN, Skipped: Status.SKIPPED}
    statuses = []
    for suite in JUnitXml.fromstring(as_junit(traced)):
        for test in suite:
            (key,) = [one.value for one in test.child(Properties) if one.name == "test_key"]
            statuses.append((key, kinds[type(test.result[0])] if test.result else Status.PASSED))
    assert folded(statuses) == WERE_RUN


def test_junit_counts_and_says_why(traced):
    suites = {suite.name.split()[0]: suite for suite in JUnitXml.fromstring(as_junit(traced))}
    suite = suites["PZ-10008"]
    assert (suite.tests, suite.failures, suite.errors, suite.skipped) == (2, 1, 1, 0)
    (failed,) = [test.result[0] for test in suite if test.result and isinstance(test.result[0], Failure)]
    # The escape character of the message is none that XML can hold.
    assert failed.message == "expected 1 task, seen <b>3</b> & \N{REPLACEMENT CHARACTER}[31ma colour"
    assert failed.text.endswith("look at the record")


def test_cucumber_read_back_has_the_verdicts(ran, traced):
    statuses = []
    for feature in json.loads(json.dumps(as_cucumber(traced, ran.features))):
        for element in feature["elements"]:
            keys = [tag["name"][1:] for tag in element["tags"] if tag["name"].startswith("@PZ-")]
            statuses += [(key, _status([*element["steps"], *element.get("after", ())])) for key in keys]
    assert folded(statuses) == {key: verdict for key, verdict in VERDICTS.items() if key != "PZ-10007"}


def test_cucumber_tells_what_failed_outside_of_the_steps_and_only_that_as_a_hook(ran, traced):
    elements = [element for feature in as_cucumber(traced, ran.features) for element in feature["elements"]]
    (hook,) = [element for element in elements if "after" in element]
    assert hook["name"] == "It fails in a hook"
    assert "1 queue more than before" in hook["after"][0]["result"]["error_message"]


def test_cucumber_has_tables_durations_and_evidence(ran, traced):
    first, second = as_cucumber(traced, ran.features)
    (step,) = first["elements"][0]["steps"]
    assert step["rows"] == [{"cells": ["kind", "change"]}, {"cells": ["task", "+1"]}]
    result = next(one for one in traced.run.results if one.name == "It passes").steps[0]
    assert step["result"]["duration"] == round((result.stop - result.start).total_seconds() * 1e9, -6)
    assert (step["keyword"], step["name"], step["line"]) == ("Given ", "this works", 6)
    assert "embeddings" not in step
    broken = second["elements"][0]["steps"][0]
    assert base64.b64decode(broken["embeddings"][0]["data"]) == b"said\x1bnothing"


def test_cucumber_takes_a_step_of_one_word(ran, traced):
    first = traced.scenarios[0]
    step = replace(first.result.steps[0], name="Given")
    shortened = replace(first, result=replace(first.result, steps=(step,)))
    made = replace(traced, scenarios=(shortened, *traced.scenarios[1:]))
    (step,) = as_cucumber(made, ran.features)[0]["elements"][0]["steps"]
    assert (step["keyword"], step["name"]) == ("Given ", "")


def _status(steps):
    red = [step["result"]["error_message"] for step in steps if step["result"]["status"] == "failed"]
    if red:
        return Status.BROKEN if red[0].startswith(ENVIRONMENT_BROKE) else Status.FAILED
    return Status.PASSED if all(step["result"]["status"] == "passed" for step in steps) else Status.SKIPPED
