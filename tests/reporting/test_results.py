"""What a run has left, as it is read."""

import json
import shutil
from datetime import UTC, datetime

import pytest

from reporting.results import ResultsUnreadable, Run, read_run
from reporting.verdicts import Status


def test_before_any_run_there_is_nothing(tmp_path):
    run = read_run(tmp_path / "allure-results")
    assert (run, run.start, run.stop) == (Run(), None, None)


def test_a_real_run_is_read_with_steps_evidence_and_environment(traced):
    run = traced.run
    assert run.environment == {"Profile": "test bench", "Version": "1.2", "Umlaut ü": "a=b \U0001f600"}
    broken = next(one for one in run.results if one.name == "It breaks")
    assert (str(broken.place), broken.status, broken.keys) == (
        "features/views/two.feature:4", Status.BROKEN, ("PZ-10003", "PZ-10008"),
    )  # fmt: skip
    assert "connection refused" in broken.message
    assert [(step.name, step.status) for step in broken.steps] == [
        ("Given the network is down", Status.BROKEN),
        ("Then this works", Status.SKIPPED),
    ]
    (log,) = broken.evidence
    assert (log.name, log.media_type, log.path.read_bytes()) == (
        "server log/of the job", "text/plain", b"said\x1bnothing",
    )  # fmt: skip
    assert run.start <= broken.start <= broken.stop <= run.stop <= datetime.now(UTC)


def test_every_result_of_a_real_run_finds_its_scenario(traced):
    assert traced.stale == ()
    assert {one.scenario.name: one.status.value for one in traced.scenarios} == {
        "It passes": "passed",
        "It fails -- @1.1": "failed",
        "It works -- @2.1 good": "passed",
        "It breaks": "broken",
        "It is not selected": "not run",
        "It is skipped": "skipped",
        "The plan forgot it": "passed",
        "It fails in a hook": "failed",
    }


def test_of_two_results_of_a_scenario_the_last_counts(ran, tmp_path):
    folder = shutil.copytree(ran.root / "reports/allure-results", tmp_path / "results")
    (first,) = [path for path in folder.glob("*-result.json") if json.loads(path.read_text())["name"] == "It breaks"]
    result = json.loads(first.read_text())
    again = {**result, "uuid": "again", "status": "passed", "stop": result["stop"] + 1}
    (folder / "again-result.json").write_text(json.dumps(again))
    assert [one.uuid for one in read_run(folder).results if one.name == "It breaks"] == ["again"]


def test_results_of_a_scenario_that_has_moved_count_for_nobody(ran, traced, checkout):
    moved = ran.root / "features/views/two.feature"
    files = {
        "features/views/two.feature": "\n" + moved.read_text(),
        "features/jobs/one.feature": (ran.root / "features/jobs/one.feature").read_text(),
        "config/test_cases.csv": (ran.root / "config/test_cases.csv").read_text(),
    }
    later = checkout(files).traced(traced.run)
    assert {one.name for one in later.stale} == {
        "It breaks",
        "It is skipped",
        "The plan forgot it",
        "It fails in a hook",
    }
    assert {one.status for one in later.scenarios if one.scenario.capability == "views"} == {Status.NOT_RUN}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "expected JSON"),
        ("{}", "label `location`"),
        ('{"labels": [{"name": "location", "value": "x"}]}', "location"),
    ],
)
def test_a_result_of_somebody_else_is_named(tmp_path, text, said):
    (tmp_path / "x-result.json").write_text(text)
    with pytest.raises(ResultsUnreadable, match=rf"x-result\.json: .*{said}"):
        read_run(tmp_path)
