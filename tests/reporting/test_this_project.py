"""The plan and the features of this project."""

from collections import Counter

import pytest
from small_checkout import CHECKOUT, Checkout

from reporting.documentation.vocabulary import read_vocabulary
from reporting.glossary import read_glossary
from reporting.lint import lint


@pytest.fixture(scope="module")
def project():
    return Checkout(CHECKOUT)


def test_all_237_cases_of_the_plan_are_accounted_for(project):
    cases = project.traced().cases
    assert len(cases) == 237
    assert Counter(case.is_automated or case.case.is_excused for case in cases) == {True: 237}


def test_there_is_nothing_to_put_right(project):
    assert [str(problem) for problem in lint(project.features, project.traced(), read_glossary(CHECKOUT))] == []


def test_phrases_are_few_and_most_are_used_more_than_once(project):
    vocabulary = read_vocabulary(CHECKOUT, project.features)
    steps = [step for group in vocabulary.groups for step in group.steps]
    once = [step for step in steps if step.uses == 1]
    assert len(steps) <= 170
    assert len(once) <= 0.4 * len(steps)
