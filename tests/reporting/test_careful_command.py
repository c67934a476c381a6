"""What the command line does not do: touch what is not its own, take a wrong address, send what no longer holds."""

import os
import subprocess
import sys

import pytest
from small_checkout import CHECKOUT, leave_record


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
