"""What is in stores that were lent is in the record before it is made, and is removed from there by whoever clears."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from sandbox.lifecycle import directories, reaper
from sandbox.lifecycle.lent import Lent, remove
from sandbox.lifecycle.reaper import Record

SETTINGS = {
    "FOCUS_SANDBOX_RABBITMQ_URL": "amqp://focus:pa55word@127.0.0.1:1",
    "FOCUS_SANDBOX_RABBITMQ_MANAGEMENT_URL": "http://127.0.0.1:1",
}


@pytest.fixture
def record(tmp_path):
    own = tmp_path / "own"
    own.mkdir()
    return Record(own / "record.json", f"test-of-lent-{os.getpid()}", [str(tmp_path / "data"), str(own)])


def written(record):
    return json.loads(record.path.read_text())


def test_names_are_on_disk_as_long_as_something_may_be_there(record):
    record.commands.append(["docker", "rm", "other"])
    lent = Lent(record, SETTINGS)
    lent.add("focus-1")
    lent.add("focus-2")
    docker, removal = written(record)["commands"]
    assert docker == ["docker", "rm", "other"]
    assert removal[-2:] == ["focus-1", "focus-2"]
    lent.discard("focus-1")
    assert written(record)["commands"][1][-1:] == ["focus-2"]
    assert "focus-1" not in written(record)["commands"][1]
    lent.discard("focus-2")
    assert written(record)["commands"] == [docker]


def test_no_secret_is_in_the_command_and_only_its_owner_can_read_the_record(record):
    Lent(record, {**SETTINGS, "OTHER": "se-cret"}).add("focus-1")
    assert "pa55word" not in str(written(record)["commands"])
    assert written(record)["environment"]["FOCUS_SANDBOX_RABBITMQ_URL"] == SETTINGS["FOCUS_SANDBOX_RABBITMQ_URL"]
    assert "se-cret" not in record.path.read_text()
    assert record.path.stat().st_mode & 0o077 == 0


def test_of_stores_that_end_with_the_sandbox_nothing_is_noted(record):
    Lent(record, {"PATH": "/bin"}).add("focus-1")
    assert not record.path.exists()


async def test_what_cannot_be_removed_is_told_for_each_name():
    failures = await remove(["focus-1", "focus-2"], SETTINGS)
    assert len(failures) == 2
    assert all("127.0.0.1:1" in failure and "pa55word" not in failure for failure in failures)


def test_the_command_of_the_record_runs_with_its_settings_from_anywhere(record, tmp_path):
    Lent(record, SETTINGS).add("focus-1")
    found = written(record)
    away = tmp_path / "away"
    away.mkdir()
    ended = subprocess.run(
        found["commands"][0],
        env={"PATH": os.environ["PATH"], **found["environment"]},
        cwd=away,
        capture_output=True,
        text=True,
        check=False,
    )
    assert ended.returncode == os.EX_TEMPFAIL, ended.stderr
    assert "could not be removed" in ended.stderr
    assert "pa55word" not in ended.stderr


def exiting(status, trace: Path):
    """A command that leaves a trace and ends with a status."""
    return [sys.executable, "-c", f"import sys; open({str(trace)!r}, 'a').write('x'); sys.exit({status})"]


def test_what_could_not_be_removed_is_tried_once_more_by_the_next(record, tmp_path):
    trace, other, data = tmp_path / "trace", tmp_path / "other", tmp_path / "data"
    data.mkdir()
    record.commands += [exiting(os.EX_TEMPFAIL, trace), exiting(1, other)]
    record.save()
    lock = tmp_path / "own.lock"
    lock.touch()
    assert not reaper.clear(record)
    assert not data.exists()
    assert written(record)["commands"] == [exiting(os.EX_TEMPFAIL, trace)]
    directories.sweep(directories.Home(tmp_path, "own"))
    assert not record.path.parent.exists()
    assert (trace.read_text(), other.read_text()) == ("xx", "x")
