"""The linter finds each error where it was planted, and nothing else."""

import pytest
from small_checkout import FEATURES, PLAN

from reporting.lint import lint
from reporting.results import RunResults

HEAD = "key,title,area,priority,state,reason\n"
CLEAN = HEAD + "PZ-10001,a,x,High,,\nPZ-10002,b,x,High,planned,later\n"


def problems(checkout, feature, plan=CLEAN, run=None):
    made = checkout({"features/jobs/f.feature": feature, "config/test_cases.csv": plan})
    return [str(problem) for problem in lint(made.features, made.traced(run))]


def test_the_small_checkout_is_clean(checkout):
    made = checkout({**FEATURES, "config/test_cases.csv": PLAN})
    assert lint(made.features, made.traced()) == []


def test_it_finds_the_same_before_a_run_and_after_one(checkout, traced):
    feature = "Feature: F\n  @PZ-10001\n  Scenario: S\n    Given a\n  Scenario: T\n    Given a\n"
    before, after = problems(checkout, feature), problems(checkout, feature, run=traced.run)
    assert before == after != []


@pytest.mark.parametrize(
    ("feature", "plan", "place", "said"),
    [
        pytest.param(
            "Feature: F\n  @PZ-10001\n  Scenario: S\n    Given a\n\n  @smoke\n  Scenario: T\n    Given a\n",
            CLEAN,
            "features/jobs/f.feature:7",
            "the scenario 'T' has no key",
            id="no key",
        ),
        pytest.param(
            "Feature: F\n  Scenario Outline: S <a>\n    Given <a>\n    @PZ-10001\n    Examples: one\n      | a |\n"
            "      | 1 |\n    Examples: two\n      | a |\n      | 2 |\n      | 3 |\n",
            CLEAN,
            "features/jobs/f.feature:2",
            "(examples 'two') has no key",
            id="examples without a key",
        ),
        pytest.param(
            "@PZ-10001\nFeature: F\n  Scenario: S\n    Given a\n\n  @extra\n  Scenario: T\n    Given a\n",
            CLEAN,
            "features/jobs/f.feature:7",
            "the scenario 'T' is @extra and has the key PZ-10001, too",
            id="extra with a key",
        ),
        pytest.param(
            "Feature: F\n  @PZ-10001\n  Scenario: S\n    Given a\n  @extra\n  Scenario: T\n    Since I like it.\n\n"
            "    Given a\n",
            CLEAN,
            "features/jobs/f.feature:6",
            "is @extra without a reason: say below its name `Beyond the plan:",
            id="extra without a reason",
        ),
        pytest.param(
            "Feature: F\n  @PZ-10001 @PZ-10003\n  Scenario: S\n    Given a\n",
            CLEAN,
            "features/jobs/f.feature:2",
            "the plan has no case PZ-10003",
            id="unknown key",
        ),
        *(
            pytest.param(
                f"Feature: F\n  @smoke\n  @PZ-10001 @{tag}\n  Scenario: S\n    Given a\n",
                CLEAN,
                "features/jobs/f.feature:3",
                f"the tag @{tag} is no key",
                id=tag,
            )
            for tag in (
                "PZ-1000",
                "PZ-100011",
                "pz-10001",
                "PZ10001",
                "PZ_10001",
                "10001",
                "ZP-14000",
                "P-14090",
                "key:PZ-14090",
            )
        ),
        *(
            pytest.param(
                f"Feature: F\n  @smoke\n  @PZ-10001 @{tag}\n  Scenario: S\n    Given a\n",
                CLEAN,
                "features/jobs/f.feature:3",
                f"the tag @{tag} names no known issue",
                id=tag,
            )
            for tag in (
                "known-issue",
                "known-issue:PZ14",
                "known-issue:later",
                "known_issue:PZ-3",
                "KnownIssue:PZ-3",
                "known-issue:ZP-14090",
                "Known-Issue:PZ-14090",
            )
        ),
        *(
            pytest.param(
                f"@PZ-10001\nFeature: F\n  Scenario: S\n    Given a\n{rule}  Scenario Outline: T <a>\n    Given <a>\n"
                f"{examples}",
                CLEAN,
                f"features/jobs/f.feature:{line}",
                "the outline 'T <a>' has no examples, so it is never run",
                id=f"an outline with {kind} {where}",
            )
            for where, rule, line in (("outside of a rule", "", 5), ("in a rule", "  Rule: R\n", 6))
            for kind, examples in (
                ("no examples", ""),
                ("no table", "    Examples:\n"),
                ("no row", "    Examples:\n      | a |\n"),
            )
        ),
        pytest.param(
            "Feature: F\n  @PZ-10001\n  Scenario: S\n    Given a\n",
            HEAD + "PZ-10001,a,x,High,,\nPZ-10002,b,x,High,,\n",
            "config/test_cases.csv:3",
            "PZ-10002 is shown by no scenario",
            id="neither automated nor explained",
        ),
        pytest.param(
            "Feature: F\n  @PZ-10001\n  Scenario: S\n    Given a\n",
            HEAD + "PZ-10001,a,x,High,,\nPZ-10002,b,x,High,planned,\n",
            "config/test_cases.csv:3",
            "PZ-10002 is shown by no scenario",
            id="a state without a reason",
        ),
        pytest.param(
            "Feature: F\n  @PZ-10001 @PZ-10002\n  Scenario: S\n    Given a\n",
            CLEAN,
            "config/test_cases.csv:3",
            "PZ-10002 is excused (planned), and shown by features/jobs/f.feature:3",
            id="both automated and excused",
        ),
        pytest.param(
            "Feature: F\n  @PZ-10001 @PZ-10002\n  Scenario: S\n    Given a\n",
            HEAD + "PZ-10001,a,x,High,,\nPZ-10002,b,x,High,,it was open once\n",
            "config/test_cases.csv:3",
            "PZ-10002 is excused (it was open once), and shown by",
            id="automated, with a reason that stayed",
        ),
        pytest.param(
            "@PZ-10001\nFeature: F\n  Scenario: S\n    Given a\n  Rule: R\n    Scenario: S\n      Given b\n",
            CLEAN,
            "features/jobs/f.feature:6",
            "the feature has another scenario 'S', in line 3",
            id="one name twice",
        ),
    ],
)
def test_each_error_is_found_with_its_file_and_line(checkout, feature, plan, place, said):
    (problem,) = problems(checkout, feature, plan)
    assert problem.startswith(f"{place}: ")
    assert said in problem


@pytest.mark.parametrize(
    "tag", ["PZ-10001", "pzazz", "smoke", "known-issue:PZ-777", "known-issue:PZ-14090", "epic:Life_of_12345"]
)
def test_other_tags_are_left_alone(checkout, tag):
    assert problems(checkout, f"Feature: F\n  @PZ-10001 @{tag}\n  Scenario: S\n    Given a\n") == []


def test_one_name_in_two_features_is_no_error(checkout):
    checkout({"features/jobs/g.feature": "@PZ-10001\nFeature: G\n  Scenario: S\n    Given a\n"})
    assert problems(checkout, "@PZ-10001\nFeature: F\n  Scenario: S\n    Given a\n", run=RunResults()) == []
