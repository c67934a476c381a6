"""What a scenario of behave stands in: its rule, if it has one, and its feature; and how scenarios are taken out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any


def containers_of(scenario: Any) -> list[Any]:
    """The rule and the feature of a scenario, the innermost first; the outline that a row was made of is none."""
    container = scenario.parent.parent if scenario.parent.type == "scenario_outline" else scenario.parent
    return [container] if container.type == "feature" else [container, container.parent]


def rule_of(scenario: Any) -> Any:
    """The rule of a scenario, or None."""
    container = containers_of(scenario)[0]
    return container if container.type == "rule" else None


def keep_where(belongs: Callable[[Any], bool], features: list[Any]) -> None:
    """Take all other scenarios out of behave's features, and the features of which nothing remains."""
    for feature in features:
        _thin_out(feature, belongs)
    features[:] = [feature for feature in features if feature.run_items]


def _thin_out(container: Any, belongs: Callable[[Any], bool]) -> None:
    """Take what does not belong there out of a feature or rule; behave keeps its contents in several lists."""
    remaining = []
    for item in container.run_items:
        if item.type == "rule":
            _thin_out(item, belongs)
            stays = bool(item.run_items)
        elif item.type == "scenario_outline":
            item._scenarios = [scenario for scenario in item.scenarios if belongs(scenario)]
            stays = bool(item._scenarios)
        else:
            stays = belongs(item)
        if stays:
            remaining.append(item)
    container.run_items = remaining
    container.scenarios = [item for item in remaining if item.type != "rule"]
    if container.type == "feature":
        container.rules = [item for item in remaining if item.type == "rule"]
