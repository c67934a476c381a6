"""The history check on a server with a defect: what it finds, and what it shows of it."""

import subprocess
import sys

from consistency.checkers import NOT_ABSENT
from consistency.result import Result
from support.core.files import ROOT

# The way to RabbitMQ is cut while jobs are made.
SEED, OPERATIONS = "57", "36"


def test_a_refused_job_that_was_not_undone_is_found_with_its_timeline(defective_server, variables, tmp_path):
    variables = {**variables, **defective_server("nothing_undone"), "FOCUS__WORKLOADS__DISPOSABLE": "true"}
    run = subprocess.run(
        [sys.executable, "-m", "consistency", "run", "--seed", SEED, "--operations", OPERATIONS],
        cwd=ROOT,
        env={**variables, "PYTHONPATH": str(ROOT)},
        text=True,
        capture_output=True,
        timeout=110,
    )
    assert run.returncode == 1, run.stdout + run.stderr
    assert f"Not kept: {NOT_ABSENT}, job_" in run.stderr
    (kept,) = (tmp_path / "history").glob("*.json")
    result = Result.model_validate_json(kept.read_text("utf-8"))
    found = [one for one in result.violations if one.promise == NOT_ABSENT]
    assert found
    for one in found:
        told = [f"{moment.who}: {moment.what}" for moment in one.timeline]
        assert any("create :fail, 503" in line for line in told), told
        assert any(line.endswith(": cut") for line in told), told
        assert "the stores: task record came" in told
        assert told[-1].startswith("at the end: a record (configured)")
    assert "workloads.focus_server is not set" in " ".join(result.unseen)
