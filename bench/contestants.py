"""Ways to run the generated scenarios with Allure results: plain behave, this suite's runner, BehaveX, behave-pool."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.generated_scenarios import RESULTS, results_in, write_project
from bench.processes import Ran, RunFailed, run

VERSIONS = ("behave==1.3.3", "allure-behave==2.16.2", "behave-pool==1.3.0", "behavex==4.6.8")
"""What the other runners are tried with; nothing of this suite needs them."""


@dataclass(frozen=True)
class Contestant:
    """A way to run a project: its hooks, as `generated_scenarios.HOOKS` names them, and the command."""

    hooks: str
    command: Sequence[str]


def plain_behave() -> Contestant:
    """Behave with the formatter of allure-behave, in one process."""
    formatter = ["-f", "allure_behave.formatter:AllureFormatter", "-o", RESULTS]
    return Contestant("none", [sys.executable, "-m", "behave", *formatter, "-f", "progress"])


def suite_runner(jobs: int) -> Contestant:
    """Behave with this suite's runner and report."""
    runner = ["--runner", "support.runner.jobs:Runner", "--jobs", str(jobs)]
    return Contestant("own report", [sys.executable, "-m", "behave", *runner, "-f", "progress"])


def other_runners(venv: Path, jobs: int) -> dict[str, Contestant]:
    """BehaveX and behave-pool, each by feature and by scenario, with the programs of a virtual environment."""
    found = {}
    for scheme in ("feature", "scenario"):
        parallel = ["--parallel", str(jobs), "--parallel-scheme", scheme]
        found[f"behave-pool by {scheme}"] = Contestant(
            "allure hooks", [f"{venv}/bin/behave-pool", *parallel, "features"]
        )
        parallel = ["--parallel-processes", str(jobs), "--parallel-scheme", scheme]
        formatter = ["-f", "behavex.outputs.formatters.allure_behavex_formatter:AllureBehaveXFormatter"]
        outputs = ["-o", "output", "-fo", RESULTS]
        command = [f"{venv}/bin/behavex", *parallel, *formatter, *outputs, "features"]
        found[f"BehaveX by {scheme}"] = Contestant("none", command)
    return found


def run_generated(contestant: Contestant, scenarios: int) -> Ran:
    """Have a way run so many generated scenarios.

    Raises:
        RunFailed: the run was not green, or there is not one Allure result for each scenario.
    """
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        write_project(place, scenarios, contestant.hooks)
        ran = run(contestant.command, cwd=place)
        if (seen := results_in(place)) != scenarios:
            raise RunFailed(f"{contestant.command}: {seen} Allure results of {scenarios} scenarios\n{ran.output}")
        return ran


@contextmanager
def venv_of_others(tell: Callable[[str], None]) -> Iterator[Path | None]:
    """Have a virtual environment with BehaveX and behave-pool; None when they cannot be installed here."""
    with tempfile.TemporaryDirectory() as directory:
        venv = Path(directory, "venv")
        tell(f"installing {', '.join(VERSIONS)} into a temporary virtual environment")
        try:
            run([sys.executable, "-m", "venv", str(venv)])
            run([f"{venv}/bin/pip", "install", "--quiet", *VERSIONS])
        except RunFailed as failure:
            tell(f"BehaveX and behave-pool cannot be installed, so they are left out:\n{failure}")
            yield None
        else:
            yield venv
