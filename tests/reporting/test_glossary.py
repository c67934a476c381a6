"""The glossary is read with its faults told, and other words for its things are found wherever features say them."""

import pytest
from small_checkout import PLAN

from reporting.glossary import FILE, GlossaryError, read_glossary
from reporting.lint import lint

HEAD = "key,title,area,priority,state,reason\n"
TERMS = """
[[term]]
name = "RabbitMQ"
means = "Where the queues are."
never = ["broker", "message bus"]
"""
FEATURE = """
Feature: The broker
  A {0} is needed.

  Rule: {1}
    @PZ-10001
    Scenario Outline: {2}
      Given {3} <what>
        | a    |
        | {4}  |

      Examples: {5}
        | what |
        | {6}  |
"""


@pytest.fixture
def places(checkout):
    """Where words are told to be replaced, in a feature with the word at the places of these numbers."""

    def find(word, *numbers):
        words = [word if number in numbers else "thing" for number in range(7)]
        text = FEATURE.format(*words).replace("The broker", "F")
        made = checkout({"features/jobs/f.feature": text, "config/test_cases.csv": PLAN, str(FILE): TERMS})
        problems = lint(made.features, made.traced(), read_glossary(made.root))
        return [problem.place.line for problem in problems if "each thing has one name" in problem.message]

    return find


@pytest.mark.parametrize(("number", "line"), [(0, 2), (1, 5), (2, 7), (3, 8), (5, 14), (6, 14)])
def test_another_word_is_found_where_it_is_said(places, number, line):
    assert places("broker", number) == [line]


@pytest.mark.parametrize("word", ["Broker", "brokers", "message bus"])
def test_it_is_found_in_any_form(places, word):
    assert places(word, 3) == [8]


@pytest.mark.parametrize("word", ["RabbitMQ", "brokerage", "messagebus"])
def test_other_words_are_none_of_its_business(places, word):
    assert places(word, *range(7)) == []


def test_data_of_a_table_may_be_called_anything(places):
    assert places("broker", 4) == []


def test_the_word_to_use_is_told(checkout):
    made = checkout({"features/jobs/f.feature": "Feature: A broker\n", "config/test_cases.csv": HEAD, str(FILE): TERMS})
    (problem,) = lint(made.features, made.traced(), read_glossary(made.root))
    assert "'broker' is said here: the glossary says 'RabbitMQ'" in problem.message


@pytest.mark.parametrize("text", [None, "not toml", "[[term]]\nname = 'a'\n", "[[word]]\n"])
def test_a_glossary_that_cannot_be_read_is_told(checkout, text):
    made = checkout({} if text is None else {str(FILE): text})
    with pytest.raises(GlossaryError, match=r"glossary\.toml: expected terms with name and meaning, seen: "):
        read_glossary(made.root)
