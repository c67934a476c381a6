"""What a scenario of behave stands in: its rule, if it has one, and its feature."""

from __future__ import annotations

from typing import Any


def containers_of(scenario: Any) -> list[Any]:
    """The rule and the feature of a scenario, the innermost first; the outline that a row was made of is none."""
    container = scenario.parent.parent if scenario.parent.type == "scenario_outline" else scenario.parent
    return [container] if container.type == "feature" else [container, container.parent]


def rule_of(scenario: Any) -> Any:
    """The rule of a scenario, or None."""
    container = containers_of(scenario)[0]
    return container if container.type == "rule" else None
