"""Medians, ratios and aims, the order of what is compared, and the files that keep the figures."""

import json
from datetime import UTC, datetime, timedelta

import pytest

from bench.machine import this_machine
from bench.measurements import (
    MeasuredPart,
    Measurements,
    Part,
    Quantity,
    Ratio,
    interleaved,
    last_of_each,
    ratios,
)

NOON = datetime(2026, 11, 27, 12, tzinfo=UTC)


def measured(name, value, started=NOON):
    part = Part(name=name, question="How long?", rounds=1, quantities=[Quantity(name="a", unit="s", values=[value])])
    return MeasuredPart(part=part, machine=this_machine(), started=started, took_s=1.0, load_after=0.5)


def test_the_figures_of_repeated_measurements():
    seen = Quantity(name="a", unit="s", values=[3.0, 1.0, 10.0])
    assert (seen.median, seen.least, seen.most) == (3.0, 1.0, 10.0)


@pytest.mark.parametrize(
    ("aim", "holds"),
    [
        ({}, None),
        ({"at_most": 2}, True),
        ({"at_most": 1.9}, False),
        ({"at_least": 2}, True),
        ({"at_least": 2.1}, False),
    ],
)
def test_an_aim_is_for_the_median(aim, holds):
    assert Ratio(name="a", values=[1.0, 2.0, 9.0], **aim).holds is holds


def test_ratios_are_of_the_same_round():
    assert ratios([2.0, 9.0], [1.0, 3.0]) == [2.0, 3.0]


def test_what_is_compared_runs_in_turns():
    calls, told = [], []
    contestants = {name: lambda name=name: calls.append(name) or len(calls) for name in "abc"}
    assert interleaved(contestants, 2, told.append) == {"a": [1, 6], "b": [2, 5], "c": [3, 4]}
    assert calls == list("abccba")
    assert told[-1] == "round 2 of 2: a"


def test_the_last_measurement_of_each_part_is_found(tmp_path):
    Measurements(parts=[measured("growth", 1.0), measured("start", 2.0)]).write(tmp_path, NOON)
    Measurements(parts=[measured("growth", 3.0)]).write(tmp_path, NOON + timedelta(seconds=1))
    found = last_of_each(tmp_path)
    assert {name: one.part.quantities[0].median for name, one in found.items()} == {"growth": 3.0, "start": 2.0}


def test_the_file_has_medians_for_other_readers(tmp_path):
    path = Measurements(parts=[measured("growth", 1.5)]).write(tmp_path, NOON)
    (part,) = json.loads(path.read_text())["parts"]
    assert path.name == "20261127T120000Z.json"
    assert part["part"]["quantities"] == [
        {"name": "a", "unit": "s", "values": [1.5], "median": 1.5, "least": 1.5, "most": 1.5}
    ]
    assert part["machine"]["cores"] >= 1


def test_a_machine_is_described():
    seen = this_machine()
    assert all([seen.cores, seen.memory_gb, seen.kernel, seen.python, seen.system, seen.processor])
    assert f"{seen.cores} cores" in str(seen)
