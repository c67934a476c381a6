"""Which step definition a step belongs to, found once for each text."""

from __future__ import annotations

from typing import Any


class StepLookup:
    """Takes the place of behave's step registry in a run: that one tries all definitions again for each step."""

    def __init__(self, registry: Any) -> None:
        self._registry = registry
        self._definitions: dict[tuple[str, str], Any] = {}

    def find_match(self, step: Any) -> Any:
        """The match of a step with its definition, with its arguments; None where the step is undefined."""
        known = (step.step_type, step.name)
        if known not in self._definitions:
            self._definitions[known] = self._registry.find_step_definition(step)
        definition = self._definitions[known]
        return definition and definition.match(step.name)
