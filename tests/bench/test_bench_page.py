"""The page of the benchmarks and its pictures."""

import re
from datetime import UTC, datetime
from xml.etree import ElementTree

import pytest

from bench.machine import this_machine
from bench.measurements import Curve, MeasuredPart, Part, Quantity, Ratio
from bench.page import write_page
from bench.plots import bars, curves
from bench.tables import as_text, number

START = Part(
    name="start",
    question="How long does it take?",
    rounds=3,
    quantities=[
        Quantity(name="warm", unit="s", values=[1.0, 1.25, 1.5]),
        Quantity(name="memory", unit="MB", values=[80, 80, 90]),
    ],
    ratios=[
        Ratio(name="warm / limit", values=[0.5], at_most=1),
        Ratio(name="one / two", values=[1.5, 1.6, 1.7], at_least=1.9),
    ],
    plot=["warm"],
    notes=["Seen on a quiet day."],
)
GROWTH = Part(
    name="growth",
    question="Is it linear?",
    rounds=1,
    curves=[
        Curve(name="time, one process", unit="s", points=[(100, 1.0), (2000, 20.0)]),
        Curve(name="time, two workers", unit="s", points=[(100, 1.0), (2000, 11.0)]),
        Curve(name="memory, one process", unit="MB", points=[(100, 30.0), (2000, 60.0)]),
    ],
)


def measured(part):
    return MeasuredPart(
        part=part,
        machine=this_machine().model_copy(update={"load": 1.25}),
        started=datetime(2026, 11, 27, 1, 30, tzinfo=UTC),
        took_s=60.0,
        load_after=2.5,
    )


@pytest.fixture
def page(tmp_path):
    list(write_page(tmp_path, [measured(START), measured(GROWTH)]))
    return (tmp_path / "bench.md").read_text()


def test_each_picture_of_the_page_is_there(tmp_path, page):
    named = re.findall(r"!\[[^]]*\]\((images/[^)]+)\)", page)
    assert named == ["images/bench-start.svg", "images/bench-growth-time.svg", "images/bench-growth-memory.svg"]
    assert all((tmp_path / name).exists() for name in named)


def test_what_is_written_is_told(tmp_path):
    written = list(write_page(tmp_path, [measured(START)]))
    assert written == [tmp_path / "images" / "bench-start.svg", tmp_path / "bench.md"]


def test_ratios_stand_beside_their_aims(page):
    assert "| warm / limit | **0.5** | 0.5 to 0.5 | at most 1 | reached |" in page
    assert "| one / two | **1.6** | 1.5 to 1.7 | at least 1.9 | not reached |" in page


def test_the_page_has_figures_notes_machine_and_load(page):
    assert "| warm | 1.25 s (1 to 1.5) |" in page
    assert "- Seen on a quiet day." in page
    assert "- Measured 2026-11-27 01:30 UTC, 3 rounds, load 1.25 before and 2.5 after." in page
    assert f"- Machine: {this_machine()}." in page


@pytest.mark.parametrize(("load", "told"), [(0.4, False), (1.25, True)])
def test_a_busy_machine_is_told(tmp_path, load, told):
    busy = measured(START)
    list(write_page(tmp_path, [busy.model_copy(update={"machine": busy.machine.model_copy(update={"load": load})})]))
    assert ("busy with other work" in (tmp_path / "bench.md").read_text()) is told


def test_only_what_is_to_be_plotted_has_a_bar(tmp_path, page):
    picture = ElementTree.parse(tmp_path / "images" / "bench-start.svg").getroot()
    texts = [one.text for one in picture.iter() if one.text]
    assert "warm" in texts
    assert "memory" not in texts


def test_a_bar_is_as_long_as_its_median():
    picture = ElementTree.fromstring(
        bars("title", [Quantity(name=name, unit="s", values=[value]) for name, value in {"a": 1.0, "b": 2.0}.items()])
    )
    widths = [float(one.get("width")) for one in picture.findall("{*}rect")][1:]
    assert widths[1] == pytest.approx(2 * widths[0], abs=0.1)


def test_curves_rise_with_their_values():
    picture = ElementTree.fromstring(curves("title", GROWTH.curves[:1]))
    (first, last) = [(float(one.get("cx")), float(one.get("cy"))) for one in picture.findall("{*}circle")]
    assert first[0] < last[0]
    assert first[1] > last[1]


def test_names_of_curves_do_not_cover_each_other():
    alike = [Curve(name=name, unit="s", points=[(1, 1.0), (2, 2.0)]) for name in ("first", "second")]
    picture = ElementTree.fromstring(curves("title", alike))
    heights = [float(one.get("y")) for one in picture.findall("{*}text") if one.text in ("first", "second")]
    assert abs(heights[0] - heights[1]) >= 13


def test_pictures_say_in_words_what_they_show():
    picture = ElementTree.fromstring(curves("title", GROWTH.curves[:2]))
    described = picture.findtext("{*}desc")
    assert "time, two workers: 1 s at 100, 11 s at 2000" in described


def test_figures_in_the_terminal():
    told = as_text(measured(START))
    assert "warm: 1.25 s (1 to 1.5)" in told
    assert "one / two: 1.6 (1.5 to 1.7); at least 1.9: not reached" in told


@pytest.mark.parametrize(("value", "text"), [(0.12345, "0.123"), (12.345, "12.3"), (1234.5, "1234"), (0, "0")])
def test_numbers_have_three_digits(value, text):
    assert number(value) == text
