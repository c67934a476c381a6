"""Pictures: what is in them is where it must be, and is said in words, too."""

import math
from xml.etree import ElementTree

import pytest

from support.evidence.charts import LEFT, RIGHT, distribution, percentile, timeline
from support.evidence.timeline import Arrival

SVG = "{http://www.w3.org/2000/svg}"
ARRIVALS = [Arrival("answer", 0.03, 0.03), Arrival("task record", 0.01, 0.01), Arrival("pod running", 0.02, 0.07)]
VALUES = [number / 1000 for number in range(1, 101)]  # 1 to 100 ms
LIMIT = "#D55E00"


def parsed(svg):
    return ElementTree.fromstring(svg)


def numbers(element, *names):
    return tuple(float(element.attrib[name]) for name in names)


def texts(picture):
    return [element.text for element in picture.iter(f"{SVG}text")]


def text_at(picture, wanted):
    return next(numbers(element, "x", "y") for element in picture.iter(f"{SVG}text") if element.text == wanted)


@pytest.mark.parametrize("svg", [timeline("a < b & c", ARRIVALS), distribution("a < b & c", [0.1], 1, "x")])
def test_a_picture_has_a_title_and_is_described_in_words(svg):
    picture = parsed(svg)
    assert picture.attrib["role"] == "img"
    named = [picture.find(f".//*[@id='{name}']") for name in picture.attrib["aria-labelledby"].split()]
    assert [element.tag for element in named] == [f"{SVG}title", f"{SVG}desc"]
    assert named[0].text == "a < b & c"
    assert all(element.text for element in named)


class TestTimeline:
    def test_what_is_exact_is_a_dot_at_its_time(self):
        picture = parsed(timeline("t", ARRIVALS))
        # The axis ends at 80 ms, the next 1, 2, 4 or 8.
        wanted = [LEFT + (RIGHT - LEFT) * at / 0.08 for at in (0.03, 0.01)]
        assert [numbers(dot, "cx")[0] for dot in picture.iter(f"{SVG}circle")] == pytest.approx(wanted)
        assert "80 ms" in texts(picture)

    def test_what_is_not_is_a_bar_from_the_earliest_to_the_latest_time(self):
        (bar,) = [one for one in parsed(timeline("t", ARRIVALS)).iter(f"{SVG}rect") if one.attrib["fill"] == "none"]
        x, width = numbers(bar, "x", "width")
        assert (x, x + width) == pytest.approx([LEFT + (RIGHT - LEFT) * at / 0.08 for at in (0.02, 0.07)])

    def test_each_moment_has_a_row_of_its_own_in_the_order_given(self):
        picture = parsed(timeline("t", ARRIVALS))
        rows = [text_at(picture, arrival.name)[1] for arrival in ARRIVALS]
        assert rows == sorted(set(rows))
        for arrival, told in zip(ARRIVALS, ("30 ms", "10 ms", "20 ms to 70 ms"), strict=True):
            assert text_at(picture, told)[1] == text_at(picture, arrival.name)[1]

    def test_words_say_all_of_it(self):
        described = parsed(timeline("t", [*ARRIVALS, Arrival("consumer ready", 0, 1.25)])).find(f"{SVG}desc").text
        assert "answer: 30 ms; task record: 10 ms; pod running: 20 ms to 70 ms; consumer ready: by 1.25 s" in described

    def test_a_clock_that_is_behind_is_drawn_within_the_picture(self):
        picture = parsed(timeline("t", [Arrival("task record", -0.5, -0.5), Arrival("answer", 0.2, 0.2)]))
        assert [LEFT <= numbers(dot, "cx")[0] <= RIGHT for dot in picture.iter(f"{SVG}circle")] == [True, True]
        assert "-500 ms" in texts(picture)

    def test_nothing_at_all_can_be_drawn(self):
        assert parsed(timeline("t", []))


class TestDistribution:
    def test_percentiles_and_limit_are_lines_where_the_axis_says(self):
        picture = parsed(distribution("d", VALUES, 2.0, "time_limits.some_s"))
        bottom = max(numbers(line, "y2")[0] for line in picture.iter(f"{SVG}line"))
        ticks = [line for line in picture.iter(f"{SVG}line") if numbers(line, "y2")[0] == bottom]
        at = {text: numbers(tick, "x1")[0] for tick, text in zip(ticks, texts(picture)[1:], strict=False)}
        decade = at["100 ms"] - at["10 ms"]
        (limit,) = [line for line in picture.iter(f"{SVG}line") if line.attrib["stroke"] == LIMIT]
        wanted = at["100 ms"] + decade * math.log10(20)
        assert numbers(limit, "x1", "x2") == pytest.approx((wanted, wanted), abs=0.05)
        for name, value_ms in (("P50", 50), ("P95", 95), ("P99", 99)):
            wanted = at["10 ms"] + decade * math.log10(value_ms / 10)
            assert text_at(picture, name)[0] == pytest.approx(wanted - 4, abs=0.05)
            lines = [numbers(line, "x1")[0] for line in picture.iter(f"{SVG}line")]
            assert any(abs(x - wanted) < 0.05 for x in lines)

    def test_each_value_is_counted_once(self):
        picture = parsed(distribution("d", VALUES, 2.0, "x"))
        heights = [numbers(bar, "height")[0] for bar in picture.iter(f"{SVG}rect")][1:]
        (most,) = [int(text.split()[0]) for text in texts(picture)[:12] if text.endswith(" values")]
        assert sum(round(height * most / max(heights), 3) for height in heights) == pytest.approx(100, abs=0.2)

    def test_words_say_percentiles_limit_and_how_many_reach_it(self):
        described = parsed(distribution("d", [*VALUES, 2.0, 3.0], 2.0, "time_limits.some_s")).find(f"{SVG}desc")
        assert described.text == (
            "102 values: P50 51 ms, P95 97 ms, P99 2 s; limit: 2 s (time_limits.some_s), reached by 2."
        )

    def test_one_value_has_no_percentiles(self):
        picture = parsed(distribution("d", [0.0151], 2.0, "x"))
        assert "1 value: 15.1 ms" in texts(picture)
        assert not [text for text in texts(picture) if text.startswith("P")]

    def test_values_that_cannot_be_on_a_logarithmic_axis_are_at_its_beginning(self):
        picture = parsed(distribution("d", [-0.2, 0.0, 0.1], 2.0, "x"))
        _, first, *_ = [bar.attrib for bar in picture.iter(f"{SVG}rect")]
        assert LEFT <= float(first["x"]) < LEFT + 60


@pytest.mark.parametrize(("percent", "wanted"), [(1, 10), (50, 20), (51, 30), (75, 30), (76, 40), (100, 40)])
def test_a_percentile_is_the_smallest_value_that_is_enough(percent, wanted):
    assert percentile([10, 20, 30, 40], percent) == wanted
