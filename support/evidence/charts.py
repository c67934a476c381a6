"""Pictures for the reader of a report, as SVG: data in, text out.

They say everything in words, too, and tell things apart by shape and place, not by colour alone.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from xml.etree import ElementTree

from support.core.characters import allowed
from support.evidence.timeline import Arrival

WIDTH = 760
LEFT, RIGHT = 120, 560  # of the axis
_ROW = 30
_TOP = 56
# By Okabe and Ito: told apart by colour-blind readers, and dark enough on white.
BLUE, VERMILION, GREY, BLACK = "#0072B2", "#D55E00", "#777777", "#222222"
_BINS_A_DECADE = 12


def timeline(title: str, arrivals: Sequence[Arrival]) -> str:
    """When things came, a row each: a dot where it is exact, else a bar from the earliest to the latest time."""
    last_s = max((arrival.latest_s for arrival in arrivals), default=0.0)
    first_s = min(0.0, *(arrival.earliest_s for arrival in arrivals)) if arrivals else 0.0
    scale = _Axis(first_s, rounded_up(last_s))
    words = [f"{arrival.name}: {_when(arrival)}" for arrival in arrivals]
    bottom = _TOP + _ROW * len(arrivals)
    picture = Picture(title, f"Time from the request. {'; '.join(words)}.", bottom + 76)
    for number in range(5):
        at_s = scale.first + (scale.last - scale.first) * number / 4
        picture.line(scale.x(at_s), _TOP - 8, scale.x(at_s), bottom, GREY, dashes="1 3")
        picture.text(scale.x(at_s), bottom + 18, _seconds(at_s), anchor="middle")
    for number, arrival in enumerate(arrivals):
        y = _TOP + _ROW * number + _ROW / 2 - 4
        picture.text(LEFT - 10, y + 4, arrival.name, anchor="end")
        if arrival.is_exact:
            picture.dot(scale.x(arrival.latest_s), y, 6, BLUE)
        else:
            picture.bar(scale.x(arrival.earliest_s), y - 7, scale.x(arrival.latest_s), y + 7, "none", BLUE, "4 2")
        picture.text(RIGHT + 14, y + 4, _when(arrival))
    picture.text(LEFT, bottom + 38, "from the moment the request was sent", GREY)
    picture.text(LEFT, bottom + 58, "dot: exact; bar: it came at some moment of that time", GREY)
    return picture.as_text()


def distribution(title: str, values_s: Sequence[float], limit_s: float, setting: str) -> str:
    """How many of some durations are how long, on a logarithmic axis, with percentiles and the limit.

    A percentile is a value that occurred: as many per cent of the values are no larger (nearest rank).
    """
    values = sorted(max(value, 0.0001) for value in values_s)
    scale = _Axis(min(*values, limit_s) / 1.25, max(*values, limit_s) * 1.25, math.log10)
    marks = [(f"P{percent}", percentile(values, percent)) for percent in (50, 95, 99)] if len(values) > 1 else []
    words = [f"{name} {_seconds(value)}" for name, value in marks] or [_seconds(values[0])]
    late = sum(value >= limit_s for value in values)
    said = f"{_counting(len(values))}: {', '.join(words)}"
    limit = f"limit: {_seconds(limit_s)} ({setting}), reached by {late}"
    top, bottom = 100, 240
    picture = Picture(title, f"{said}; {limit}.", 320)
    counts = _counted(values, scale)
    for (start, end), count in counts.items():
        height = (bottom - top) * count / max(counts.values())
        picture.bar(scale.x(start) + 0.5, bottom - height, scale.x(end) - 0.5, bottom, BLUE, "none")
    picture.line(LEFT, bottom, RIGHT, bottom, BLACK)
    for tick in _ticks(scale):
        picture.line(scale.x(tick), bottom, scale.x(tick), bottom + 5, BLACK)
        picture.text(scale.x(tick), bottom + 20, _seconds(tick), anchor="middle")
    picture.text(LEFT - 10, top + 8, _counting(max(counts.values())), anchor="end")
    for number, (name, value) in enumerate(marks):
        x, y = scale.x(value), 88 - 14 * number  # The largest on top: no line crosses the name of another.
        picture.line(x, y - 8, x, bottom, BLACK, dashes=("", "6 3", "2 2")[number])
        picture.text(x - 4, y, name, anchor="end")
    picture.line(scale.x(limit_s), 46, scale.x(limit_s), bottom, VERMILION, width=3)
    picture.text(scale.x(limit_s) + 6, 58, f"limit {_seconds(limit_s)}", VERMILION)
    picture.text(LEFT, bottom + 44, said, GREY)
    picture.text(LEFT, bottom + 64, limit, GREY)
    return picture.as_text()


def percentile(values: Sequence[float], percent: float) -> float:
    """The smallest of these ordered values that is not exceeded by `percent` per cent of them (nearest rank)."""
    return values[max(0, math.ceil(len(values) * percent / 100) - 1)]


class _Axis:
    """Values to places on the axis; on a logarithmic one, which is `scaled` so, each decade takes the same room."""

    def __init__(self, first: float, last: float, scaled: Callable[[float], float] = float) -> None:
        self.first, self.last, self._scaled = first, last, scaled

    def x(self, value: float) -> float:
        first, here, last = map(self._scaled, (self.first, value, self.last))
        return LEFT + (RIGHT - LEFT) * (here - first) / (last - first)


def _ticks(axis: _Axis) -> list[float]:
    """Values to name on a logarithmic axis."""
    steps = (1, 2, 5) if axis.last / axis.first < 100 else (1,)
    decades = range(math.floor(math.log10(axis.first)), math.ceil(math.log10(axis.last)))
    ticks = [step * 10.0**decade for decade in decades for step in steps]
    return [tick for tick in ticks if axis.first <= tick <= axis.last]


def _counted(values: Sequence[float], axis: _Axis) -> dict[tuple[float, float], int]:
    """How many of some values are in each bin of a logarithmic axis; empty bins are left out."""
    ratio = axis.last / axis.first
    bins = max(6, math.ceil(math.log10(ratio) * _BINS_A_DECADE))
    edges = [axis.first * ratio ** (number / bins) for number in range(bins + 1)]
    counts = Counter(min(bisect_right(edges, value), bins) - 1 for value in values)
    return {(edges[number], edges[number + 1]): count for number, count in counts.items()}


class Picture:
    """An SVG that says in words what it shows."""

    def __init__(self, title: str, description: str, height: float) -> None:
        self._root = ElementTree.Element(
            "svg",
            {
                "xmlns": "http://www.w3.org/2000/svg",
                "viewBox": f"0 0 {WIDTH} {height:g}",
                "width": str(WIDTH),
                "height": f"{height:g}",
                "role": "img",
                "aria-labelledby": "title description",
                "font-family": "sans-serif",
                "font-size": "13",
            },
        )
        ElementTree.SubElement(self._root, "title", id="title").text = title
        ElementTree.SubElement(self._root, "desc", id="description").text = description
        self._add("rect", width=WIDTH, height=height, fill="#ffffff")
        self.text(16, 26, title, size=15)

    def line(
        self, x1: float, y1: float, x2: float, y2: float, color: str, *, dashes: str = "", width: float = 1
    ) -> None:
        """A straight line."""
        self._add("line", x1=x1, y1=y1, x2=x2, y2=y2, stroke=color, stroke_width=width, stroke_dasharray=dashes)

    def bar(self, x1: float, y1: float, x2: float, y2: float, fill: str, stroke: str, dashes: str = "") -> None:
        """At least two units wide, so that it can be seen."""
        size = {"x": x1, "y": y1, "width": max(2.0, x2 - x1), "height": y2 - y1}
        self._add("rect", **size, fill=fill, stroke=stroke, stroke_dasharray=dashes)

    def dot(self, x: float, y: float, radius: float, color: str) -> None:
        """A filled circle."""
        self._add("circle", cx=x, cy=y, r=radius, fill=color)

    def text(self, x: float, y: float, text: str, color: str = BLACK, *, anchor: str = "start", size: int = 13) -> None:
        """A line of text; `anchor` says which of its ends stands at `x`."""
        self._add("text", x=x, y=y, fill=color, text_anchor=anchor, font_size=size).text = text

    def as_text(self) -> str:
        """The picture as the text of an SVG file."""
        return allowed(ElementTree.tostring(self._root, encoding="unicode"))  # A server chooses its job ids.

    def _add(self, name: str, **attributes: object) -> ElementTree.Element:
        told = {
            key.replace("_", "-"): f"{value:.2f}" if isinstance(value, float) else str(value)
            for key, value in attributes.items()
            if value != ""
        }
        return ElementTree.SubElement(self._root, name, told)


@dataclass(frozen=True)
class Plane:
    """The room of a picture between two axes that begin with 0 and end with `last_x` and `last_y`."""

    left: float
    right: float
    top: float
    bottom: float
    last_x: float
    last_y: float

    def place(self, x: float, y: float) -> tuple[float, float]:
        """Where in the picture a pair of values stands."""
        return (
            self.left + (self.right - self.left) * x / self.last_x,
            self.bottom - (self.bottom - self.top) * y / self.last_y,
        )

    def draw_axes(self, picture: Picture, named_x: Callable[[float], str], named_y: Callable[[float], str]) -> None:
        """Draw a line and a name for each quarter of the axes."""
        for quarter in range(5):
            x, y = self.last_x * quarter / 4, self.last_y * quarter / 4
            along, up = self.place(x, y)
            picture.line(self.left, up, self.right, up, GREY, dashes="1 3")
            picture.text(self.left - 8, up + 4, named_y(y), anchor="end")
            picture.text(along, self.bottom + 20, named_x(x), anchor="middle")


def _counting(count: int) -> str:
    return f"{count} value{'s' if count > 1 else ''}"


def _when(arrival: Arrival) -> str:
    if arrival.is_exact:
        return _seconds(arrival.latest_s)
    if arrival.earliest_s == 0:
        return f"by {_seconds(arrival.latest_s)}"
    return f"{_seconds(arrival.earliest_s)} to {_seconds(arrival.latest_s)}"


def _seconds(value_s: float) -> str:
    """A duration as a reader takes it in: three digits at most, ms below a second."""
    return f"{value_s:.3g} s" if abs(value_s) >= 1 else f"{value_s * 1000:.3g} ms"


def rounded_up(value: float) -> float:
    """The next 1, 2, 4, or 8 in its power of ten, so that quarters of it are easy to read."""
    if value <= 0:
        return 1.0
    decade = 10.0 ** math.floor(math.log10(value))
    return next(step * decade for step in (1, 2, 4, 8, 10) if step * decade >= value)
