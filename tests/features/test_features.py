"""What holds of every feature and its steps; keys and names are linted (tests/reporting)."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from behave.parser import parse_file

ROOT = Path(__file__).parents[2]
FEATURES = sorted((ROOT / "features").rglob("*.feature"))
MOST_STEPS = 9


@pytest.mark.parametrize("path", FEATURES, ids=lambda path: path.stem)
def test_a_scenario_is_short(path):
    long = [
        f"{one.location}: {len(one.steps)} steps"
        for one in parse_file(str(path)).walk_scenarios()
        if len(one.steps) > MOST_STEPS
    ]
    assert long == []


def test_every_step_is_defined_once():
    """Two definitions that fit one step end the run with an error, an undefined one is told."""
    dry = subprocess.run([sys.executable, "-m", "behave", "--dry-run"], cwd=ROOT, capture_output=True, text=True)
    printed = dry.stdout + dry.stderr
    assert dry.returncode == 0, printed[-2000:]
    assert "undefined" not in printed
    assert "AmbiguousStep" not in printed


def test_no_step_module_imports_another():
    """Behave reads each by itself; what is imported besides is defined twice, and ambiguous where paths differ."""
    importing = [
        path.name
        for path in (ROOT / "steps").glob("*.py")
        if re.search(r"steps\.\w+_steps|from steps import \w+_steps", path.read_text())
    ]
    assert importing == []


# A formatter for a dry run: writes each scenario that uses a step which needs an environment to itself.
NEEDS_TO_BE_ALONE = """
import inspect, re
from behave.formatter.base import Formatter

NEEDS = re.compile(r"skip_unless_alone|begin_recordings|recordings\\.under_way|outages_of\\(|refuse_queues")

class Listing(Formatter):
    def scenario(self, scenario):
        self.current = scenario

    def match(self, match):
        if NEEDS.search(inspect.getsource(match.func)):
            scenario = self.current
            print("alone:", "serial" in scenario.effective_tags, scenario.location, scenario.name)
"""


def test_a_scenario_that_needs_an_environment_to_itself_is_tagged_serial(tmp_path):
    (tmp_path / "listing.py").write_text(NEEDS_TO_BE_ALONE)
    dry = subprocess.run(
        [sys.executable, "-m", "behave", "--dry-run", "--no-summary", "-f", "listing:Listing"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(ROOT)])},
        capture_output=True,
        text=True,
    )
    listed = [line for line in dry.stdout.splitlines() if line.startswith("alone:")]
    assert listed
    assert [line for line in listed if not line.startswith("alone: True")] == []
