"""Steps are matched with their definitions as behave's own registry does it, each text once."""

import pytest
from behave.model import Step
from behave.step_registry import StepRegistry

from support.runner.step_lookup import StepLookup


def step(text, step_type="given"):
    return Step("a.feature", 1, step_type.title(), step_type, text)


@pytest.fixture
def registry():
    registry = StepRegistry()
    for step_type, pattern in (("given", "{count:d} jobs"), ("then", "{count:d} jobs"), ("step", "a job")):
        registry.add_step_definition(step_type, pattern, lambda context, count=0: None)
    return registry


@pytest.mark.parametrize(
    ("text", "step_type"),
    [("2 jobs", "given"), ("2 jobs", "then"), ("2 jobs", "when"), ("a job", "when"), ("?", "then")],
)
def test_it_finds_what_the_registry_finds(registry, text, step_type):
    lookup = StepLookup(registry)
    for _ in range(2):
        ours, theirs = lookup.find_match(step(text, step_type)), registry.find_match(step(text, step_type))
        assert (ours and (ours.func, ours.arguments[:1] and ours.arguments[0].value)) == (
            theirs and (theirs.func, theirs.arguments[:1] and theirs.arguments[0].value)
        )


def test_a_text_is_looked_for_once(registry, monkeypatch):
    lookup = StepLookup(registry)
    lookup.find_match(step("2 jobs"))
    lookup.find_match(step("?"))
    monkeypatch.setattr(registry, "find_step_definition", lambda _: pytest.fail("it was looked for again"))
    assert lookup.find_match(step("2 jobs")).arguments[0].value == 2
    assert lookup.find_match(step("?")) is None


def test_each_match_has_arguments_of_its_own(registry):
    lookup = StepLookup(registry)
    assert lookup.find_match(step("2 jobs")).arguments is not lookup.find_match(step("2 jobs")).arguments
