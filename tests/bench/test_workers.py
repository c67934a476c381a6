"""How many workers are meant by `auto`, and which runs can be compared."""

import subprocess
from pathlib import Path

import pytest

from bench.processes import RunFailed
from bench.workers import auto, expect_alike, failing

ROOT = Path(__file__).parents[2]


def test_auto_is_that_of_make():
    planned = subprocess.run(
        ["make", "-n", "acceptance", "JOBS=auto"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert f"behave --junit --jobs {auto()} " in planned.stdout


RED = """
Failing scenarios:
  features/a.feature:3  The first
  features/b.feature:5  The second

17 features passed, 1 failed, 0 skipped
8 scenarios passed, 2 failed, 0 skipped
"""
GREEN = "10 scenarios passed, 0 failed, 0 skipped\n"


def test_failing_scenarios_are_told():
    assert failing(RED) == ["features/a.feature:3  The first", "features/b.feature:5  The second"]
    assert failing(GREEN) == []


def test_runs_of_the_same_scenarios_can_be_compared():
    expect_alike([RED, GREEN])


@pytest.mark.parametrize("other", ["9 scenarios passed, 0 failed, 0 skipped\n", "the environment is broken\n"])
def test_runs_of_other_scenarios_cannot_be_compared(other):
    with pytest.raises(RunFailed, match="have not run the same scenarios"):
        expect_alike([GREEN, other])
