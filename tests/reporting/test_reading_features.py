"""The features as they are read."""

import pytest

from reporting.features import FeatureUnreadable, Place, Step

EQUAL_ROWS = """\
Feature: F
  Scenario Outline: S
    Given <a>
    Examples: one
      | a |
      | 1 |
    Examples: two
      | a |
      | 1 |
"""


def test_a_row_of_an_outline_is_a_scenario_with_the_tags_of_all_levels(ran):
    row = next(one for feature in ran.features for one in feature.scenarios if one.name.startswith("It works"))
    file = "features/jobs/one.feature"
    assert row.name == "It works -- @2.1 good"
    assert (row.title, row.rule, row.feature, row.capability) == ("It <does what>", "What does not pass", "One", "jobs")
    assert (row.place, row.template) == (Place(file, 28), Place(file, 17))
    assert [(tag.name, tag.place.line) for tag in row.tags] == [
        ("PZ-10001", 1), ("jobs", 1),
        ("of-the-rule", 10), ("PZ-10002", 16), ("PZ-10004", 25),
    ]  # fmt: skip
    assert row.keys == ("PZ-10001", "PZ-10002", "PZ-10004")
    assert row.values == (("does what", "works"), ("answer", "good"))
    assert [step.name for step in row.background] == ["the ground works"]
    assert [step.name for step in row.steps] == ["the answer is good"]


def test_a_scenario_has_its_steps_with_their_tables(ran):
    scenario = ran.features[0].scenarios[0]
    assert scenario.steps == (Step("given", "Given", "this works", 6, (("kind", "change"), ("task", "+1"))),)
    assert (scenario.rule, scenario.severity) == ("", "normal")


def test_features_keep_their_rules_and_what_they_say(ran):
    first, second = ran.features
    assert [(rule.name, len(rule.scenarios)) for rule in first.rules] == [("", 1), ("What does not pass", 2)]
    assert first.description == "Why it matters."
    assert second.scenarios[0].severity == "critical"
    assert second.scenarios[3].extra_reason == 'it has no case for <this> & "that".'


def test_rows_of_equal_values_belong_each_to_their_own_examples(checkout):
    (feature,) = checkout({"features/a/f.feature": EQUAL_ROWS}).features
    assert [(one.place.line, one.examples, one.examples_line) for one in feature.scenarios] == [
        (6, "one", 4),
        (9, "two", 7),
    ]


def test_examples_without_a_table_are_passed_over(checkout):
    text = EQUAL_ROWS.replace("    Examples: one\n      | a |\n      | 1 |\n", "    Examples: none yet\n")
    (feature,) = checkout({"features/a/f.feature": text}).features
    assert [one.examples for one in feature.scenarios] == ["two"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("Feature: F\n  Scenario: S\n    Nobody knows this\n    Given x\n  |a|\n  Foo: bar\n", "broken.feature:6"),
        ("", ":1:"),
    ],
)
def test_a_file_that_is_no_feature_is_named_with_its_line(checkout, text, said):
    with pytest.raises(FeatureUnreadable, match=said):
        checkout({"features/a/broken.feature": text}).features  # noqa: B018
