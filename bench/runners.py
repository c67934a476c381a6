"""Plain behave, this suite's runner, BehaveX and behave-pool on 500 generated short scenarios with Allure results."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from bench.contestants import VERSIONS, other_runners, plain_behave, run_generated, suite_runner, venv_of_others
from bench.generated_scenarios import A_FEATURE
from bench.measurements import Part, Ratio, interleaved, ratios
from bench.processes import quantities_of

SCENARIOS, WORKERS = 500, 2
OURS, BEHAVEX = f"this suite, {WORKERS} workers", "BehaveX by scenario"


def measure(rounds: int, arguments: Sequence[str], tell: Callable[[str], None]) -> Part:
    """Have each of them run the same scenarios in each round; `arguments` are not used."""
    notes = [f"{SCENARIOS} scenarios of three steps that wait for nothing; runners with {WORKERS} workers."]
    with venv_of_others(tell) as venv:
        others = {} if venv is None else other_runners(venv, WORKERS)
        notes.append(
            f"Versions: {', '.join(VERSIONS)}. BehaveX runs by scenario unless told otherwise, and so does this suite; "
            f"by feature it starts behave {SCENARIOS // A_FEATURE} times instead of {SCENARIOS}."
            if others
            else "BehaveX and behave-pool could not be installed (is there a network?), so they are missing here."
        )
        ways = {
            "plain behave": plain_behave(),
            "this suite, one process": suite_runner(1),
            OURS: suite_runner(WORKERS),
            **others,
        }
        calls = {name: partial(run_generated, way, SCENARIOS) for name, way in ways.items()}
        outcomes = interleaved(calls, rounds, tell)
    times = {name: [one.wall_s for one in outcomes[name]] for name in ways}
    return Part(
        name="runners",
        question="How long do runners of behave take for 500 short scenarios with Allure results?",
        rounds=rounds,
        quantities=quantities_of(outcomes),
        ratios=[
            Ratio(
                name=f"{name} / {OURS}",
                values=ratios(values, times[OURS]),
                at_least=3 if name == BEHAVEX else None,
            )
            for name, values in times.items()
            if name != OURS
        ],
        plot=list(times),
        notes=notes,
    )
