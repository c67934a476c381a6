"""What holds of every feature: keys, names, steps."""

import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from behave.parser import parse_file

ROOT = Path(__file__).parents[2]
FEATURES = sorted((ROOT / "features").rglob("*.feature"))
KEY = re.compile(r"PZ-\d{5}")
MOST_STEPS = 9


def scenarios(path):
    return list(parse_file(str(path)).walk_scenarios())


@pytest.mark.parametrize("path", FEATURES, ids=lambda path: path.stem)
class TestEachFeature:
    def test_every_scenario_has_a_key_or_says_that_the_plan_has_none(self, path):
        keyless = [
            f"{scenario.location}: {scenario.name}"
            for scenario in scenarios(path)
            if not any(KEY.fullmatch(tag) for tag in scenario.effective_tags) and "extra" not in scenario.effective_tags
        ]
        assert keyless == []

    def test_no_scenario_is_both_of_the_plan_and_extra_by_its_own_tags(self, path):
        both = [
            f"{scenario.location}: {scenario.name}"
            for scenario in scenarios(path)
            if "extra" in scenario.tags and any(KEY.fullmatch(tag) for tag in scenario.tags if tag != "PZ-14018")
        ]
        assert both == []

    def test_no_two_scenarios_have_one_name(self, path):
        counts = Counter(scenario.name for scenario in scenarios(path))
        assert [name for name, count in counts.items() if count > 1] == []

    def test_a_scenario_is_short(self, path):
        long = [f"{one.location}: {len(one.steps)} steps" for one in scenarios(path) if len(one.steps) > MOST_STEPS]
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
        if re.search(r"import \w*_steps|_steps import", path.read_text())
    ]
    assert importing == []
