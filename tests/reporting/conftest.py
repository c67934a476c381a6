"""A small checkout, as it is and as a real run has left it."""

import json
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from small_checkout import CHECKOUT, ENVIRONMENT, FEATURES, PLAN, STEPS, Checkout, leave_record

from reporting.results import read_results
from reporting.traceability import Traceability


@pytest.fixture
def checkout(tmp_path: Path) -> Callable[[Mapping[str, str]], Checkout]:
    return lambda files: Checkout(tmp_path).write(files)


@pytest.fixture(scope="session")
def ran(tmp_path_factory: pytest.TempPathFactory) -> Checkout:
    """The checkout above, after behave has run it with the suite's own report."""
    root = tmp_path_factory.mktemp("ran")
    files = {"environment.py": ENVIRONMENT, "steps/steps.py": STEPS, "config/test_cases.csv": PLAN}
    made = Checkout(root).write({**FEATURES, **files})
    behave = [sys.executable, "-m", "behave", "--tags=not @not_selected", "features"]
    run = subprocess.run(
        behave, cwd=root, env={"PYTHONPATH": str(CHECKOUT)}, capture_output=True, text=True, timeout=60, check=False
    )
    assert run.returncode == 1, run.stdout + run.stderr
    leave_record(root / "reports/runs/one")
    return made


@pytest.fixture(scope="session")
def traced(ran: Checkout) -> Traceability:
    return ran.traced(read_results(ran.root / "reports/runs/one/allure-results"))


@pytest.fixture(scope="session")
def schema() -> Callable[[str], Any]:
    return lambda name: json.loads((CHECKOUT / "docs" / "schemas" / f"{name}.schema.json").read_text("utf-8"))
