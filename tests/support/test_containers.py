"""Scenarios are taken out of behave's features, with all that remains empty."""

from behave.parser import parse_feature

from support.runner.containers import keep_where

FEATURE = """
Feature: {name}
  Scenario: a
    Given x
  {tag}
  Scenario Outline: <b>
    Given x
    Examples:
      | b |
      | 1 |
    @long
    Examples:
      | b |
      | 2 |
  @long
  Rule: r
    Scenario: c
      Given x
"""


def test_only_what_belongs_there_remains():
    features = [
        parse_feature(FEATURE.format(name="F", tag="@short")),
        parse_feature("@long\n" + FEATURE.format(name="G", tag="")),
    ]
    keep_where(lambda scenario: "long" not in scenario.effective_tags, features)
    (feature,) = features
    assert [scenario.name for scenario in feature.walk_scenarios()] == ["a", "1 -- @1.1 "]
    assert (feature.rules, len(feature.scenarios)) == ([], 2)
