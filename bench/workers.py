"""How much faster the whole suite is with several workers than in one process."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from bench.measurements import Part, Quantity, Ratio, interleaved, ratios
from bench.processes import Ran, run
from bench.warm_sandbox import warm_sandbox

AIMS = {"2": 1.9, "auto": 3.3}


def measure(rounds: int, arguments: Sequence[str], tell: Callable[[str], None]) -> Part:
    """Run the features in each round: in one process, with two workers, and with `--jobs auto`."""
    with warm_sandbox() as environment:
        calls = {jobs: partial(_run, jobs, arguments, environment) for jobs in ("1", *AIMS)}
        outcomes = interleaved(calls, rounds, tell)
    times = {jobs: [one.wall_s for one in runs] for jobs, runs in outcomes.items()}
    return Part(
        name="workers",
        question="How much faster is the suite with several workers than in one process?",
        rounds=rounds,
        quantities=[
            *(Quantity(name=f"--jobs {jobs}", unit="s", values=values) for jobs, values in times.items()),
            *(
                Quantity(name=f"--jobs {jobs}: processor time", unit="s", values=[one.processor_s for one in runs])
                for jobs, runs in outcomes.items()
            ),
            *(
                Quantity(
                    name=f"--jobs {jobs}: memory of behave's process", unit="MB", values=[one.peak_mb for one in runs]
                )
                for jobs, runs in outcomes.items()
            ),
        ],
        ratios=[
            Ratio(name=f"one process / --jobs {jobs}", values=ratios(times["1"], times[jobs]), at_least=aim)
            for jobs, aim in AIMS.items()
        ],
        plot=[f"--jobs {jobs}" for jobs in times],
        notes=[
            "On a warm sandbox, start and end of the run included. Processor time is behave's and its workers', not "
            "that of the sandbox."
        ],
    )


def _run(jobs: str, arguments: Sequence[str], environment: Mapping[str, str]) -> Ran:
    with tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, "-m", "behave", "--jobs", jobs, "-f", "progress", *arguments]
        return run(command, environment={**environment, "FOCUS__REPORTS__DIRECTORY": directory})
