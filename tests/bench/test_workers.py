"""How many workers are meant by `auto`."""

import subprocess
from pathlib import Path

from bench.workers import auto

ROOT = Path(__file__).parents[2]


def test_auto_is_that_of_make():
    planned = subprocess.run(
        ["make", "-n", "acceptance", "JOBS=auto"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert f"behave --junit --jobs {auto()} " in planned.stdout
