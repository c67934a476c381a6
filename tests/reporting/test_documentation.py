"""The features as pages: their order, what is written in them, and the vocabulary; how they look is in tests/pages."""

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest
from behave.step_registry import registry
from small_checkout import CHECKOUT, Checkout

from reporting.documentation.capabilities import CapabilitiesError, read_capabilities
from reporting.documentation.pages import as_pages
from reporting.documentation.scenarios import as_written
from reporting.documentation.vocabulary import read_vocabulary
from reporting.features import Place
from reporting.glossary import Glossary, Term
from reporting.results import RunResults
from reporting.traceability import trace

GLOSSARY = Glossary((Term(name="job", means="What <runs>.", never=("task", "work")),))
MADE = datetime(2030, 1, 2, tzinfo=UTC)
CAPABILITIES = '[views]\nname = "To look"\npromise = "It <shows>."\n[jobs]\nname = "To do"\npromise = "It does."\n'
STEPS = '''\
"""Doing things. And what
is said of them.
"""
from behave import given, step, then

@given("this works")
def _(context): ...

@step("the {what} is {how}")
def _(context, what, how): ...

@then("{count:d} things are {kind:SmallKind}")
def _(context, count, kind): ...
'''
TYPES = '''\
import parse
from behave import register_type

@parse.with_pattern("red|dark green")
def small_kind(text):
    """A colour: `red`."""
    return text

register_type(SmallKind=small_kind)
'''
FEATURE = """\
Feature: Things
  Scenario Outline: <what>
    Given this works
    Then 3 things are <what>

    Examples:
      | what       |
      | red        |
      | dark green |

  Scenario: Others
    Given this works
    And the network is down
    When the weather is bad
"""


def test_capabilities_come_in_the_order_of_their_file(ran):
    ran.write({"features/capabilities.toml": CAPABILITIES})
    views, jobs = read_capabilities(ran.root, ran.features)
    assert (views.folder, views.name, views.promise) == ("views", "To look", "It <shows>.")
    assert [feature.name for feature in jobs.features] == ["One"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (CAPABILITIES.replace("[jobs]", "[job]"), r"an entry \[jobs\] for features/jobs/one.feature"),
        (CAPABILITIES + '[more]\nname = ""\npromise = ""', "features in the folder more"),
        (CAPABILITIES.replace("promise", "promises"), "seen: views.promise: Field required"),
        ("[views", "seen: Expected"),
    ],
)
def test_capabilities_that_do_not_fit_the_folders_are_told(ran, text, said):
    ran.write({"features/capabilities.toml": text})
    with pytest.raises(CapabilitiesError, match="features/capabilities.toml: expected .*" + said):
        read_capabilities(ran.root, ran.features)


def test_the_page_for_product_owners_has_the_capabilities_in_their_order():
    project = Checkout(CHECKOUT)
    linked = re.findall(r"\(\.\./features/(\w+)\)", (CHECKOUT / "docs/product-owners.md").read_text())
    assert linked == [one.folder for one in read_capabilities(CHECKOUT, project.features)]


def test_an_outline_is_one_scenario_with_its_rows_in_a_table(ran, traced):
    written = as_written(ran.features[0], traced.scenarios)
    assert (written.page, [rule.anchor for rule in written.rules]) == ("jobs-one.html", ["one", "what-does-not-pass"])
    passes, outline = written.scenarios
    assert (passes.tables, passes.keys, passes.verdict.value) == ((), ("PZ-10001",), "passed")
    assert (outline.anchor, outline.keys) == ("it-does-what", ("PZ-10001", "PZ-10002"))
    assert outline.all_keys == ("PZ-10001", "PZ-10002", "PZ-10008", "PZ-10004")
    assert [step.name for step in outline.scenario.written] == ["the answer is <answer>"]
    ((bad, good),) = outline.tables
    assert (good.name, good.keys, good.columns) == ("good", ("PZ-10004",), ("does what", "answer"))
    assert [(row.values, row.status.value) for row in (*bad.rows, *good.rows)] == [
        (("fails", "wrong"), "failed"),
        (("works", "good"), "passed"),
    ]
    assert outline.verdict.value == "failed"


def test_names_that_make_the_same_anchor_get_different_ones(checkout):
    text = "Feature: F\n  Scenario: A, b\n    Given x\n  Scenario: A b?\n    Given x\n"
    feature = checkout({"features/a/f.feature": text}).features[0]
    scenarios = as_written(feature, trace([], [feature], RunResults()).scenarios).scenarios
    assert [one.anchor for one in scenarios] == ["a-b", "a-b-2"]


@pytest.fixture
def vocabulary(checkout):
    made = checkout({"features/a/f.feature": FEATURE, "steps/things.py": STEPS, "environment.py": TYPES})
    return read_vocabulary(made.root, made.features)


def test_a_group_begins_with_the_first_sentence_of_its_module(vocabulary):
    (group,) = vocabulary.groups
    assert (group.heading, group.text, group.file) == ("Doing things", "And what\nis said of them.", "steps/things.py")


def test_a_step_is_counted_by_the_lines_that_it_is_written_in(vocabulary):
    works, anything, kinds = vocabulary.groups[0].steps
    assert [(step.keyword, step.uses) for step in (works, anything, kinds)] == [("Given", 2), ("Any", 2), ("Then", 1)]
    assert kinds.example.name == "3 things are red"


def test_a_parameter_tells_its_type_or_what_was_written_there(vocabulary):
    _, anything, kinds = vocabulary.groups[0].steps
    assert [(part.text, part.parameter and part.parameter.seen) for part in anything.parts] == [
        ("the ", None),
        ("what", ("network", "weather")),
        (" is ", None),
        ("how", ("down", "bad")),
    ]
    count, _, kind = kinds.parts
    assert count.parameter.meaning == "a whole number"
    assert kind.parameter.type == "SmallKind"
    (small_kind,) = [one for one in vocabulary.types if one.name == "SmallKind"]
    assert (small_kind.meaning, small_kind.words) == ("A colour: `red`.", ("dark green", "red"))


def test_reading_a_vocabulary_leaves_the_steps_of_this_process_alone(vocabulary):
    assert not any("things are" in one.pattern for steps in registry.steps.values() for one in steps)


def test_results_of_features_that_have_changed_since_are_counted(ran, traced, vocabulary):
    ran.write({"features/capabilities.toml": CAPABILITIES})
    capabilities = read_capabilities(ran.root, ran.features)
    moved = Place("features/jobs/one.feature", 1)
    results = (replace(traced.run.results[0], place=moved), *traced.run.results[1:])
    for run, seen in ((traced.run, False), (replace(traced.run, results=results), True)):
        found = trace([], ran.features, run)
        pages = as_pages(capabilities, vocabulary, GLOSSARY, found, test_case_url=None, made=MADE)
        assert ("1 of them belong to no scenario as it is now" in pages["index.html"]) is seen


def test_what_stands_in_a_feature_is_text_and_never_markup(ran, traced, vocabulary):
    ran.write({"features/capabilities.toml": CAPABILITIES})
    capabilities = read_capabilities(ran.root, ran.features)
    url = "https://tests.example/{key}?a&b"
    pages = as_pages(capabilities, vocabulary, GLOSSARY, traced, test_case_url=url, made=MADE)
    assert set(pages) == {"index.html", "glossary.html", "vocabulary.html", "jobs-one.html", "views-two.html"}
    assert '<th scope="row">job</th><td>What &lt;runs&gt;.</td><td>task, work</td>' in pages["glossary.html"]
    assert "It &lt;shows&gt;." in pages["index.html"]
    assert "it has no case for &lt;this&gt; &amp; &#34;that&#34;." in pages["views-two.html"]
    assert "<var>&lt;answer&gt;</var>" in pages["jobs-one.html"]
    assert 'href="https://tests.example/PZ-10002?a&amp;b"' in pages["jobs-one.html"]
