"""The folder that a run has to itself: whatever is there before, it is new, or the run does not begin."""

import fcntl
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from support.core.errors import EnvironmentBroken, SettingsError
from support.runner.run_folder import KEPT, RunFolder
from support.runner.run_record import LOCK, RECORD, RunRecord, State, read_record

NOBODY = 65534


def make(reports, profile="local", command=("--tags=@smoke",)):
    return RunFolder.make(reports, profile=profile, command=command)


def end(run, state=State.ENDED, *, passed=True, **scenarios):
    run.end(state, scenarios=Counter(scenarios), passed=passed)
    return run.path


def left(reports, name, *, hours_ago=0, state=State.ENDED):
    """A folder as a run has left it."""
    folder = reports / "runs" / name
    folder.mkdir(parents=True)
    (folder / LOCK).touch()
    started = datetime.now(UTC) - timedelta(hours=hours_ago)
    RunRecord(name=name, state=state, started=started, pid=1, profile="local", command=()).write(folder)
    return folder


def names(reports):
    return {folder.name for folder in (reports / "runs").iterdir()}


@pytest.fixture(autouse=True)
def unnamed(monkeypatch):
    monkeypatch.delenv("FOCUS_RUN", raising=False)


def test_a_run_says_from_beginning_to_end_where_it_stands(tmp_path):
    run = make(tmp_path)
    begun = read_record(run.path)
    assert (begun.state, begun.profile, begun.command) == (State.RUNNING, "local", ("--tags=@smoke",))
    assert (begun.pid, begun.ended, begun.passed) == (os.getpid(), None, None)
    assert list(run.results.iterdir()) == []
    assert not (tmp_path / "latest").exists()
    folder = end(run, passed=False, passed_=0, failed=2)
    ended = read_record(folder)
    assert (ended.state, ended.passed, ended.scenarios["failed"]) == (State.ENDED, False, 2)
    assert begun.started == ended.started <= ended.ended
    assert (tmp_path / "latest").resolve() == folder
    assert not os.path.isabs(os.readlink(tmp_path / "latest"))  # The directory may be moved.


def test_a_shard_says_which_of_how_many_it_is(tmp_path):
    run = RunFolder.make(tmp_path, profile="local", command=(), shard="2/8")
    assert read_record(run.path).shard == "2/8"
    assert read_record(end(run)).shard == "2/8"
    assert read_record(end(make(tmp_path))).shard is None


def test_two_runs_at_once_have_a_folder_each_and_the_last_to_end_is_the_latest(tmp_path):
    first, second = make(tmp_path), make(tmp_path)
    assert first.path != second.path
    end(second)
    assert (tmp_path / "latest").resolve() == second.path
    assert read_record(first.path).state is State.RUNNING
    end(first)
    assert (tmp_path / "latest").resolve() == first.path


def test_a_run_that_was_interrupted_is_not_the_latest(tmp_path):
    whole = end(make(tmp_path))
    interrupted = end(make(tmp_path), State.INTERRUPTED, passed=False)
    assert (tmp_path / "latest").resolve() == whole
    assert read_record(interrupted).state is State.INTERRUPTED


def test_a_run_that_was_killed_is_read_as_interrupted(tmp_path):
    code = "import os,sys; from support.runner.run_folder import RunFolder; from pathlib import Path; "
    code += "RunFolder.make(Path(sys.argv[1]), profile='local', command=()); os.kill(os.getpid(), 9)"
    subprocess.run([sys.executable, "-c", code, tmp_path], check=False, timeout=60)
    (folder,) = (tmp_path / "runs").iterdir()
    assert json.loads((folder / RECORD).read_text())["state"] == "running"
    assert read_record(folder).state is State.INTERRUPTED


def test_whoever_starts_a_run_may_name_its_folder_once(tmp_path, monkeypatch):
    monkeypatch.setenv("FOCUS_RUN", "build-17")
    run = make(tmp_path)
    assert run.path == tmp_path / "runs" / "build-17"
    (run.results / "a-result.json").touch()
    with pytest.raises(SettingsError, match="a run of the name build-17 already"):
        make(tmp_path)
    assert (run.results / "a-result.json").exists()


@pytest.mark.parametrize("name", ["a/b", "..", ".hidden", "ä", "x" * 101, " ", "a\nb", "-n"])
def test_a_name_that_is_none_is_refused(tmp_path, monkeypatch, name):
    monkeypatch.setenv("FOCUS_RUN", name)
    with pytest.raises(SettingsError, match="FOCUS_RUN"):
        make(tmp_path / "reports")
    assert not (tmp_path / "reports").exists()


@pytest.mark.parametrize("at", ["", "runs"])
def test_a_link_is_as_good_as_a_directory(tmp_path, at):
    elsewhere, reports = tmp_path / "elsewhere", tmp_path / "reports"
    elsewhere.mkdir()
    (reports / at).parent.mkdir(exist_ok=True)
    (reports / at).symlink_to(elsewhere)
    (elsewhere / "of-an-earlier-run-result.json").touch()
    folder = end(make(reports))
    assert list((folder / "allure-results").iterdir()) == []
    assert (reports / "latest").resolve() == folder.resolve()


@pytest.mark.parametrize(
    ("place", "put", "told"),
    [
        ("reports", lambda path: path.touch(), "reports is no directory: move it away"),
        ("reports", lambda path: path.symlink_to("/nowhere"), "a link that leads nowhere, to /nowhere"),
        ("reports/runs", lambda path: path.touch(), "runs is no directory: move it away"),
        ("reports/runs", lambda path: path.symlink_to("/nowhere"), "a link that leads nowhere, to /nowhere"),
        ("reports/latest", lambda path: path.mkdir(), "where a link to the last run belongs; move it away"),
        ("reports/latest", lambda path: path.touch(), "where a link to the last run belongs; move it away"),
    ],
)
def test_what_is_in_the_way_is_named_and_stays(tmp_path, place, put, told):
    path = tmp_path / place
    path.parent.mkdir(parents=True, exist_ok=True)
    put(path)
    before = {one: one.lstat().st_ino for one in tmp_path.rglob("*")}
    with pytest.raises(EnvironmentBroken, match=told) as raised:
        make(tmp_path / "reports")
    assert "FOCUS__REPORTS__DIRECTORY" in str(raised.value)
    assert before.items() <= {one: one.lstat().st_ino for one in tmp_path.rglob("*")}.items()


@contextmanager
def somebody_else():
    os.seteuid(NOBODY)
    try:
        yield
    finally:
        os.seteuid(0)


@pytest.mark.skipif(os.geteuid() != 0, reason="needs two users")
@pytest.mark.parametrize("ours", ["", "runs"])
def test_a_directory_of_another_user_is_named_with_its_owner_and_two_ways_out(ours):
    with tempfile.TemporaryDirectory() as directory:
        os.chmod(directory, 0o755)
        reports = Path(directory, "reports")
        end(make(reports))
        if ours:
            os.chown(reports, NOBODY, -1)
        before = names(reports)
        with somebody_else(), pytest.raises(EnvironmentBroken) as raised:
            make(reports)
        assert names(reports) == before
    message = str(raised.value)
    assert f"{reports / ours} belongs to root (uid 0), and you are nobody (uid {NOBODY})" in message
    assert f"sudo chown -R {NOBODY} {reports}." in message
    assert "FOCUS__REPORTS__DIRECTORY" in message


def test_a_disk_that_is_full_at_the_beginning_leaves_nothing(tmp_path, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(RunRecord, "write", full)
    with pytest.raises(EnvironmentBroken, match="No space left on device"):
        make(tmp_path)
    assert names(tmp_path) == set()


def test_a_disk_that_is_full_at_the_end_leaves_no_run_that_has_ended(tmp_path, monkeypatch):
    before = end(make(tmp_path))
    run = make(tmp_path)

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(RunRecord, "write", full)
        with pytest.raises(EnvironmentBroken, match="No space left on device"):
            end(run)
    assert read_record(run.path).state is State.INTERRUPTED
    assert (tmp_path / "latest").resolve() == before


def test_the_oldest_go_but_none_that_lives_is_no_runs_or_is_the_latest(tmp_path):
    for number in range(KEPT + 5):
        left(tmp_path, f"old-{number:02}", hours_ago=100 - number, state=State.INTERRUPTED)
    latest = left(tmp_path, "latest-one", hours_ago=200)
    (tmp_path / "latest").symlink_to(latest)
    living = left(tmp_path, "living", hours_ago=300, state=State.RUNNING)
    (tmp_path / "runs" / "of-somebody").mkdir()
    with (living / LOCK).open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        end(make(tmp_path), State.INTERRUPTED)
    kept = names(tmp_path)
    assert {"latest-one", "living", "of-somebody"} <= kept
    youngest = range(7, KEPT + 5)  # With the latest and the one that has just ended they are as many as are kept.
    assert {name for name in kept if name.startswith("old-")} == {f"old-{number:02}" for number in youngest}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"name": "x"}', '{"state": "new"}'])
def test_a_record_that_no_run_has_written_is_none(tmp_path, text):
    assert read_record(tmp_path) is None
    (tmp_path / RECORD).write_text(text)
    assert read_record(tmp_path) is None
