"""A small checkout with a plan, features, and what behave needs to run them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from reporting.features import Feature, read_features
from reporting.plan import read_plan
from reporting.results import RunResults
from reporting.traceability import Traceability, trace
from support.runner.run_record import RunRecord, State

CHECKOUT = Path(__file__).resolve().parents[2]

PLAN = """\
key,title,area,priority,state,reason
PZ-10001,Passes,first,High,,
PZ-10002,Fails in one of two,first,Medium,,
PZ-10003,Breaks,first,Medium,,
PZ-10004,Is run in part,second,Low,,
PZ-10005,Is not run,second,Highest,,
PZ-10006,Is skipped,second,Medium,,
PZ-10007,"Comes later, <maybe>",second,Medium,planned,needs an outage
PZ-10008,Fails and breaks,first,Medium,,
PZ-10009,Fails outside of its steps,first,Medium,,
"""

FEATURES = {
    "features/jobs/one.feature": """\
@PZ-10001 @jobs
Feature: One
  Why it matters.

  Scenario: It passes
    Given this works
      | kind | change |
      | task | +1     |

  @of-the-rule
  Rule: What does not pass

    Background:
      Given the ground works

    @PZ-10002
    Scenario Outline: It <does what>
      Given the answer is <answer>

      @PZ-10008
      Examples:
        | does what | answer |
        | fails     | wrong  |

      @PZ-10004
      Examples: good
        | does what | answer |
        | works     | good   |
""",
    "features/views/two.feature": """\
@minor
Feature: Two
  @PZ-10003 @PZ-10008 @critical
  Scenario: It breaks
    Given the network is down
    Then this works

  @PZ-10004 @PZ-10005 @not_selected
  Scenario: It is not selected
    Given this works

  @PZ-10006
  Scenario: It is skipped
    Given there is no such machine

  @extra
  Scenario: The plan forgot it
    Beyond the plan: it has no case for <this> & "that".

    Given this works

  @PZ-10009 @after_fails
  Scenario: It fails in a hook
    Given this works
""",
}

# The feature's key of One stands for all of its scenarios: PZ-10001 fails with them.
VERDICTS = {
    "PZ-10001": "failed",
    "PZ-10002": "failed",
    "PZ-10003": "broken",
    "PZ-10004": "incomplete",
    "PZ-10005": "not run",
    "PZ-10006": "not run",
    "PZ-10007": "not run",
    "PZ-10008": "failed",
    "PZ-10009": "failed",
}

ENVIRONMENT = """\
from pathlib import Path
from support.evidence.allure_report import AllureReport


def before_all(context):
    context.report = AllureReport(Path("reports/runs/one/allure-results"), context.config, context._runner.features,
                                  test_case_url="https://tests.example/{key}")
    context.report.environment({"Profile": "test bench", "Version": "1.2", "Umlaut ü": "a=b \\U0001f600"})


def before_feature(context, feature):
    context.report.start_feature(feature)


def after_feature(context, feature):
    context.report.stop_feature(feature)


def before_scenario(context, scenario):
    context.report.start_scenario(scenario)


def after_scenario(context, scenario):
    try:
        assert "after_fails" not in scenario.effective_tags, "1 queue more than before"
    finally:
        context.report.stop_scenario(scenario)


def before_step(context, step):
    context.report.start_step(step)


def after_step(context, step):
    context.report.attach("server log/of the job", "said\\x1bnothing", "text")
    context.report.stop_step(step)


def after_all(context):
    context.report.close()
"""

STEPS = """\
from behave import step


@step("{anything} works")
@step("the answer is good")
def _(context, **_kwargs):
    pass


@step("the answer is wrong")
def _(context):
    assert False, "expected 1 task, seen <b>3</b> & \\x1b[31ma colour\\nlook at the record"


@step("the network is down")
def _(context):
    raise ConnectionError("connection refused")


@step("there is no such machine")
def _(context):
    context.scenario.skip("the profile has no machines")
"""


RUN = "reports/runs/one"


def leave_record(folder: Path, state: State = State.ENDED, **more: Any) -> RunRecord:
    """What a run of the suite leaves beside its results."""
    folder.mkdir(parents=True, exist_ok=True)
    known = {"started": datetime(2026, 11, 26, 17, tzinfo=UTC), "pid": 1, "profile": "test bench", "command": ()}
    record = RunRecord(name=folder.name, state=state, **(known | more))
    record.write(folder)
    return record


@dataclass(frozen=True)
class Checkout:
    root: Path

    def write(self, files: Mapping[str, str]) -> "Checkout":
        for name, text in files.items():
            (self.root / name).parent.mkdir(parents=True, exist_ok=True)
            (self.root / name).write_text(text, "utf-8")
        return self

    @property
    def features(self) -> tuple[Feature, ...]:
        return read_features(self.root)

    def traced(self, run: RunResults | None = None) -> Traceability:
        return trace(read_plan(self.root / "config/test_cases.csv", self.root), self.features, run or RunResults())
