"""How long it takes from the command to the first scenario, by part: on a warm sandbox, and with none."""

from __future__ import annotations

import json
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path

from bench.dependencies import own_starts
from bench.measurements import Part, Quantity, Ratio, interleaved
from bench.processes import RunFailed, run
from bench.warm_sandbox import warm_sandbox

WARM_S = 1.5
COLD_ABOVE_DEPENDENCY_S = 1.0
TOTAL = "from the command to the first scenario"


def measure(rounds: int, arguments: Sequence[str], tell: Callable[[str], None]) -> Part:
    """Start the suite warm and cold in each round, and each part of the sandbox by itself."""
    with warm_sandbox() as environment:
        contestants: dict[str, Callable[[], dict[str, float]]] = {
            "warm": partial(first_scenario, arguments, environment),
            "cold": partial(_cold_start, arguments),
            "alone": own_starts,
        }
        outcomes = interleaved(contestants, rounds, tell)
    totals = {name: [sum(one.values()) for one in outcomes[name]] for name in ("warm", "cold")}
    slowest = [max(one.values()) for one in outcomes["alone"]]
    return Part(
        name="start",
        question="How long does it take from the command to the first scenario?",
        rounds=rounds,
        quantities=[
            *(Quantity(name=f"{name}: {TOTAL}", unit="s", values=values) for name, values in totals.items()),
            *_by_part("warm", outcomes["warm"]),
            *_by_part("cold", outcomes["cold"]),
            *_by_part("started alone", outcomes["alone"]),
        ],
        ratios=[
            Ratio(
                name=f"warm start / {WARM_S} s",
                values=[total / WARM_S for total in totals["warm"]],
                at_most=1,
            ),
            Ratio(
                name=f"cold start / (the slowest dependency's own start + {COLD_ABOVE_DEPENDENCY_S:g} s)",
                values=[
                    total / (dependency + COLD_ABOVE_DEPENDENCY_S)
                    for total, dependency in zip(totals["cold"], slowest, strict=True)
                ],
                at_most=1,
            ),
        ],
        plot=[f"warm: {name}" for name in outcomes["warm"][0]],
        notes=[
            "Warm: a sandbox is up. Cold: the lease starts a sandbox of its own.",
            "Started alone: each part of the sandbox by itself, with nothing else starting beside it.",
        ],
    )


def _by_part(name: str, taken: Sequence[Mapping[str, float]]) -> list[Quantity]:
    return [Quantity(name=f"{name}: {part}", unit="s", values=[one[part] for one in taken]) for part in taken[0]]


def first_scenario(arguments: Sequence[str], environment: Mapping[str, str]) -> dict[str, float]:
    """Start the suite; seconds that each part took until its first scenario began, in order.

    Raises:
        RunFailed: no scenario began.
    """
    with tempfile.TemporaryDirectory() as directory:
        file = Path(directory, "milestones.json")
        command = [sys.executable, "-m", "bench.milestones", str(file), repr(time.monotonic()), *arguments]
        ran = run(command, environment={**environment, "FOCUS__REPORTS__DIRECTORY": directory})
        if not file.exists():
            raise RunFailed(f"no scenario began\n{ran.output}")
        taken: dict[str, float] = json.loads(file.read_text("utf-8"))
        return taken


def _cold_start(arguments: Sequence[str]) -> dict[str, float]:
    with tempfile.TemporaryDirectory(prefix="fb-", dir="/tmp") as directory:
        return first_scenario(arguments, {"XDG_RUNTIME_DIR": directory})
