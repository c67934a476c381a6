"""What a scenario changes in the stores, stated and unstated.

The last three are added by `environment.py`: two to every scenario, one where an issue is known.
"""

from behave import then

from steps.scenario_state import Context
from support.evidence import known_issues
from support.observers.side_effects import effects_of, stated_in
from support.runner.closing_steps import KNOWN_ISSUE_STILL_SHOWS, NOTHING_ELSE_HAS_CHANGED, NOTHING_IS_LEFT_BEHIND


@then("the side effects are")
def the_side_effects_are(context: Context) -> None:
    context.state.session.ledger.expect_effects(stated_in((row["side effect"], row["change"]) for row in context.table))


@then("the side effects are those of {jobs:JobCount}")
def the_side_effects_are_those_of(context: Context, jobs: int | None) -> None:
    count = len(context.state.jobs) if jobs is None else jobs
    context.state.session.ledger.expect_effects(effects_of(count, context.state.settings.effects_of_a_job))


@then("only the task records remain")
def only_the_task_records_remain(context: Context) -> None:
    context.state.session.ledger.expect_records_alone()


@then("what was begun is undone")
def what_was_begun_is_undone(context: Context) -> None:
    context.state.session.ledger.expect_effects({})


@then(NOTHING_ELSE_HAS_CHANGED)
def nothing_else_has_changed(context: Context) -> None:
    context.state.session.ledger.expect_nothing_else()


@then(NOTHING_IS_LEFT_BEHIND)
def nothing_is_left_behind(context: Context) -> None:
    context.state.session.leave_nothing_behind()


@then(KNOWN_ISSUE_STILL_SHOWS)
def the_known_issue_still_shows(context: Context) -> None:
    known_issues.expect_to_show(context.state.known_issues, context.state.location)
