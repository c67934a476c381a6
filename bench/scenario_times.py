"""How long a scenario takes on a warm sandbox, and how much of that is the suite's own time.

The suite's own time is the processor time of behave's process, hooks included; the rest is waiting for the system.
"""

from __future__ import annotations

import json
import statistics
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bench.measurements import Part, Quantity, Ratio
from bench.processes import run
from bench.warm_sandbox import warm_sandbox

MEDIAN_MS, OWN_SHARE = 150, 0.25

Times = list[dict[str, Any]]


def measure(rounds: int, arguments: Sequence[str], tell: Callable[[str], None]) -> Part:
    """Run the features once in each round."""
    medians, longest, shares = [], [], []
    with warm_sandbox() as environment:
        for number in range(rounds):
            tell(f"round {number + 1} of {rounds}: the features")
            # Scenarios about speed wait for what they measure.
            taken, _ = scenario_times(arguments, environment)
            times = [one for one in taken if "performance" not in one["tags"]]
            wall = [one["wall_s"] for one in times]
            medians.append(1000 * statistics.median(wall))
            longest.append(1000 * max(wall))
            shares.append(sum(one["processor_s"] for one in times) / sum(wall))
    return Part(
        name="scenarios",
        question="How long does a scenario take on a warm sandbox, and how much of it is the suite's own time?",
        rounds=rounds,
        quantities=[
            Quantity(name="median of the scenarios", unit="ms", values=medians),
            Quantity(name="longest scenario", unit="ms", values=longest),
        ],
        ratios=[Ratio(name="processor time of the suite / time of the scenarios", values=shares, at_most=OWN_SHARE)],
        notes=[f"{len(wall)} scenarios; the median of a scenario is to be below {MEDIAN_MS} ms."],
    )


def scenario_times(arguments: Sequence[str], environment: Mapping[str, str]) -> tuple[Times, float]:
    """Run features in one process and return the time of each scenario, and of the whole command, s.

    Raises:
        RunFailed: the run was not green.
    """
    with tempfile.TemporaryDirectory() as directory:
        times = Path(directory, "times.json")
        command = [sys.executable, "-m", "behave", "-f", "bench.stopwatch:Stopwatch", "-o", str(times), *arguments]
        ran = run(command, environment={**environment, "FOCUS__REPORTS__DIRECTORY": directory})
        return json.loads(times.read_text("utf-8")), ran.wall_s
