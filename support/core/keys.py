"""How keys of issues and severities are written: as tags of the features, in the plan of test cases, in reports."""

import re
from collections.abc import Iterable

ISSUE_KEY = re.compile(r"PZ-\d+")
TEST_CASE_KEY = re.compile(r"PZ-\d{5}")
SEVERITIES = ("blocker", "critical", "normal", "minor", "trivial")
"""Allure's, the most severe first."""


def severity_of(tags: Iterable[str]) -> str:
    """The severity of a scenario by its tags, the most specific last; `normal` if they name none."""
    return next((str(tag) for tag in reversed(list(tags)) if tag in SEVERITIES), "normal")
