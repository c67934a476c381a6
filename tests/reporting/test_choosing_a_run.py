"""Which run reports are about, and that none is taken for another."""

import fcntl
from datetime import UTC, datetime, timedelta

import pytest
from small_checkout import leave_record

from reporting.runs import RunUnknown, find_run
from support.runner.run_record import LOCK, State

START = datetime(2026, 11, 26, 17, tzinfo=UTC)


@pytest.fixture
def left(tmp_path):
    """Leaves the folder of a run; each began later than the one before."""
    began = iter(START + timedelta(minutes=minute) for minute in range(60))

    def leave(name, state=State.ENDED, **more):
        leave_record(tmp_path / "runs" / name, state, started=next(began), **more)
        return tmp_path / "runs" / name

    return leave


def test_before_any_run_there_is_none(tmp_path):
    assert find_run(tmp_path, None) is None
    (tmp_path / "runs" / "of-somebody-else").mkdir(parents=True)
    assert find_run(tmp_path, None) is None


def test_the_last_that_began_is_meant_whatever_its_name(tmp_path, left):
    left("z"), left("b"), left("a")
    assert find_run(tmp_path, None).record.name == "a"


@pytest.mark.parametrize("state", [State.INTERRUPTED, State.RUNNING])  # Nobody holds its lock: it was killed.
def test_an_interrupted_run_does_not_hand_over_to_the_one_before(tmp_path, left, state):
    left("whole"), left("cut-short", state)
    found = find_run(tmp_path, None)
    assert (found.record.name, found.is_whole) == ("cut-short", False)
    assert found.told.endswith(": interrupted")


def test_a_run_that_goes_on_is_meant_only_when_it_is_named(tmp_path, left):
    left("whole")
    living = left("living", State.RUNNING)
    (living / LOCK).touch()
    with (living / LOCK).open("rb") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert find_run(tmp_path, None).record.name == "whole"
        assert find_run(tmp_path, "living").told.endswith(": running")


def test_a_run_is_asked_for_by_name_by_folder_or_as_the_latest(tmp_path, left, monkeypatch):
    first = left("first", passed=True)
    left("second", State.INTERRUPTED)
    (tmp_path / "latest").symlink_to("runs/first")
    monkeypatch.chdir(tmp_path / "runs")
    for asked in ("first", str(first), "../runs/first", "latest"):
        found = find_run(tmp_path, asked)
        assert (found.folder.resolve(), found.told.rpartition(": ")[2]) == (first, "green")
    assert find_run(tmp_path / "elsewhere", str(first)).folder == first


@pytest.mark.parametrize("asked", ["third", "latest", "/nowhere/run"])
def test_a_run_that_left_nothing_is_not_replaced_by_another(tmp_path, left, asked):
    left("first"), left("second")
    with pytest.raises(RunUnknown, match=r"has left no results.* first, second\."):
        find_run(tmp_path, asked)
