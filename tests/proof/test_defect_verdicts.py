from dataclasses import replace

import pytest

from proof.catalogue import Entry, Expected
from proof.outcomes import Outcome
from proof.verdicts import Result, judge, keys_seen_red, verdict_on
from sandbox.defects import DEFECTS

LINE = Expected("analyzer_not_launched", ("PZ-1", "PZ-2"), "A job", "it is made", "no analyzer")
ENTRY = Entry(DEFECTS["analyzer_not_launched"], (LINE,))


@pytest.mark.parametrize(
    ("outcome", "result"),
    [
        (Outcome("failed", "it is made", "there is no analyzer of it"), Result.CAUGHT),
        (Outcome("passed"), Result.MISSED),
        (Outcome("failed", "it is asked for", "there is no analyzer of it"), Result.ELSEWHERE),
        (Outcome("failed", "it is made", "something is wrong"), Result.UNNAMED),
        (Outcome("failed", "it is made", "expected that no analyzer is made\n  - there are two"), Result.UNNAMED),
        (Outcome("failed", "it is made", "expected an analyzer\n  - there is no analyzer"), Result.CAUGHT),
        (Outcome("error", "it is made", "no analyzer"), Result.BROKEN),
        (Outcome("hook_error"), Result.BROKEN),
    ],
)
def test_what_becomes_of_an_expectation(outcome, result):
    assert judge(LINE, {"A job": outcome, "Another": Outcome("passed")}).result is result


def test_a_scenario_that_did_not_run_has_caught_nothing():
    assert judge(LINE, {"Another": Outcome("failed", "it is made", "no analyzer")}).result is Result.NOT_RUN


def test_a_defect_is_caught_only_by_all_that_must_catch_it():
    other = replace(ENTRY, expected=(LINE, LINE._replace(scenario="Another job")))
    red = Outcome("failed", "it is made", "no analyzer")
    assert verdict_on(other, {"A job": red, "Another job": red}).caught
    half = verdict_on(other, {"A job": red, "Another job": Outcome("passed")})
    assert (half.caught, half.seen) == (False, True)
    assert not verdict_on(other, {"A job": Outcome("passed"), "Another job": Outcome("passed")}).seen


def test_only_a_case_that_caught_something_was_seen_red():
    caught = verdict_on(ENTRY, {"A job": Outcome("failed", "it is made", "no analyzer")})
    unnamed = verdict_on(ENTRY, {"A job": Outcome("failed", "it is made", "")})
    assert keys_seen_red([caught]) == {"PZ-1", "PZ-2"}
    assert keys_seen_red([unnamed]) == set()
