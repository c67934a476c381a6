"""The pictures of the benchmark, as SVG: bars with their spread, and curves."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from bench.measurements import Curve, Quantity
from bench.tables import number
from support.evidence.charts import BLACK, BLUE, GREY, VERMILION, WIDTH, Picture, Plane, rounded_up

_LEFT, _RIGHT = 250, 610
_ROW, _TOP, _LINE = 28, 48, 16
_BOTTOM = 300  # of the axes of curves
_DASHES = ("", "6 3", "2 2", "8 3 2 3")


def bars(title: str, quantities: Sequence[Quantity]) -> str:
    """A bar for the median of each quantity, and a line from the least to the most; all of one unit."""
    words = "; ".join(f"{one.name}: {number(one.median)} {one.unit}" for one in quantities)
    last = rounded_up(max(one.most for one in quantities))
    bottom = _TOP + _ROW * len(quantities)
    picture = Picture(title, f"Medians. {words}.", bottom + 56)

    def x(value: float) -> float:
        return _LEFT + (_RIGHT - _LEFT) * value / last

    for quarter in range(5):
        value = last * quarter / 4
        picture.line(x(value), _TOP - 4, x(value), bottom, GREY, dashes="1 3")
        picture.text(x(value), bottom + 18, f"{number(value)} {quantities[0].unit}", anchor="middle")
    for row, one in enumerate(quantities):
        y = _TOP + _ROW * row + _ROW / 2 - 2
        picture.text(_LEFT - 10, y + 4, one.name, anchor="end")
        picture.bar(x(0), y - 8, x(one.median), y + 8, BLUE, "none")
        picture.line(x(one.least), y, x(one.most), y, BLACK, width=2)
        picture.text(x(one.most) + 8, y + 4, f"{number(one.median)} {one.unit}")
    picture.text(_LEFT, bottom + 40, "bar: median of the rounds; line: from the least to the most", GREY)
    return picture.as_text()


def curves(title: str, shown: Sequence[Curve]) -> str:
    """Curves of one unit over the number of scenarios."""
    words = "; ".join(
        f"{one.name}: " + ", ".join(f"{number(y)} {one.unit} at {x:g}" for x, y in one.points) for one in shown
    )
    last_x = rounded_up(max(x for one in shown for x, _ in one.points))
    last_y = rounded_up(max(y for one in shown for _, y in one.points))
    left, right = 90, 520
    picture = Picture(title, f"{words}.", _BOTTOM + 60)
    plane = Plane(left, right, _TOP, _BOTTOM, last_x, last_y)
    plane.draw_axes(picture, lambda x: f"{x:g}", lambda y: f"{number(y)} {shown[0].unit}")
    ends = _apart([plane.place(*one.points[-1])[1] for one in shown])
    for index, one in enumerate(shown):
        color = (BLUE, VERMILION)[index % 2]
        places = [plane.place(x, y) for x, y in one.points]
        for (x1, y1), (x2, y2) in pairwise(places):
            picture.line(x1, y1, x2, y2, color, dashes=_DASHES[index], width=2)
        for x, y in places:
            picture.dot(x, y, 3.5, color)
        picture.text(places[-1][0] + 10, ends[index] + 4, one.name, color)
    picture.text(left, _BOTTOM + 44, "number of scenarios", GREY)
    assert right < WIDTH
    return picture.as_text()


def _apart(heights: Sequence[float]) -> list[float]:
    """Heights for names, moved down where one would cover another."""
    moved: dict[int, float] = {}
    last = float("-inf")
    for index in sorted(range(len(heights)), key=lambda index: heights[index]):
        last = moved[index] = max(heights[index], last + _LINE)
    return [moved[index] for index in range(len(heights))]
