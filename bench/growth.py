"""How time and memory grow from 100 to 2,000 generated scenarios, in one process and with two workers."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping, Sequence
from functools import partial

from bench.contestants import run_generated, suite_runner
from bench.measurements import Curve, Part, Quantity, Ratio, interleaved, ratios
from bench.processes import Ran

SIZES = (100, 500, 1000, 1500, 2000)
MEMORY_MB = 150


def measure(rounds: int, arguments: Sequence[str], tell: Callable[[str], None]) -> Part:
    """Run each size in each round; `arguments` are not used."""
    ways = {"one process": suite_runner(1), "two workers": suite_runner(2)}
    calls = {
        f"{name}, {size} scenarios": partial(run_generated, way, size) for name, way in ways.items() for size in SIZES
    }
    outcomes = interleaved(calls, rounds, tell)
    ran = {(name, size): outcomes[f"{name}, {size} scenarios"] for name in ways for size in SIZES}
    return Part(
        name="growth",
        question="How do time and memory grow with the number of scenarios?",
        rounds=rounds,
        quantities=[
            Quantity(name=f"memory of behave's process, {name}, {size} scenarios", unit="MB", values=_memory(runs))
            for (name, size), runs in ran.items()
            if size in (SIZES[0], SIZES[-1])
        ],
        ratios=[
            *(
                Ratio(
                    name=f"processor time of one scenario more, above {middle} / below: {name}",
                    values=values,
                    at_most=1.25,
                )
                for name in ways
                for middle, values in [steepening(ran, name)]
            ),
            *(
                Ratio(
                    name=f"memory with {SIZES[-1]} scenarios / {MEMORY_MB} MB: {name}",
                    values=[mb / MEMORY_MB for mb in _memory(ran[name, SIZES[-1]])],
                    at_most=1,
                )
                for name in ways
            ),
        ],
        curves=[
            Curve(name=f"{what}, {name}", unit=unit, points=[(size, value(ran[name, size])) for size in SIZES])
            for what, unit, value in (("time", "s", _median_time), ("memory", "MB", _median_memory))
            for name in ways
        ],
        notes=["Memory is the peak of resident memory of behave's own process; workers have theirs besides."],
    )


def steepening(ran: Mapping[tuple[str, int], Sequence[Ran]], name: str) -> tuple[int, list[float]]:
    """The middle size, and how much more a scenario costs above it than below it; 1 where the growth is linear.

    By processor time: other work on the machine makes the other times steep by chance.
    """
    first, middle, last = SIZES[0], SIZES[len(SIZES) // 2], SIZES[-1]
    at = {size: [one.processor_s for one in ran[name, size]] for size in (first, middle, last)}
    below = [(more - less) / (middle - first) for less, more in zip(at[first], at[middle], strict=True)]
    above = [(more - less) / (last - middle) for less, more in zip(at[middle], at[last], strict=True)]
    return middle, ratios(above, below)


def _memory(runs: Sequence[Ran]) -> list[float]:
    return [one.peak_mb for one in runs]


def _median_time(runs: Sequence[Ran]) -> float:
    return statistics.median(one.wall_s for one in runs)


def _median_memory(runs: Sequence[Ran]) -> float:
    return statistics.median(_memory(runs))
