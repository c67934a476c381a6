"""What a run has left, as it is read."""

import json
import shutil
from datetime import UTC, datetime

import pytest

from reporting.results import ResultsUnreadable, RunResults, read_results
from reporting.verdicts import Status

RESULT = {
    "uuid": "1", "historyId": "2", "name": "It works", "status": "passed", "start": 1000, "stop": 2000,
    "labels": [{"name": "location", "value": "features/one.feature:2"}],
}  # fmt: skip


def test_before_any_run_there_is_nothing(tmp_path):
    run = read_results(tmp_path / "allure-results")
    assert (run, run.start, run.stop) == (RunResults(), None, None)


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
    folder = shutil.copytree(ran.root / "reports/runs/one/allure-results", tmp_path / "results")
    (first,) = [path for path in folder.glob("*-result.json") if json.loads(path.read_text())["name"] == "It breaks"]
    result = json.loads(first.read_text())
    again = {**result, "uuid": "again", "status": "passed", "stop": result["stop"] + 1}
    (folder / "again-result.json").write_text(json.dumps(again))
    assert [one.uuid for one in read_results(folder).results if one.name == "It breaks"] == ["again"]


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
        ("", "expected JSON"),
        ('{"uuid": "cut o', "expected JSON"),
        ("[" * 100_000, "expected JSON"),
        ("null", "Input should be a valid dictionary"),
        ("[]", "Input should be a valid dictionary"),
        ("{}", "seen name: Field required"),
        ({"labels": []}, "label `location`"),
        ({"labels": [{"name": "location", "value": "x"}]}, "label `location`"),
        ({"labels": [{"name": "location", "value": "x:y"}]}, "label `location`"),
        ({"labels": "none"}, "seen labels: "),
        ({"status": "odd"}, "seen status: "),
        ({"start": None}, "seen start: "),
        ({"stop": 10**30}, "seen stop: "),
        ({"statusDetails": []}, "seen statusDetails: "),
        ({"attachments": [{"name": "log"}]}, "seen attachments.0.source: "),
        ({"steps": [{"name": "Given this"}]}, "seen steps.0.status: "),
    ],
)
def test_a_result_of_somebody_else_is_named(tmp_path, text, said):
    (tmp_path / "x-result.json").write_text(text if isinstance(text, str) else json.dumps(RESULT | text))
    with pytest.raises(ResultsUnreadable, match=rf"x-result\.json: .*{said}"):
        read_results(tmp_path)


def test_the_smallest_result_is_one(tmp_path):
    (tmp_path / "x-result.json").write_text(json.dumps(RESULT))
    assert [(one.name, one.duration_s) for one in read_results(tmp_path).results] == [("It works", 1.0)]


def test_what_is_no_file_or_no_folder_is_named(tmp_path):
    (tmp_path / "results").mkdir()
    (tmp_path / "results" / "x-result.json").mkdir()
    with pytest.raises(ResultsUnreadable, match=r"x-result\.json: .*directory"):
        read_results(tmp_path / "results")
    (tmp_path / "file").touch()
    with pytest.raises(ResultsUnreadable, match=r"file: expected a folder"):
        read_results(tmp_path / "file")


def test_a_link_to_nowhere_is_named(tmp_path):
    (tmp_path / "x-result.json").symlink_to("gone")
    with pytest.raises(ResultsUnreadable, match=r"x-result\.json: .*No such file"):
        read_results(tmp_path)


def test_of_a_clock_that_was_set_back_nothing_takes_less_than_no_time(tmp_path):
    step = {"name": "Given this", "status": "passed", "start": 3_600_000, "stop": 0}
    results = [RESULT, RESULT | {"name": "Set back", "start": 3_600_000, "stop": 0, "steps": [step]}]
    for number, result in enumerate(results):
        (tmp_path / f"{number}-result.json").write_text(json.dumps(result))
    run = read_results(tmp_path)
    assert {one.name: one.duration_s for one in run.results} == {"It works": 1.0, "Set back": 0.0}
    assert all(one.start <= one.stop for result in run.results for one in (result, *result.steps))
    (remark,) = run.remarks
    assert "while 1 of 2 scenarios ran (the first: features/one.feature:2)" in remark


def test_the_environment_is_read_whatever_is_in_it(tmp_path):
    (tmp_path / "environment.properties").write_bytes(b"a=\\ud83d\nb=\\ud83d\\ude00\nc=\xff\\u0000\nnothing\n\\")
    assert read_results(tmp_path).environment == {
        "a": "\N{REPLACEMENT CHARACTER}", "b": "\U0001f600", "c": "ÿ\N{REPLACEMENT CHARACTER}",
    }  # fmt: skip


def test_evidence_lies_in_the_folder_of_the_results(tmp_path):
    (tmp_path / "results").mkdir()
    (tmp_path / "secret.txt").write_text("not evidence")
    odd = RESULT | {"attachments": [{"name": "log", "source": "../secret.txt"}]}
    (tmp_path / "results" / "x-result.json").write_text(json.dumps(odd))
    (result,) = read_results(tmp_path / "results").results
    assert not result.evidence[0].path.exists()
