"""The project of generated scenarios, which any runner for behave can run."""

import sys

import pytest

from bench import growth
from bench.contestants import Contestant, plain_behave, run_generated, suite_runner
from bench.generated_scenarios import A_FEATURE, write_project
from bench.processes import Ran, RunFailed


@pytest.mark.parametrize(
    ("scenarios", "features"), [(1, 1), (A_FEATURE, 1), (A_FEATURE + 1, 2), (100, 100 // A_FEATURE)]
)
def test_there_are_as_many_scenarios_as_asked_for(tmp_path, scenarios, features):
    write_project(tmp_path, scenarios, "none")
    texts = [path.read_text() for path in tmp_path.rglob("*.feature")]
    assert len(texts) == features
    assert sum(text.count("Scenario:") for text in texts) == scenarios


@pytest.mark.parametrize("way", [plain_behave(), suite_runner(1), suite_runner(2)])
def test_every_scenario_passes_and_has_an_allure_result(way):
    ran = run_generated(way, A_FEATURE + 1)
    assert f"{A_FEATURE + 1} scenarios passed, 0 failed" in ran.output
    assert ran.peak_mb > 10


def test_a_way_that_loses_results_is_not_measured():
    with pytest.raises(RunFailed, match="0 Allure results of 3 scenarios"):
        run_generated(Contestant("none", [sys.executable, "-m", "behave"]), 3)


def test_a_steeper_end_is_seen():
    first, middle, last = growth.SIZES[0], growth.SIZES[2], growth.SIZES[-1]
    times = {first: 1.0, middle: 1.0 + 0.01 * (middle - first)}
    times[last] = times[middle] + 0.02 * (last - middle)
    ran = {("one", size): [Ran(0, time, 0, "")] for size, time in times.items()}
    assert growth.steepening(ran, "one") == (middle, [pytest.approx(2.0)])
