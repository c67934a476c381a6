"""How long a scenario takes on a warm sandbox, and how much of that is the suite's own time: `make bench`.

The suite's own time is the processor time of behave's process, hooks included; the rest is waiting for the system.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from redaction import protect_output

ROOT = Path(__file__).resolve().parent.parent
PROMISED_MEDIAN_MS, PROMISED_OWN_SHARE = 150, 0.25

Taken = list[dict[str, Any]]


def measure(arguments: Sequence[str]) -> Taken:
    """Run the features once and return the time of each scenario that is not tagged `@performance`.

    Raises:
        typer.Exit: the run was not green; its output is printed.
    """
    with tempfile.TemporaryDirectory() as directory:
        times = Path(directory, "times.json")
        command = [sys.executable, "-m", "behave", "-f", "bench.stopwatch:Stopwatch", "-o", str(times), *arguments]
        own = {"PYTHONPATH": str(ROOT), "FOCUS__REPORTS__DIRECTORY": directory}
        ran = subprocess.run(
            command, cwd=ROOT, env=os.environ | own, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        if ran.returncode:
            typer.echo(ran.stdout)
            raise typer.Exit(1)
        taken: Taken = json.loads(times.read_text(encoding="utf-8"))
    return [scenario for scenario in taken if "performance" not in scenario["tags"]]


def main(
    runs: Annotated[int, typer.Option(help="Runs of all features, one after another.")] = 3,
    arguments: Annotated[list[str] | None, typer.Argument(help="Passed on to behave, after `--`.")] = None,
) -> None:
    """Print one line per run: number of scenarios, median and 95th percentile of their time, the suite's own share."""
    typer.echo(f"promised: a median under {PROMISED_MEDIAN_MS} ms, less than {PROMISED_OWN_SHARE:.0%} the suite's own")
    for number in range(1, runs + 1):
        taken = measure(arguments or [])
        wall = [scenario["wall_s"] for scenario in taken]
        own = sum(scenario["processor_s"] for scenario in taken) / sum(wall)
        typer.echo(
            f"run {number}: {len(wall)} scenarios in {sum(wall):.1f} s, "
            f"median {1000 * statistics.median(wall):.0f} ms, "
            f"95 % under {1000 * statistics.quantiles(wall, n=20)[-1]:.0f} ms, own share {own:.1%}"
        )


if __name__ == "__main__":
    protect_output()
    typer.run(main)
