"""What the command line does not do: touch what is not its own, take a wrong address, send what no longer holds."""

import os
import shutil
import subprocess
import sys
from datetime import UTC, datetime

import pytest
from small_checkout import CHECKOUT, leave_record

from support.runner.run_record import State


@pytest.fixture
def reporting():
    def run(*arguments, **environment):
        own = {name: value for name, value in os.environ.items() if not name.startswith("FOCUS_")}
        command = [sys.executable, "-m", "reporting", *arguments]
        return subprocess.run(
            command, cwd=CHECKOUT, env=own | environment, capture_output=True, text=True, timeout=60, check=False
        )

    return run


def test_pages_take_the_place_of_pages_only(reporting, tmp_path):
    (tmp_path / "docs").mkdir()
    kept, old = tmp_path / "docs" / "decisions.md", tmp_path / "docs" / "a-feature-of-old.html"
    kept.write_text("what was decided")
    old.write_text("what was promised")
    done = reporting("docs", "--reports", str(tmp_path))
    assert done.returncode == 0, done.stderr
    assert kept.read_text() == "what was decided"
    assert not old.exists()
    assert (tmp_path / "docs" / "index.html").exists()


@pytest.mark.parametrize(
    ("command", "what"), [("docs", "docs"), ("traceability", "traceability.html")], ids=["docs", "traceability"]
)
def test_what_cannot_be_written_is_told_with_its_place(reporting, tmp_path, command, what):
    hindrance = tmp_path / what
    hindrance.touch() if command == "docs" else hindrance.mkdir()
    done = reporting(command, "--reports", str(tmp_path))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert f"{hindrance}" in done.stderr.replace("\n", "")
    assert "cannot be written" in done.stderr


def test_the_directory_is_the_profiles(reporting, tmp_path):
    profile = tmp_path / "staging.toml"
    profile.write_text(f'[reports]\ndirectory = "{tmp_path}/elsewhere"\n')
    folder = tmp_path / "elsewhere" / "runs" / "one"
    leave_record(folder)
    assert reporting("folder", FOCUS_PROFILE=str(profile)).stdout == f"{folder}\n"


def test_results_of_features_that_have_changed_are_not_sent(reporting, ran):
    target = {"FOCUS_PUBLISH_URL": "https://127.0.0.1:1", "FOCUS_PUBLISH_TOKEN": "s3cret"}
    done = reporting("publish", FOCUS__REPORTS__DIRECTORY=str(ran.root / "reports"), **target)
    assert done.returncode == 2
    assert "of scenarios that have changed since. Run the features again." in done.stderr.replace("\n", " ")


@pytest.fixture
def cut_short(ran, tmp_path):
    """The folder of reports with a run that has ended, and a later one that was interrupted."""
    reports = shutil.copytree(ran.root / "reports", tmp_path / "reports")
    leave_record(reports / "runs" / "later", State.INTERRUPTED, started=datetime(2026, 11, 27, tzinfo=UTC))
    return reports


@pytest.mark.parametrize("command", [["export"], ["publish", "--dry-run"], ["publish", "--dry-run", "--run", "later"]])
def test_a_run_that_was_interrupted_leaves_the_house_by_name_at_most(reporting, cut_short, command):
    target = {"FOCUS_PUBLISH_URL": "https://127.0.0.1:1", "FOCUS_PUBLISH_TOKEN": "s3cret"}
    done = reporting(*command, FOCUS__REPORTS__DIRECTORY=str(cut_short), **target)
    assert done.returncode == 2
    assert done.stderr.count("later, which was interrupted: its results are not whole.") == 1, done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert ("--run later" in done.stderr) == (command == ["export"])
    assert not list(cut_short.rglob("export"))


def test_a_run_that_left_no_results_is_shown_as_no_other(reporting, cut_short):
    for command in ("traceability", "export", "docs", "folder"):
        done = reporting(command, FOCUS__REPORTS__DIRECTORY=str(cut_short), FOCUS_RUN="the-latest-of-all")
        assert (done.returncode, done.stdout) == (2, "")
        assert "The run the-latest-of-all has left no results" in done.stderr
    assert not list(cut_short.rglob("traceability*"))


@pytest.mark.parametrize("command", ["traceability", "docs"])
def test_an_address_without_a_place_for_the_key_is_refused(reporting, tmp_path, command):
    done = reporting(command, "--reports", str(tmp_path), "--test-case-url", "https://cases.test/")
    assert done.returncode == 2
    assert "{key}" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_profile_with_such_an_address_is_refused(reporting, tmp_path):
    profile = tmp_path / "staging.toml"
    profile.write_text('[reports]\ntest_case_url = "https://cases.test/"\n')
    done = reporting("traceability", FOCUS_PROFILE=str(profile))
    assert done.returncode == 2
    assert "test_case_url" in done.stderr
    assert "Traceback" not in done.stderr
