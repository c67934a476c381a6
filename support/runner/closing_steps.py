"""The steps that `environment.py` adds to scenarios, so that what they check is seen in the output and the report."""

from collections.abc import Collection

NOTHING_ELSE_HAS_CHANGED = "nothing else has changed"
NOTHING_IS_LEFT_BEHIND = "nothing is left behind"
KNOWN_ISSUE_STILL_SHOWS = "the known issue still shows"
OF_EVERY_SCENARIO = (NOTHING_ELSE_HAS_CHANGED, NOTHING_IS_LEFT_BEHIND)


def closing_steps(known_issues: Collection[str]) -> tuple[str, ...]:
    """The steps that are added to a scenario for which these issues are known."""
    return (*OF_EVERY_SCENARIO, KNOWN_ISSUE_STILL_SHOWS) if known_issues else OF_EVERY_SCENARIO
