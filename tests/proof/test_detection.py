from dataclasses import replace

import pytest

from proof.behave_runs import ScenarioOutcome
from proof.catalogue import Entry, Expectation
from proof.detection import Detection, check, keys_seen_red, outcome_of
from sandbox.defects import DEFECTS

LINE = Expectation("analyzer_not_launched", ("PZ-1", "PZ-2"), "A job", "it is made", "no analyzer")
ENTRY = Entry(DEFECTS["analyzer_not_launched"], (LINE,))


@pytest.mark.parametrize(
    ("outcome", "result"),
    [
        (ScenarioOutcome("failed", "it is made", "there is no analyzer of it"), Detection.CAUGHT),
        (ScenarioOutcome("passed"), Detection.MISSED),
        (ScenarioOutcome("failed", "it is asked for", "there is no analyzer of it"), Detection.ELSEWHERE),
        (ScenarioOutcome("failed", "it is made", "something is wrong"), Detection.UNNAMED),
        (
            ScenarioOutcome("failed", "it is made", "expected that no analyzer is made\n  - there are two"),
            Detection.UNNAMED,
        ),
        (ScenarioOutcome("failed", "it is made", "expected an analyzer\n  - there is no analyzer"), Detection.CAUGHT),
        (ScenarioOutcome("error", "it is made", "no analyzer"), Detection.BROKEN),
        (ScenarioOutcome("hook_error"), Detection.BROKEN),
    ],
)
def test_what_becomes_of_an_expectation(outcome, result):
    assert check(LINE, {"A job": outcome, "Another": ScenarioOutcome("passed")}).detection is result


def test_a_scenario_that_did_not_run_has_caught_nothing():
    assert (
        check(LINE, {"Another": ScenarioOutcome("failed", "it is made", "no analyzer")}).detection is Detection.NOT_RUN
    )


def test_a_defect_is_caught_only_by_all_that_must_catch_it():
    other = replace(ENTRY, expected=(LINE, LINE._replace(scenario="Another job")))
    red = ScenarioOutcome("failed", "it is made", "no analyzer")
    assert outcome_of(other, {"A job": red, "Another job": red}).caught
    half = outcome_of(other, {"A job": red, "Another job": ScenarioOutcome("passed")})
    assert (half.caught, half.seen) == (False, True)
    assert not outcome_of(other, {"A job": ScenarioOutcome("passed"), "Another job": ScenarioOutcome("passed")}).seen


def test_only_a_case_that_caught_something_was_seen_red():
    caught = outcome_of(ENTRY, {"A job": ScenarioOutcome("failed", "it is made", "no analyzer")})
    unnamed = outcome_of(ENTRY, {"A job": ScenarioOutcome("failed", "it is made", "")})
    assert keys_seen_red([caught]) == {"PZ-1", "PZ-2"}
    assert keys_seen_red([unnamed]) == set()
