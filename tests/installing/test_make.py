"""What the Makefile gives to every command that it runs."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("further", [None, "/somewhere/else"])
def test_with_pythonsafepath_the_modules_of_the_checkout_are_found(further):
    given = {} if further is None else {"PYTHONPATH": further}
    look = "import reporting, sandbox, sys; print(sys.path)"
    done = subprocess.run(
        ["make", "-C", str(ROOT), "--no-print-directory", f"--eval=look: ; @'{sys.executable}' -c '{look}'", "look"],
        env={"PATH": os.environ["PATH"], "PYTHONSAFEPATH": "1", **given},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert further is None or further in done.stdout
