"""What holds of every feature and its steps; keys and names are linted (tests/reporting)."""

import ast
import os
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


def step_modules_imported_by(source):
    """The names in the imports of a module that are those of step modules."""
    imports = [one for one in ast.walk(ast.parse(source)) if isinstance(one, ast.Import | ast.ImportFrom)]
    names = [alias.name for one in imports for alias in one.names]
    names += [one.module for one in imports if isinstance(one, ast.ImportFrom) and one.module is not None]
    return [name for name in names if name.endswith("_steps") and not name.startswith("support.")]


def test_no_step_module_imports_another():
    """Behave reads each by itself; what is imported besides is defined twice, and ambiguous where paths differ."""
    importing = {path.name: step_modules_imported_by(path.read_text()) for path in (ROOT / "steps").glob("*.py")}
    assert {name: imported for name, imported in importing.items() if imported} == {}


@pytest.mark.parametrize(
    "line",
    [
        "import steps.health_steps",
        "from steps.health_steps import name",
        "from steps import health_steps",
        "from steps import scenario_state, health_steps",
        "from steps import (\n    health_steps,\n)",
        "from .health_steps import name",
        "from . import health_steps",
        "import health_steps",
        "from health_steps import name",
    ],
)
def test_every_import_of_a_step_module_is_found(line):
    assert step_modules_imported_by(line) != []


@pytest.mark.parametrize(
    "line",
    ["from steps.scenario_state import Context", "from support.runner.closing_steps import name", "health_steps = 1"],
)
def test_what_is_no_import_of_a_step_module_is_not_taken_for_one(line):
    assert step_modules_imported_by(line) == []


# A formatter for a dry run: writes each scenario that uses a step which needs an environment to itself, or stops parts.
NEEDS_TO_BE_ALONE = """
import inspect, re
from behave.formatter.base import Formatter

NEEDS = re.compile(r"skip_unless_alone|recordings\\.under_way|outages_of\\(|refuse_queues")
STOPS = re.compile(r"workloads")

class Listing(Formatter):
    def scenario(self, scenario):
        self.current = scenario

    def match(self, match):
        scenario, source = self.current, inspect.getsource(match.func)
        is_disruptive = "disruptive" in scenario.effective_tags
        if NEEDS.search(source):
            print("alone:", is_disruptive or "serial" in scenario.effective_tags, scenario.location, scenario.name)
        if STOPS.search(source):
            print("stops:", is_disruptive, scenario.location, scenario.name)
"""


@pytest.fixture(scope="module")
def listed(tmp_path_factory):
    place = tmp_path_factory.mktemp("listing")
    (place / "listing.py").write_text(NEEDS_TO_BE_ALONE)
    dry = subprocess.run(
        [sys.executable, "-m", "behave", "--dry-run", "--no-summary", "-f", "listing:Listing"],
        cwd=ROOT,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(place), str(ROOT)])},
        capture_output=True,
        text=True,
    )
    return dry.stdout.splitlines()


@pytest.mark.parametrize(("what", "tags"), [("alone", "@serial or @disruptive"), ("stops", "@disruptive")])
def test_a_scenario_that_needs_an_environment_to_itself_or_stops_parts_is_tagged_so(listed, what, tags):
    found = [line for line in listed if line.startswith(f"{what}: ")]
    assert found
    assert [line for line in found if not line.startswith(f"{what}: True")] == [], f"expected {tags}"
