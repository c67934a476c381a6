"""Shards: disjoint, complete, alike in duration, and untouched by edits elsewhere."""

from types import SimpleNamespace

import pytest
from behave.parser import parse_feature, parse_file
from hypothesis import given
from hypothesis import strategies as st

from support.core.errors import SettingsError
from support.core.files import ROOT
from support.runner.durations import KEPT_WITH_THE_FEATURES, key_of, read_durations
from support.runner.shards import Shard, asked_for, keep_only, plan, shard_of

FEATURE = """
Feature: Everything that a feature may have
  Background:
    Given a server

  Scenario: First
    When something happens

  Scenario Outline: Each <colour>
    When something happens

    Examples: warm
      | colour |
      | red    |
      | orange |

    Examples: cold
      | colour |
      | blue   |

  Rule: Something holds
    Scenario: First
      When something happens

    Scenario Outline: In a rule, <colour>
      When something happens

      Examples:
        | colour |
        | green  |
"""


def features(*texts, path="features/part/file{}.feature"):
    return [parse_feature(text, filename=path.format(number)) for number, text in enumerate(texts)]


def names(parsed):
    return [key_of(scenario) for feature in parsed for scenario in feature.walk_scenarios()]


@pytest.mark.parametrize("of", [1, 2, 4, 8])
@pytest.mark.parametrize("durations", [{}, dict.fromkeys(names(features(FEATURE, FEATURE)), 1.0)])
def test_each_scenario_is_in_one_shard_and_in_one_only(of, durations):
    parts = []
    for number in range(1, of + 1):
        parsed = features(FEATURE, FEATURE)
        keep_only(Shard(number, of), parsed, durations)
        parts += names(parsed)
    assert sorted(parts) == sorted(names(features(FEATURE, FEATURE)))


def test_what_a_shard_leaves_of_a_feature_is_whole_in_all_of_behaves_lists():
    everything = names(features(FEATURE))
    wanted = [key for key in everything if "blue" in key or "green" in key]
    # The longest comes first, and goes to the first shard; all others together are shorter.
    durations = {key: 10.0 if key in wanted else 0.1 for key in everything}
    parsed = features(FEATURE)
    keep_only(Shard(1, 2), parsed, {**durations, "gone": 10.0})
    kept = names(parsed)
    assert set(kept) < set(everything)
    feature = parsed[0]
    items = [id(item) for item in feature.run_items]
    assert [id(item) for item in [*feature.scenarios, *feature.rules]] == items  # In the example rules come last.


def test_a_feature_of_which_no_scenario_belongs_to_the_shard_is_gone():
    parsed = features(FEATURE, "Feature: One\n  Scenario: Only\n    When something happens\n")
    only = names(parsed)[-1]
    keep_only(Shard(1, 2), parsed, {only: 5.0, **dict.fromkeys(names(parsed)[:-1], 0.5)})
    assert names(parsed) == [only]


@given(st.dictionaries(st.text(min_size=1), st.floats(0, 100), min_size=1, max_size=80), st.integers(1, 12))
def test_no_shard_takes_much_longer_than_another(durations, of):
    planned = plan(durations, of)
    loads = [sum(durations[key] for key in planned if planned[key] == number) for number in range(1, of + 1)]
    assert max(loads) - min(loads) <= max(durations.values()) + 1e-6


@pytest.mark.parametrize("of", [2, 4])
def test_a_scenario_that_comes_or_goes_moves_no_other(of):
    everything = names(features(FEATURE, FEATURE))
    durations = dict.fromkeys(everything[::2], 1.0)

    def shards(text):
        found = {}
        for number in range(1, of + 1):
            parsed = features(text, FEATURE)
            keep_only(Shard(number, of), parsed, durations)
            found |= dict.fromkeys(names(parsed), number)
        return found

    before = shards(FEATURE)
    edited = FEATURE.replace("Scenario: First", "Scenario: New", 1).replace("| orange |", "| green |")
    after = shards(edited + "\n  Scenario: Another\n    When something happens\n")
    assert {key: after[key] for key in after if key in before} == {key: before[key] for key in before if key in after}
    assert set(after) - set(before)


def test_unknown_scenarios_are_spread():
    assert {shard_of(f"scenario {number}", 4, {}) for number in range(40)} == {1, 2, 3, 4}


def test_where_in_its_file_and_where_on_disk_a_scenario_stands_does_not_matter():
    moved = features("# A comment.\n\n" + FEATURE, path="/elsewhere/part/file{}.feature")
    assert names(moved) == names(features(FEATURE))


def test_equal_names_in_feature_and_rule_are_told_apart():
    assert len(set(names(features(FEATURE)))) == len(names(features(FEATURE)))


@pytest.mark.parametrize("text", ["", "2", "0/8", "9/8", "2/0", "-1/8", "a/b", "1/8/3", "1.5/8"])
def test_a_shard_that_cannot_be_is_refused_with_an_example(text):
    with pytest.raises(SettingsError, match=r"from 1/8 to 8/8"):
        asked_for(SimpleNamespace(userdata={"shard": text}))


def test_a_shard_is_asked_for_by_number():
    assert asked_for(SimpleNamespace(userdata={"shard": " 2/8 "})) == Shard(2, 8)
    assert str(Shard(2, 8)) == "2/8"
    assert asked_for(SimpleNamespace(userdata={})) is None


@pytest.mark.parametrize("of", [2, 4, 8])
def test_the_shards_of_the_suite_are_disjoint_complete_and_take_about_as_long(of):
    durations = read_durations(KEPT_WITH_THE_FEATURES)
    paths = sorted((ROOT / "features").rglob("*.feature"))
    whole = names(parse_file(str(path)) for path in paths)
    parts = []
    for number in range(1, of + 1):
        parsed = [parse_file(str(path)) for path in paths]
        keep_only(Shard(number, of), parsed, durations)
        parts.append(names(parsed))
    assert sorted(key for part in parts for key in part) == sorted(whole)
    loads = [sum(durations.get(key, 0.0) for key in part) for part in parts]
    assert max(loads) < 1.2 * min(loads), "Is config/durations.json out of date? make acceptance durations JOBS=1"
