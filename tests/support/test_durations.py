"""What is remembered of how long scenarios took."""

import json

import pytest
from behave.model_type import Status
from behave.parser import parse_feature

from support.runner.durations import key_of, longest_first, read_durations, remember, share_of


def scenarios(text, **durations):
    found = parse_feature(text, filename="features/part/one.feature").walk_scenarios()
    for scenario in found:
        for step in scenario.steps:
            step.duration = durations.get(scenario.name, 0.0)
        scenario.set_status(Status.passed if scenario.name in durations else Status.skipped)
    return found


FEATURE = "Feature: One\n" + "".join(f"  Scenario: {name}\n    When it runs\n" for name in "abc")


def test_what_a_run_took_is_kept_beside_what_others_took(tmp_path):
    path = tmp_path / "durations.json"
    path.write_text(json.dumps({"gone": 7.0, "part/one.feature > a": 99.0}))
    remember(path, scenarios(FEATURE, a=1.23456, b=0.5))
    assert read_durations(path) == {"gone": 7.0, "part/one.feature > a": 1.235, "part/one.feature > b": 0.5}


@pytest.mark.parametrize("content", ["", "nothing", "[1]", '{"a": null}', '{"a": "x"}', '{"a": [1]}'])
def test_a_file_that_holds_no_durations_is_as_good_as_none(tmp_path, content):
    (tmp_path / "durations.json").write_text(content)
    assert read_durations(tmp_path / "durations.json") == {}
    assert read_durations(tmp_path / "missing.json") == {}


def test_the_longest_comes_first_and_an_unknown_one_in_the_middle():
    a, b, c = scenarios(FEATURE)
    assert longest_first([a, b, c], {key_of(a): 1.0, key_of(c): 5.0, "x": 2.0}) == [c, b, a]
    assert longest_first([a, b, c], {}) == [a, b, c]


def test_the_share_of_some_is_by_time_where_that_is_known():
    a, b, c = scenarios(FEATURE)
    known = {key_of(a): 1.0, key_of(b): 4.0, "x": 3.0}
    assert share_of([a], [b], known) == 0.2
    assert share_of([a], [c], known) == 0.25
    assert share_of([a], [b, c], {}) == pytest.approx(1 / 3)
    assert share_of([], [b, c], known) == 0.0
    assert share_of([], [], {}) == 0.0
