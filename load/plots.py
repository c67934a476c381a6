"""The pictures of a load over time, as SVG."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import pairwise

from load.result import BUSY, Result
from support.evidence.charts import BLUE, GREY, VERMILION, Picture, Plane, distribution, rounded_up
from support.load.figures import Sample
from support.profile.settings import Load

_LEFT, _RIGHT, _TOP, _BOTTOM = 90, 660, 48, 240
_MOST_DOTS = 2000

Points = Sequence[tuple[float, float]]


def pictures(result: Result, limits: Load) -> dict[str, str]:
    """Each picture by its title."""
    made = {
        f"{kind}: latency": distribution(f"{kind}: latency", latencies, getattr(limits, setting), f"load.{setting}")
        for kind, setting in _SHOWN_LIMITS.items()
        if (latencies := [one.latency_s for one in _counted(result) if one.kind == kind and not one.error])
    }
    created = [(one.due_s, one.latency_s) for one in result.samples if one.kind == "create" and not one.error]
    shown: dict[str, tuple[str, Points, float | None, bool]] = {
        "Jobs: latency over time": ("s", created[:: 1 + len(created) // _MOST_DOTS], limits.created_p95_s, True),
        "Jobs requested a second": ("1/s", _rate(result.samples), None, False),
        "Memory of the server": ("MB", [(one.at_s, one.memory_mb) for one in result.server], None, False),
        "CPU of the server": ("cores", _cores(result), None, False),
    }
    for generator in result.generators:
        shares = [(float(second), share) for second, share in enumerate(generator.cpu_shares, start=1)]
        shown[f"CPU of the load generator {generator.name}"] = ("cores", shares, BUSY, False)
    return {
        **{
            title: over_time(title, unit, points, limit, result.shape.warm_up_s, dots=dots)
            for title, (unit, points, limit, dots) in shown.items()
            if points
        },
        **made,
    }


_SHOWN_LIMITS = {
    "create": "created_p95_s",
    "metadata": "read_p95_s",
    "rows": "read_p95_s",
    "cancel": "cancelled_p95_s",
}


def _counted(result: Result) -> list[Sample]:
    return [one for one in result.samples if one.due_s >= result.shape.warm_up_s]


def _rate(samples: Sequence[Sample]) -> Points:
    counted = Counter(int(one.due_s) for one in samples if one.kind == "create")
    return [(float(second), float(counted[second])) for second in range(max(counted, default=-1) + 1)]


def _cores(result: Result) -> Points:
    told = [(one.at_s, one.cores) for one in result.server if one.cores is not None]
    used = [(one.at_s, one.cpu_s) for one in result.server if one.cpu_s is not None]
    pairs = [(at, (later - sooner) / (at - before)) for (before, sooner), (at, later) in pairwise(used) if at > before]
    return told or pairs


def over_time(title: str, unit: str, points: Points, limit: float | None, warm_up_s: float, *, dots: bool) -> str:
    """Values over the seconds of a load: a line, or `dots` where each stands for itself; the warm-up is marked."""
    last_s = rounded_up(max(at_s for at_s, _ in points))
    most = rounded_up(max([*(value for _, value in points), limit or 0.0]))
    values = [value for _, value in points]
    told = f"from {min(values):.3g} to {max(values):.3g} {unit} in {last_s:g} s"
    picture = Picture(title, f"{title}, {told}{f'; limit {limit:g} {unit}' if limit else ''}.", _BOTTOM + 64)
    plane = Plane(_LEFT, _RIGHT, _TOP, _BOTTOM, last_s, most)
    plane.draw_axes(picture, lambda at_s: f"{at_s:g} s", lambda value: f"{value:.3g} {unit}")
    warm, _ = plane.place(min(warm_up_s, last_s), 0)
    picture.line(warm, _TOP, warm, _BOTTOM, GREY, dashes="6 3")
    picture.text(_LEFT, _BOTTOM + 44, f"{told}; left of the dashed line: warm-up, not counted", GREY)
    if limit:
        _, up = plane.place(0, limit)
        picture.line(_LEFT, up, _RIGHT, up, VERMILION, width=2)
        picture.text(_RIGHT + 6, up + 4, f"limit {limit:g} {unit}", VERMILION)
    if dots:
        for point in points:
            picture.dot(*plane.place(*point), 2.5, BLUE)
    else:
        for start, end in pairwise(points):
            picture.line(*plane.place(*start), *plane.place(*end), BLUE, width=2)
    return picture.as_text()
