"""The runs of all shards become one run, which is the run of all scenarios; anything else is refused with a reason."""

import fcntl
import json
import os
import shutil
import subprocess
import sys
from copy import deepcopy
from pathlib import Path
from xml.etree import ElementTree

import pytest
from small_checkout import CHECKOUT, ENVIRONMENT, FEATURES, PLAN, STEPS, Checkout, leave_record

from reporting.merge import NothingToMerge, merge
from reporting.merged_junit import merged_junit
from reporting.results import RunResults, read_results
from reporting.tables import as_document
from support.core import java_properties
from support.runner.run_record import LOCK, State, read_record

SAME_NAMES = """\
Feature: Three
  Scenario: The same name
    Given this works

  Scenario: Another name
    Given this works

  Rule: In another rule
    Scenario: The same name
      Given the answer is wrong
"""
COUNTS = ("tests", "errors", "failures", "skipped")


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A checkout in which behave has run all features, with the JUnit files that it wrote."""
    made = Checkout(tmp_path_factory.mktemp("whole"))
    as_the_suite = "def before_all(context):\n    context.config.paths = [context.config.base_dir]\n"
    environment = "import support.runner.behave_files\n" + ENVIRONMENT.replace(
        "def before_all(context):\n", as_the_suite
    )
    files = {"environment.py": environment, "steps/steps.py": STEPS, "config/test_cases.csv": PLAN}
    made.write({**FEATURES, "features/views/three.feature": SAME_NAMES, **files})
    junit = ["--no-skipped", "--junit", "--junit-directory", "reports/runs/one/junit"]
    run = subprocess.run(
        [sys.executable, "-m", "behave", "--tags=not @not_selected", *junit, "features"],
        cwd=made.root,
        env={"PYTHONPATH": str(CHECKOUT)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 1, run.stdout + run.stderr
    return made


@pytest.fixture
def shards(tmp_path, whole):
    """Deals the results of the whole run out to the runs of so many shards."""

    def deal(of, **more):
        run = whole.root / "reports/runs/one"
        results = sorted(
            (run / "allure-results").glob("*-result.json"), key=lambda path: place(json.loads(path.read_text()))
        )
        folders = []
        for index in range(of):
            folder = tmp_path / "machines" / str(index) / "runs" / f"run-{index}"
            passed = not any(
                json.loads(one.read_text())["status"] in ("failed", "broken") for one in results[index::of]
            )
            leave_record(
                folder, **({"shard": f"{index + 1}/{of}", "passed": passed, "scenarios": {"passed": 2}} | more)
            )
            shutil.copytree(run / "allure-results", folder / "allure-results")
            for path in results:
                if path not in results[index::of]:
                    (folder / "allure-results" / path.name).unlink()
            folders.append(folder)
        split_junit(run / "junit", [folder / "junit" for folder in folders], results)
        return folders

    return deal


def place(result):
    (location,) = [label["value"] for label in result["labels"] if label["name"] == "location"]
    file, line = location.split(":")
    return file, int(line)


def split_junit(whole, folders, results):
    """Write each shard's part of each feature: of its test cases, those of the results that went to the shard."""
    dealt = {}
    for index, path in enumerate(results):
        result = json.loads(path.read_text())
        dealt.setdefault((place(result)[0], result["name"]), []).append(index % len(folders))
    for path in whole.iterdir():
        suite = ElementTree.parse(path).getroot()
        feature = path.stem.removeprefix("TESTS-").replace(".", "/") + ".feature"
        numbers = [dealt[feature, test.get("name").strip()].pop(0) for test in suite.findall("testcase")]
        for number, folder in enumerate(folders):
            part = deepcopy(suite)
            for test, mine in zip(part.findall("testcase"), numbers, strict=True):
                if mine != number:
                    part.remove(test)
            left = part.findall("testcase")
            part.set("tests", str(len(left)))
            for count, element in zip(COUNTS[1:], ("error", "failure", "skipped"), strict=True):
                part.set(count, str(len([test for test in left if test.find(element) is not None])))
            part.set("time", str(round(float(suite.get("time")) * len(left) / len(numbers), 9)))
            if left:
                folder.mkdir(exist_ok=True)
                ElementTree.ElementTree(part).write(folder / path.name, "utf-8", xml_declaration=True)


def junit_of(folder):
    """Each file of JUnit, with its time as a number."""
    suites = {path.name: ElementTree.parse(path).getroot() for path in (folder / "junit").iterdir()}
    times = {name: float(suite.attrib.pop("time")) for name, suite in suites.items()}
    texts = {name: ElementTree.canonicalize(ElementTree.tostring(suite, "unicode")) for name, suite in suites.items()}
    return texts, times


@pytest.fixture
def reports(tmp_path, monkeypatch):
    monkeypatch.delenv("FOCUS_RUN", raising=False)
    return tmp_path / "merged"


@pytest.mark.parametrize("of", [1, 2, 4, 8])
def test_the_merged_run_equals_the_whole_run(whole, shards, reports, of):
    one = whole.root / "reports/runs/one"
    merged = merge(reversed(shards(of)), reports, command=["merge"])
    assert merged.warnings == ()
    texts, times = junit_of(merged.run.folder)
    expected, expected_times = junit_of(one)
    assert texts == expected
    assert times == pytest.approx(expected_times, abs=1e-5)
    made = read_results(one / "allure-results").results[0].start
    tables = [
        as_document(whole.traced(read_results(folder / "allure-results")), [], test_case_url=None, made=made)
        for folder in (one, merged.run.folder)
    ]
    assert tables[0] == tables[1]
    names = [{path.name for path in (folder / "allure-results").iterdir()} for folder in (one, merged.run.folder)]
    assert names[0] == names[1]


def test_the_merged_run_is_a_run_like_any_other(shards, reports):
    folders = shards(2, passed=True)
    merged = merge(folders, reports, command=["merge", "x"])
    record = read_record(merged.run.folder)
    assert (record.state, record.passed, record.shard) == (State.ENDED, True, None)
    assert (record.scenarios, record.profile, record.command) == ({"passed": 4}, "test bench", ("merge", "x"))
    assert (reports / "latest").resolve() == merged.run.folder


def test_one_red_shard_makes_the_merged_run_red(shards, reports):
    folders = shards(2, passed=True)
    leave_record(folders[1], shard="2/2", passed=False, scenarios={"passed": 1, "failed": 1})
    record = merge(folders, reports, command=[]).run.record
    assert (record.state, record.passed, record.scenarios) == (State.ENDED, False, {"passed": 3, "failed": 1})


def test_runs_of_shards_are_found_below_a_directory_and_others_there_are_passed_over(shards, reports, tmp_path):
    first, *_ = shards(2, passed=True)
    leave_record(first.parent / "whole", passed=False)
    (first.parent.parent / "latest").symlink_to(Path("runs", first.name))
    given = [tmp_path / "machines", first, first.parent.parent / "latest"]
    assert merge(given, reports, command=[]).run.record.passed


def test_an_attachment_goes_with_its_result(shards, reports):
    folders = shards(2)
    merged = merge(folders, reports, command=[])
    evidence = [file for result in read_results(merged.run.results).results for file in result.evidence]
    assert {file.path.read_bytes() for file in evidence} >= {b"said\x1bnothing", b"kind,change\r\ntask,+1\r\n"}


def test_values_of_the_environment_that_differ_are_listed(shards, reports):
    folders = shards(3)
    for number, folder in enumerate(folders):
        values = {"Profile": "test bench", "MongoDB": f"host-{number % 2}", f"Only {number}": "x"}
        (folder / "allure-results/environment.properties").write_bytes(java_properties.dump(values))
    environment = read_results(merge(folders, reports, command=[]).run.results).environment
    assert environment == {
        "Profile": "test bench",
        "MongoDB": "host-0; host-1",
        **{f"Only {number}": "x" for number in range(3)},
    }


def test_a_shard_without_scenarios_has_nothing_to_add(shards, reports):
    folders = [*shards(2, passed=True)]
    for number, folder in enumerate(folders, 1):
        leave_record(folder, shard=f"{number}/3", passed=True, scenarios={"passed": 2})
    empty = folders[0].parent / "empty"
    leave_record(empty, shard="3/3", passed=True)
    (empty / "allure-results").mkdir()
    assert merge([*folders, empty], reports, command=[]).run.record.passed


def test_a_suite_of_two_machines_names_both_and_the_later_time(tmp_path):
    for number, (host, time) in enumerate([("b", "2026-11-26T18:00:00"), ("a", "2026-11-26T17:00:00")]):
        (tmp_path / str(number)).mkdir()
        counts = "tests='0' errors='0' failures='0' skipped='0' time='0.5'"
        suite = f"<testsuite name='x' {counts} hostname='{host}' timestamp='{time}'/>"
        (tmp_path / str(number) / "TESTS-x.xml").write_text(suite)
    merged = merged_junit((tmp_path / str(number), RunResults()) for number in range(2))
    suite = ElementTree.fromstring(merged["TESTS-x.xml"])
    assert (suite.get("hostname"), suite.get("timestamp"), suite.get("time")) == ("b, a", "2026-11-26T18:00:00", "1.0")


def test_two_features_whose_files_have_one_name_have_a_file_each(tmp_path):
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        suite = f"<testsuite name='{name}' tests='0' errors='0' failures='0' skipped='0' time='0'/>"
        (tmp_path / name / "TESTS-x.xml").write_text(suite)
    merged = merged_junit((tmp_path / name, RunResults()) for name in ("one", "two"))
    names = {file: ElementTree.fromstring(content).get("name") for file, content in merged.items()}
    assert names == {"TESTS-x.xml": "one", "TESTS-x-2.xml": "two"}


@pytest.mark.parametrize("scenarios", [{}, {"skipped": 3}])
def test_shards_that_have_all_run_nothing_are_red(reports, tmp_path, scenarios):
    for number in (1, 2):
        leave_record(tmp_path / "runs" / str(number), shard=f"{number}/2", passed=True, scenarios=scenarios)
        (tmp_path / "runs" / str(number) / "allure-results").mkdir()
    merged = merge([tmp_path / "runs"], reports, command=[])
    assert (merged.run.record.passed, merged.run.record.state) == (False, State.ENDED)
    assert "No shard has run a scenario" in merged.warnings[0]


def test_an_interrupted_shard_is_merged_with_a_warning_and_interrupts_the_run(shards, reports):
    folders = shards(2, passed=True)
    leave_record(folders[1], State.INTERRUPTED, shard="2/2", scenarios={"passed": 1}, passed=True)
    merged = merge(folders, reports, command=[])
    assert (merged.run.record.state, merged.run.record.passed) == (State.INTERRUPTED, False)
    assert f"2/2 ({folders[1]}) was interrupted" in merged.warnings[0]
    assert not (reports / "latest").exists()


def test_a_shard_that_still_runs_is_merged_with_a_warning(shards, reports):
    folders = shards(2, passed=True)
    leave_record(folders[0], State.RUNNING, shard="1/2")
    with (folders[0] / LOCK).open("wb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        merged = merge(folders, reports, command=[])
    assert (merged.run.record.state, merged.run.record.passed) == (State.INTERRUPTED, False)
    assert "still runs" in merged.warnings[0]


def refused(folders, reports):
    with pytest.raises(NothingToMerge) as refusal:
        merge(folders, reports, command=[])
    assert not reports.exists()
    return str(refusal.value)


def test_a_missing_shard_is_named(shards, reports):
    folders = shards(4)
    assert "all 4 shards, seen no run of 2/4, 3/4" in refused([folders[0], folders[3]], reports)


def test_a_shard_given_twice_is_named_with_both_folders(shards, reports, tmp_path):
    folders = shards(2)
    again = shutil.copytree(folders[1], tmp_path / "again")
    assert refused([*folders, again], reports).endswith(f"of a shard: 2/2 ({folders[1]}), 2/2 ({again}).")


def test_shards_of_runs_in_different_numbers_of_shards_are_refused(shards, reports):
    folders = shards(2)
    leave_record(folders[1], shard="2/3")
    assert "in 2 and in 3 shards" in refused(folders, reports)


def test_shards_of_different_profiles_are_refused(shards, reports):
    folders = shards(2)
    leave_record(folders[1], shard="2/2", profile="staging")
    assert "the profiles staging, test bench" in refused(folders, reports)


def test_a_scenario_that_two_shards_have_run_is_named(shards, reports):
    first, second = shards(2)
    result = next((first / "allure-results").glob("*-result.json"))
    shutil.copy(result, second / "allure-results")
    file, line = place(json.loads(result.read_text()))
    assert f"seen results of {file}:{line}" in refused([first, second], reports)


def test_folders_that_are_no_runs_of_shards_are_named(shards, reports, tmp_path):
    folders = shards(2)
    whole = tmp_path / "whole"
    leave_record(whole)
    assert refused([*folders, whole], reports).endswith(f"seen only runs of all scenarios in {whole}.")
    for empty in (tmp_path / "nowhere", folders[0] / "allure-results"):
        assert refused([*folders, empty], reports).endswith(f"seen no run (run.json) in {empty}.")


def test_a_record_without_a_possible_shard_is_named(shards, reports):
    folders = shards(2)
    leave_record(folders[1], shard="3/2")
    assert refused(folders, reports).startswith(f"The run in {folders[1]} cannot be read")


@pytest.mark.parametrize("broken", ["<testsuite", "<testsuite name='x'/>", "<testsuite name='x' tests='many'/>"])
def test_a_junit_file_that_is_cut_off_is_named(shards, reports, broken):
    folders = shards(2)
    path = next((folders[1] / "junit").iterdir())
    path.write_text(broken)
    assert refused(folders, reports).startswith(f"{path}: expected a JUnit file of behave")


def test_a_result_that_is_cut_off_is_named(shards, reports):
    folders = shards(2)
    path = next((folders[1] / "allure-results").glob("*-result.json"))
    path.write_text("{")
    assert str(path) in refused(folders, reports)


def test_a_merge_that_cannot_be_finished_leaves_no_run(shards, reports):
    folders = shards(2)
    (folders[1] / "allure-results" / "directory").mkdir()
    with pytest.raises(NothingToMerge, match="directory: Is a directory"):
        merge(folders, reports, command=[])
    assert list((reports / "runs").iterdir()) == []


@pytest.fixture
def command(reports):
    def run(*folders):
        own = {name: value for name, value in os.environ.items() if not name.startswith("FOCUS_")}
        return subprocess.run(
            [sys.executable, "-m", "reporting", "merge", *map(str, folders)],
            cwd=CHECKOUT,
            env=own | {"FOCUS__REPORTS__DIRECTORY": str(reports)},
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    return run


def test_the_exit_status_is_that_of_the_merged_run(shards, command, reports):
    folders = shards(2, passed=True)
    done = command(*folders)
    assert (done.returncode, done.stderr) == (0, "")
    first, second = done.stdout.splitlines()
    assert first.startswith("Run ")
    assert first.endswith(": green")
    assert second.endswith(str((reports / "latest").resolve()))
    leave_record(folders[0], State.INTERRUPTED, shard="1/2")
    done = command(*folders)
    assert done.returncode == 1
    assert "was interrupted" in done.stderr
    assert done.stdout.splitlines()[0].endswith(": interrupted")
    done = command(folders[0])
    assert (done.returncode, done.stdout) == (2, "")
    assert "seen no run of 2/2" in done.stderr
