"""How keys of issues and severities are written: as tags of the features, in the plan of test cases, in reports."""

import re

ISSUE_KEY = re.compile(r"PZ-\d+")
TEST_CASE_KEY = re.compile(r"PZ-\d{5}")
SEVERITIES = ("blocker", "critical", "normal", "minor", "trivial")
"""Allure's, the most severe first."""
