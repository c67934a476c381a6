"""The suite against a bare script that makes the same calls: what reports, evidence, checks and behave cost.

What the suite does is recorded once (`call_recorder`). Then suite and script (`bare_script`) run the same scenarios in
turns, each with a tenant of its own on the same warm sandbox.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

from bench.machine import ROOT
from bench.measurements import Part, Quantity, Ratio, interleaved, ratios
from bench.processes import run
from bench.scenario_times import scenario_times
from bench.warm_sandbox import warm_sandbox

AIM = 1.25
FEATURES = ("job_creation", "job_lifecycle", "discovery")


class Times(NamedTuple):
    """How long the scenarios took, the whole command, and what is known of pauses in the scenarios, s."""

    scenarios_s: float
    command_s: float
    paused_s: float = 0.0


def measure(rounds: int, arguments: Sequence[str], tell: Callable[[str], None]) -> Part:
    """Compare them on a sandbox of the benchmark's own."""
    chosen = list(arguments) or [f"features/{name}" for name in FEATURES]
    with warm_sandbox() as environment:
        return compare(rounds, chosen, environment, tell)


def compare(rounds: int, chosen: Sequence[str], environment: Mapping[str, str], tell: Callable[[str], None]) -> Part:
    """Record the features, then run suite and script in each round, in an environment with a warm sandbox."""
    with tempfile.TemporaryDirectory() as directory:
        place = Path(directory)
        tell("recording what the suite does")
        recorded = _record(chosen, place, environment)
        playable = [one for one in recorded["scenarios"] if one["unplayable"] is None]
        recording, selection = place / "playable.json", place / "selection.txt"
        recording.write_text(json.dumps({**recorded, "scenarios": playable}), encoding="utf-8")
        selection.write_text("\n".join(str(ROOT / one["location"]) for one in playable), encoding="utf-8")
        outcomes = interleaved(
            {
                "the suite": partial(_run_suite, selection, environment),
                "bare script": partial(_run_script, recording, place / "times.json", environment),
            },
            rounds,
            tell,
        )
    suite, script = outcomes["the suite"], outcomes["bare script"]
    scenarios = {name: [one.scenarios_s for one in outcomes[name]] for name in outcomes}
    return Part(
        name="overhead",
        question="How much longer does the suite take than a bare script that makes the same calls and looks?",
        rounds=rounds,
        quantities=[
            *(Quantity(name=f"{name}: the scenarios", unit="s", values=values) for name, values in scenarios.items()),
            *(
                Quantity(name=f"{name}: the whole command", unit="s", values=[one.command_s for one in runs])
                for name, runs in outcomes.items()
            ),
            Quantity(name="bare script: pauses in the scenarios", unit="s", values=[one.paused_s for one in script]),
        ],
        ratios=[
            Ratio(
                name="the suite / bare script: the scenarios",
                values=ratios(scenarios["the suite"], scenarios["bare script"]),
                at_most=AIM,
            ),
            Ratio(
                name="the suite / bare script: the whole command",
                values=ratios([one.command_s for one in suite], [one.command_s for one in script]),
                at_most=AIM,
            ),
        ],
        plot=[f"{name}: the scenarios" for name in outcomes],
        notes=_notes(recorded["scenarios"], playable),
    )


def _notes(recorded: Sequence[Mapping[str, Any]], playable: Sequence[Mapping[str, Any]]) -> list[str]:
    left_out = Counter(one["unplayable"] for one in recorded if one["unplayable"] is not None)
    kinds = Counter(call["to"] for one in playable for call in one["calls"])
    calls = ", ".join(f"{count} {kind}" for kind, count in kinds.most_common())
    return [
        f"{len(playable)} scenarios; their calls: {calls}.",
        "The script pauses as the suite did; where it waited for late effects, until as long after the last answer.",
        *(f"Left out: {count} scenarios with {why}." for why, count in left_out.items()),
    ]


def _record(chosen: Sequence[str], place: Path, environment: Mapping[str, str]) -> dict[str, Any]:
    file = place / "recording.json"
    command = [sys.executable, "-m", "behave", "-f", "bench.call_recorder:CallRecorder", "-o", str(file), *chosen]
    run(command, environment={**environment, "FOCUS__REPORTS__DIRECTORY": str(place / "reports")})
    recorded: dict[str, Any] = json.loads(file.read_text("utf-8"))
    return recorded


def _run_suite(selection: Path, environment: Mapping[str, str]) -> Times:
    taken, command_s = scenario_times([f"@{selection}"], environment)
    return Times(sum(one["wall_s"] for one in taken), command_s)


def _run_script(recording: Path, times: Path, environment: Mapping[str, str]) -> Times:
    ran = run([sys.executable, "-m", "bench.bare_script", str(recording), str(times)], environment=environment)
    told = json.loads(times.read_text("utf-8"))
    return Times(sum(told["scenarios_s"]), ran.wall_s, told["paused_s"])
