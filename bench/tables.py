"""Figures in words: for the terminal, and as tables of the page."""

from __future__ import annotations

from bench.measurements import MeasuredPart, Quantity, Ratio, Repeated


def as_text(measured: MeasuredPart) -> str:
    """One measured part for the terminal."""
    part = measured.part
    lines = [
        f"{part.question} ({part.rounds} rounds, load {measured.machine.load} to {measured.load_after})",
        *(f"  {one.name}: {quantity_text(one)}" for one in part.quantities),
        *(f"  {one.name}: {ratio_text(one)}" for one in part.ratios),
        *(f"  {one.name}: {', '.join(f'{x:g}: {number(y)} {one.unit}' for x, y in one.points)}" for one in part.curves),
        *(f"  {note}" for note in part.notes),
    ]
    return "\n".join(lines)


def quantity_text(quantity: Quantity) -> str:
    """The median with its unit, and the spread where there is one."""
    return f"{number(quantity.median)} {quantity.unit}{_spread(quantity)}"


def ratio_text(ratio: Ratio) -> str:
    """The median, the spread, and whether the aim is reached."""
    told = f"{number(ratio.median)}{_spread(ratio)}"
    return f"{told}; {aim_text(ratio)}: {verdict_text(ratio)}" if ratio.holds is not None else told


def aim_text(ratio: Ratio) -> str:
    """The aim of a ratio; empty when it has none."""
    if ratio.at_most is not None:
        return f"at most {ratio.at_most:g}"
    return f"at least {ratio.at_least:g}" if ratio.at_least is not None else ""


def verdict_text(ratio: Ratio) -> str:
    """Whether the aim is reached; empty when there is none."""
    return "" if ratio.holds is None else "reached" if ratio.holds else "not reached"


def number(value: float) -> str:
    """A number as a reader takes it in: three digits, but never fewer than there are before the point."""
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def _spread(measured: Repeated) -> str:
    if len(measured.values) == 1:
        return ""
    return f" ({number(measured.least)} to {number(measured.most)})"
