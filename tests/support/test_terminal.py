"""Commands on a terminal of any encoding, and files that are read and written alike in any locale."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
# The programs of the suite itself; what its tests read and write is their own.
OURS = ["support", "steps", "reporting", "sandbox", "proof", "bench", "environment.py"]
TERMINALS = {
    "ascii": {"PYTHONIOENCODING": "ascii:strict"},
    "latin-1": {"PYTHONIOENCODING": "latin-1:strict"},
    "POSIX": {"LC_ALL": "POSIX", "PYTHONCOERCECLOCALE": "0", "PYTHONUTF8": "0", "PYTHONIOENCODING": ":strict"},
}
COMMANDS = {
    "reporting": ["-m", "reporting", "traceability", "--no-results"],
    "a complaint": ["-m", "reporting", "lint", "--plan", "für-… \udcff.csv"],
    "sandbox": ["-m", "sandbox", "status", "--name", "no-such-sandbox"],
    "defects": ["-m", "sandbox.defects"],
    "sweeping": ["-m", "support.scenario.sweeping"],
    "proof": ["-m", "proof", "--help"],
    "bench": ["-m", "bench", "--help"],
}


# Each command on one terminal, and one command on each: a start of Python each.
PAIRS = [(command, "ascii") for command in COMMANDS] + [("a complaint", "latin-1"), ("a complaint", "POSIX")]


@pytest.mark.parametrize(("command", "terminal"), PAIRS)
def test_no_command_fails_for_what_the_terminal_cannot_show(tmp_path, command, terminal):
    own = {name: value for name, value in os.environ.items() if not name.startswith("FOCUS")}
    environment = {**own, **TERMINALS[terminal], "FOCUS__REPORTS__DIRECTORY": str(tmp_path)}
    run = subprocess.run(
        [sys.executable, *COMMANDS[command]], cwd=ROOT, env=environment, capture_output=True, timeout=120, check=False
    )
    said = (run.stdout + run.stderr).decode("latin-1")
    assert "Traceback" not in said, said
    assert "UnicodeEncodeError" not in said
    assert run.returncode in (0, 2) or "sandbox" in command


def test_no_file_is_opened_in_the_encoding_of_the_locale():
    ruff = [sys.executable, "-m", "ruff", "check", "--no-cache", "--preview", "--select", "PLW1514", *OURS]
    found = subprocess.run(ruff, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert found.returncode == 0, found.stdout
