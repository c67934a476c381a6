"""The page `docs/bench.md` with its pictures, made from the last measurement of each part."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from bench.measurements import Curve, MeasuredPart, Quantity, Ratio
from bench.plots import bars, curves
from bench.tables import aim_text, number, quantity_text, verdict_text

_INTRODUCTION = """# What a run costs

Written by `make bench ARGS="page"` from the figures that `make bench` has measured; do not edit it by hand.

Each figure is the median of the rounds, with the least and the most in brackets. What is compared runs in turns, every
second round in the opposite order, so that a busy machine meets all alike: ratios say more than times do. The load is
the number of processes that wanted to run, on average over the minute before a part and after it.
"""

_QUIET = 1.0
_BUSY = "- The machine was busy with other work, which makes times longer, and smaller what more workers gain."


def write_page(docs: Path, parts: Sequence[MeasuredPart]) -> Iterator[Path]:
    """Write the page and its pictures; yields the path of each file that was written."""
    images = docs / "images"
    images.mkdir(parents=True, exist_ok=True)
    sections = []
    for measured in parts:
        names = []
        for suffix, picture in _pictures(measured):
            name = f"bench-{measured.part.name}{suffix}.svg"
            (images / name).write_text(picture + "\n", encoding="utf-8")
            names.append(name)
            yield images / name
        sections.append(_section(measured, names))
    page = docs / "bench.md"
    page.write_text("\n".join([_INTRODUCTION, *sections]), encoding="utf-8")
    yield page


def _section(measured: MeasuredPart, pictures: Sequence[str]) -> str:
    part = measured.part
    when = f"{measured.started:%Y-%m-%d %H:%M} UTC"
    rounds = f"{part.rounds} round{'s' if part.rounds > 1 else ''}"
    lines = [f"## {part.question}", ""]
    lines += [f"![{part.question}](images/{name})" for name in pictures]
    lines += [""] if pictures else []
    if part.ratios:
        lines += [*_ratios(part.ratios), ""]
    if part.quantities:
        lines += [*_quantities(part.quantities), ""]
    lines += [*(f"- {note}" for note in part.notes)]
    lines += [
        f"- Measured {when}, {rounds}, load {measured.machine.load:g} before and {measured.load_after:g} after.",
        *([_BUSY] if measured.machine.load > _QUIET else []),
        f"- Machine: {measured.machine}.",
        "",
    ]
    return "\n".join(lines)


def _ratios(ratios: Sequence[Ratio]) -> Iterator[str]:
    yield "| ratio | median | least to most | aim | |"
    yield "| --- | --- | --- | --- | --- |"
    for one in ratios:
        spread = f"{number(one.least)} to {number(one.most)}"
        yield f"| {one.name} | **{number(one.median)}** | {spread} | {aim_text(one)} | {verdict_text(one)} |"


def _quantities(quantities: Sequence[Quantity]) -> Iterator[str]:
    yield "| what | measured |"
    yield "| --- | --- |"
    yield from (f"| {one.name} | {quantity_text(one)} |" for one in quantities)


def _pictures(measured: MeasuredPart) -> Iterator[tuple[str, str]]:
    """A suffix of the file's name for each picture, and the picture."""
    part = measured.part
    if shown := [one for one in part.quantities if one.name in part.plot]:
        yield "", bars(part.question, shown)
    for unit in dict.fromkeys(one.unit for one in part.curves):
        of_unit: list[Curve] = [one for one in part.curves if one.unit == unit]
        yield f"-{of_unit[0].name.partition(',')[0]}", curves(part.question, of_unit)
