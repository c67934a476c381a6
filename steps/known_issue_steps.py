"""What is known to fail. The step is added to such scenarios by `environment.py`, as their last."""

from __future__ import annotations

from behave import then

from steps.scenario_state import Context
from support.evidence import known_issues
from support.runner.closing_steps import KNOWN_ISSUE_STILL_SHOWS


@then(KNOWN_ISSUE_STILL_SHOWS)
def the_known_issue_still_shows(context: Context) -> None:
    known_issues.expect_to_show(context.state.known_issues, context.state.location)
