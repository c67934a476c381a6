"""How much faster the whole suite is with several workers than in one process."""

from __future__ import annotations

import os
import re
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from bench.measurements import Part, Ratio, interleaved, ratios
from bench.processes import Ran, RunFailed, quantities_of, run
from bench.warm_sandbox import warm_sandbox

MEMORY_MB = 150
_FOR_A_CORE, _MOST = 4, 16  # as in the Makefile
_COUNTS = re.compile(r"^(\d+) scenarios passed, (\d+) failed", re.MULTILINE)


def auto() -> int:
    """How many workers `make acceptance JOBS=auto` has on this machine."""
    return min(_FOR_A_CORE * len(os.sched_getaffinity(0)), _MOST)


def measure(rounds: int, arguments: Sequence[str], tell: Callable[[str], None]) -> Part:
    """Run the features in each round: in one process, and with more and more workers, as many as `auto` has at most."""
    most = auto()
    aims = {2: 1.9, 4: None, most: 3.3}
    with warm_sandbox() as environment:
        calls = {f"--jobs {jobs}": partial(_run, jobs, arguments, environment) for jobs in (1, *aims)}
        outcomes = interleaved(calls, rounds, tell)
    expect_alike([one.output for runs in outcomes.values() for one in runs])
    times = {name: [one.wall_s for one in runs] for name, runs in outcomes.items()}
    return Part(
        name="workers",
        question="How much faster is the suite with several workers than in one process?",
        rounds=rounds,
        quantities=quantities_of(outcomes),
        ratios=[
            *(
                Ratio(
                    name=f"--jobs 1 / --jobs {jobs}",
                    values=ratios(times["--jobs 1"], times[f"--jobs {jobs}"]),
                    at_least=aim,
                )
                for jobs, aim in aims.items()
            ),
            Ratio(
                name=f"memory of behave's process with --jobs {most} / {MEMORY_MB} MB",
                values=[one.peak_mb / MEMORY_MB for one in outcomes[f"--jobs {most}"]],
                at_most=1,
            ),
        ],
        plot=list(times),
        notes=[
            f"`make acceptance JOBS=auto` is --jobs {most} here.",
            "On a warm sandbox, start and end of the run included. Processor time is behave's and its workers', not "
            "that of the sandbox.",
            *(
                f"Red with {name}: {one}."
                for name, runs in outcomes.items()
                for ran in runs
                for one in failing(ran.output)
            ),
        ],
    )


def expect_alike(outputs: Sequence[str]) -> None:
    """See that all runs have come to a verdict on the same number of scenarios.

    Raises:
        RunFailed: they have not, so that their times cannot be compared.
    """
    counted = [tuple(map(int, found.groups())) for output in outputs if (found := _COUNTS.search(output))]
    if len(counted) < len(outputs) or len({sum(counts) for counts in counted}) != 1:
        raise RunFailed("the runs have not run the same scenarios\n" + "\n".join(outputs))


def failing(output: str) -> list[str]:
    """The scenarios that have failed, by the summary of a run."""
    _, _, listed = output.partition("\nFailing scenarios:\n")
    return [line.strip() for line in listed.partition("\n\n")[0].splitlines()]


def _run(jobs: int, arguments: Sequence[str], environment: Mapping[str, str]) -> Ran:
    with tempfile.TemporaryDirectory() as directory:
        command = [sys.executable, "-m", "behave", "--jobs", str(jobs), "-f", "progress", *arguments]
        # A scenario that fails on a busy machine is told; what all others have taken is still right.
        return run(command, environment={**environment, "FOCUS__REPORTS__DIRECTORY": directory}, statuses=(0, 1))
