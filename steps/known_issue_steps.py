"""What is known to fail. The step is added to such scenarios by `environment.py`, as their last."""

from __future__ import annotations

from behave import then
from behave.runner import Context

from support.evidence import known_issues


@then("the known issue still shows")
def the_known_issue_still_shows(context: Context) -> None:
    scenario = context.scenario
    known_issues.expect_to_show(known_issues.keys_of(scenario.effective_tags), str(scenario.location))
